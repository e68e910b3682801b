//! Flags of the engines' options, made of the one definition that each option has.

use crate::registry;
use clap::error::Error;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use std::collections::BTreeMap;
use stream::{OptionKind, OptionSpec};

/// What was set for the engine: `--set name=value`, and a flag for each option. Later ones win over
/// earlier ones of the same spelling, flags over `--set`.
#[derive(Debug, Clone, Default)]
pub(crate) struct EngineOptions(pub(crate) Vec<(String, String)>);

/// Of the argument, so that no option can be taken for another flag of the verb.
const PREFIX: &str = "engine-option-";
const SET: &str = "engine-option";

/// All options that may stand on a command line, by name, with the engines that have them. A secret
/// could be read by every user of the host there.
fn options() -> BTreeMap<&'static str, Vec<(&'static str, &'static OptionSpec)>> {
    let mut options: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for engine in registry::all() {
        let descriptor = engine.descriptor();
        for spec in descriptor.options.iter().filter(|spec| spec.kind != OptionKind::Secret) {
            options.entry(spec.name).or_default().push((descriptor.name, spec));
        }
    }
    options
}

impl Args for EngineOptions {
    fn augment_args(command: Command) -> Command {
        let set = Arg::new(SET)
            .long("set")
            .value_name("NAME=VALUE")
            .action(ArgAction::Append)
            .value_parser(super::pair)
            .help("An option of the engine by its name or an alias; may be repeated")
            .long_help(
                "An option of the engine by its name or an alias; may be repeated. \
                 `seawall config show URL` lists them with their values",
            );
        options()
            .into_iter()
            .fold(command.arg(set), |command, (name, of)| command.arg(flag(name, &of)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn flag(name: &'static str, of: &[(&'static str, &'static OptionSpec)]) -> Arg {
    let engines: Vec<&str> = of.iter().map(|(engine, _)| *engine).collect();
    let heading = match engines.as_slice() {
        [one] => format!("Options of {one}"),
        several => format!("Options of {}", several.join(", ")),
    };
    let texts: Vec<String> = match of {
        [(_, spec)] => vec![help(spec)],
        several => {
            several.iter().map(|(engine, spec)| format!("{engine}: {}", help(spec))).collect()
        }
    };
    let flag = Arg::new(format!("{PREFIX}{name}"))
        .long(name.replace('_', "-"))
        .help(texts.join(" "))
        .help_heading(heading)
        .hide_short_help(true)
        .action(ArgAction::Append);
    // Where all engines have a flag of the name, its value may be left out.
    match of.iter().all(|(_, spec)| spec.kind == OptionKind::Flag) {
        true => flag
            .value_name("true|false")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        false => flag.value_name(value_name(of[0].1)),
    }
}

fn value_name(spec: &OptionSpec) -> String {
    match spec.kind {
        OptionKind::Text | OptionKind::Secret => "TEXT".to_owned(),
        OptionKind::List => "TEXT,…".to_owned(),
        OptionKind::Path => "PATH".to_owned(),
        OptionKind::Flag => "true|false".to_owned(),
        OptionKind::Count => "N".to_owned(),
        OptionKind::Seconds => "DURATION".to_owned(),
        OptionKind::Bytes => "SIZE".to_owned(),
        OptionKind::Choice(choices) => choices.join("|"),
    }
}

/// The option's sentence, with its range and default.
fn help(spec: &OptionSpec) -> String {
    let mut text = spec.text.to_owned();
    if let Some((least, largest)) = spec.range {
        text.push_str(&format!(" From {least} to {largest}."));
    }
    if let Some(default) = spec.default {
        text.push_str(&format!(" [default: {default}]"));
    }
    text
}

impl FromArgMatches for EngineOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut set: Vec<(String, String)> =
            matches.get_many::<(String, String)>(SET).into_iter().flatten().cloned().collect();
        for name in options().into_keys() {
            let values = matches.get_many::<String>(&format!("{PREFIX}{name}"));
            let values = values.into_iter().flatten();
            set.extend(values.map(|value| (name.to_owned(), value.clone())));
        }
        Ok(Self(set))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::args::Arguments;
    use clap::{CommandFactory, Parser};

    #[test]
    fn no_option_of_an_engine_is_called_like_another_flag() {
        // It panics where two arguments have one name.
        Arguments::command().debug_assert();
    }

    #[cfg(feature = "postgresql")]
    #[test]
    fn flags_and_sets_are_the_same() {
        let words =
            "seawall backup postgresql:///x --repo /r --set user=a --start-fast=false --user b";
        let arguments = Arguments::try_parse_from(words.split(' ')).unwrap();
        let crate::args::Verb::Backup(backup) = arguments.verb else { panic!() };
        let wanted = [("user", "a"), ("start_fast", "false"), ("user", "b")];
        let wanted = wanted.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(backup.source.options.0, wanted);
    }
}
