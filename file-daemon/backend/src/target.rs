//! Which engine a plugin line means, with which options.

use crate::line;
use errors::{Error, Kind, Result};
use formats::PluginLine;
use formats::plugin_line::{Origin, Pair};
use std::path::{Path, PathBuf};
use stream::{Engine, OptionKind, Options, RecoveryRequest, TargetName, UnitPattern};
use system::Secret;

/// Options of a line that belong to no engine.
const OWN: &[&str] =
    &["target", "engine", "url", "unit", "without_parent", "defaults_file", "overrides_file"];

/// What the command knows: engines and configuration.
pub trait Host {
    /// The names of the configured targets.
    ///
    /// # Errors
    /// The configuration cannot be read.
    fn targets(&self) -> Result<Vec<String>>;

    /// An engine by its name.
    ///
    /// # Errors
    /// There is none in this program.
    fn engine(&self, name: &str) -> Result<&'static dyn Engine>;

    /// The engine of what is wanted, before its options are known.
    ///
    /// # Errors
    /// Nothing names one, or the configuration cannot be read.
    fn engine_of(&self, wanted: &Wanted) -> Result<&'static dyn Engine>;

    /// Merges what is wanted with the configuration.
    ///
    /// # Errors
    /// An option is not valid.
    fn target(&self, wanted: &Wanted) -> Result<Target>;

    /// Where relative paths of a line begin.
    fn configuration_dir(&self) -> PathBuf;

    /// Reads where a recovery shall end.
    ///
    /// # Errors
    /// It cannot be read.
    fn point_in_time(&self, engine: &dyn Engine, point: &PointInTime) -> Result<RecoveryRequest>;
}

/// What a line names.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// A target of the configuration, or the name under which backups are kept.
    pub target: Option<String>,
    /// The server.
    pub url: Option<String>,
    /// An engine's name.
    pub engine: Option<String>,
    /// Options of the engine. They may be secret, so nobody prints them.
    pub options: Vec<(String, Secret)>,
}

/// Where a recovery shall end, in the operator's words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PointInTime {
    /// A time with its offset, or `latest`.
    pub time: Option<String>,
    /// A position of the log.
    pub position: Option<String>,
    /// A transaction.
    pub transaction: Option<String>,
    /// A named restore point.
    pub name: Option<String>,
    /// As soon as the data is consistent.
    pub immediate: bool,
    /// The history to follow.
    pub timeline: Option<String>,
    /// `pause`, `promote`, `shutdown`.
    pub action: Option<String>,
    /// Stop before what lies exactly at the target.
    pub exclusive: bool,
}

/// A target, merged.
pub struct Target {
    /// Its engine.
    pub engine: &'static dyn Engine,
    /// The engine's options.
    pub options: Options,
    /// The name under which its backups are kept.
    pub name: TargetName,
    /// Whether a plugin line may hold a password.
    pub allow_inline_secrets: bool,
    /// Where this host keeps state; below the daemon's working directory by default.
    pub state_dir: Option<PathBuf>,
}

/// What a line asks for.
pub(crate) struct Chosen {
    pub(crate) target: Target,
    /// Which of its units; none: all of them.
    pub(crate) units: Vec<UnitPattern>,
    /// A missing parent fails the job.
    pub(crate) needs_parent: bool,
}

/// Reads a plugin line against the configuration.
///
/// # Errors
/// `config`: an unknown or malformed option, a secret where none may stand.
pub(crate) fn choose(mut line: PluginLine, host: &dyn Host) -> Result<Chosen> {
    for warning in &line.warnings {
        tracing::warn!("{warning}");
    }
    let mut wanted = Wanted {
        target: plain(&mut line, "target"),
        url: plain(&mut line, "url"),
        engine: plain(&mut line, "engine"),
        options: Vec::new(),
    };
    let units = patterns(&plain(&mut line, "unit").unwrap_or_default())?;
    let engine = host.engine_of(&wanted).map_err(|error| error.context("read the plugin line"))?;
    let options = Options::new(engine.descriptor().options);
    line.resolve(|name| options.spec(name).map(|spec| spec.name))
        .map_err(|error| line::refused(&error))?;
    let needs_parent = needs_parent(&mut line, &options)?;
    let inline = check(&line, engine, &options)?;
    let secret = |pair: Pair| (pair.name, Secret::new(pair.value.expose()));
    wanted.options = line.pairs.into_iter().map(secret).collect();
    let target = host.target(&wanted).map_err(|error| error.context("read the plugin line"))?;
    refuse_inline(inline, &target)?;
    Ok(Chosen { target, units, needs_parent })
}

/// The line of an asked job, with the files that it names.
///
/// # Errors
/// `config`, `io`.
pub(crate) fn read(text: &str, host: &dyn Host) -> Result<PluginLine> {
    line::read(text, &host.configuration_dir())
}

/// Where this host keeps the state of jobs.
pub(crate) fn state_dir(target: &Target, working_dir: &Path) -> PathBuf {
    target.state_dir.clone().unwrap_or_else(|| working_dir.join("seawall"))
}

/// Takes out an option whose value is not secret.
pub(crate) fn plain(line: &mut PluginLine, name: &str) -> Option<String> {
    line.take(name).map(|pair| pair.value.expose().to_owned())
}

/// Patterns of units, separated by commas; one that belongs to a name stands behind a backslash.
fn patterns(text: &str) -> Result<Vec<UnitPattern>> {
    let mut parts = vec![String::new()];
    let mut is_escaped = false;
    for letter in text.chars() {
        if letter == ',' && !is_escaped {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    let read = |part: &str| {
        part.parse().map_err(|why: String| {
            Error::new(Kind::Config, format!("plugin line: option unit: {why}"))
        })
    };
    parts.map(read).collect()
}

/// Engines that find a parent themselves have an option of this name.
fn needs_parent(line: &mut PluginLine, options: &Options) -> Result<bool> {
    if options.spec("without_parent").is_some() {
        return Ok(false);
    }
    match plain(line, "without_parent").as_deref() {
        None | Some("full") => Ok(false),
        Some("fail") => Ok(true),
        Some(other) => Err(Error::new(
            Kind::Config,
            format!(
                "plugin line: option without_parent is {other:?}, but must be one of full, fail"
            ),
        )),
    }
}

/// Every option must be known. Answers the first that is secret and stands in the line itself.
fn check(line: &PluginLine, engine: &dyn Engine, options: &Options) -> Result<Option<String>> {
    if let Some(pair) = line.pairs.iter().find(|pair| options.spec(&pair.name).is_none()) {
        let known =
            engine.descriptor().options.iter().map(|spec| spec.name).chain(OWN.iter().copied());
        let known: Vec<&str> = known.collect();
        let text = format!("{}: unknown option {:?}", pair.origin, pair.name);
        return Err(Error::new(Kind::Config, text).hint(format!(
            "Known options of {}: {}.",
            engine.descriptor().name,
            known.join(", ")
        )));
    }
    let is_inline = |pair: &&Pair| {
        let is_secret =
            options.spec(&pair.name).is_some_and(|spec| spec.kind == OptionKind::Secret);
        is_secret && pair.origin == Origin::Line
    };
    Ok(line.pairs.iter().find(is_inline).map(|pair| pair.name.clone()))
}

/// The daemon writes the whole line to its volumes and into its catalogue.
fn refuse_inline(name: Option<String>, target: &Target) -> Result<()> {
    let Some(name) = name else { return Ok(()) };
    let hint = "Put it into a file that overrides_file or password_file names, or into Seawall's configuration.";
    if !target.allow_inline_secrets {
        let text = format!("the plugin line holds {name}, and allow_inline_secrets is false");
        return Err(Error::new(Kind::Config, text).hint(hint));
    }
    tracing::warn!(
        "the plugin line holds {name}: everybody who reads volumes or catalogue has it. {hint}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_units_are_separated_by_commas() {
        for (text, wanted) in [
            ("", &[][..]),
            ("sales", &["sales"]),
            ("sales, customer_*,,", &["sales", "customer_*"]),
            (r"dc=example\,dc=com,x", &[r"dc=example\,dc=com", "x"]),
            (r"a\\,b", &[r"a\\", "b"]),
        ] {
            let parsed = patterns(text).unwrap();
            let printed: Vec<String> = parsed.iter().map(ToString::to_string).collect();
            assert_eq!(printed, wanted, "{text}");
        }
        assert!(patterns(r"dc=example\,dc=com").unwrap()[0].matches("dc=example,dc=com"));
        assert_eq!(patterns("a,[b").unwrap_err().kind(), Kind::Config);
    }
}
