//! Where the value of an option may come from, each with the words that tell of it.

use super::file::{Entry, Section};
use std::collections::BTreeMap;
use stream::{OptionKind, OptionSpec, Options};

/// The environment, read once.
pub(crate) type Environment = BTreeMap<String, String>;

/// A value that somebody set, and who.
pub(super) type Found = Option<(String, String)>;

pub(super) fn from_env(env: &Environment, spec: &OptionSpec) -> Found {
    let name = format!("SEAWALL_{}", spec.name.to_ascii_uppercase());
    env.get(&name).map(|value| (value.clone(), format!("environment, {name}")))
}

pub(super) fn from_native_env(env: &Environment, spec: &OptionSpec) -> Found {
    let name = spec.native_env?;
    env.get(name)
        .filter(|value| !value.is_empty())
        .map(|value| (value.clone(), format!("environment, {name}")))
}

pub(super) fn from_section(section: &Section, spec: &OptionSpec) -> Found {
    let names = std::iter::once(&spec.name).chain(spec.aliases);
    names.filter_map(|name| section.get(*name)).next().map(|entry| {
        let Entry { value, path, line, .. } = entry;
        (value.clone(), format!("{}:{line}", path.display()))
    })
}

pub(super) fn pick(
    options: &Options,
    spec: &OptionSpec,
    pairs: &[(String, String)],
    origin: &str,
) -> Found {
    let mut fitting = pairs
        .iter()
        .filter(|(name, _)| options.spec(name).is_some_and(|of| of.name == spec.name))
        .map(|(_, value)| value.clone());
    // The last one wins, as on every command line; a list is all of them.
    let value = match spec.kind {
        OptionKind::List => fitting.reduce(|all, value| format!("{all},{value}")),
        _ => fitting.next_back(),
    };
    value.map(|value| (value, origin.to_owned()))
}
