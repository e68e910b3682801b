//! Which keys may stand in which section.

use super::file::{ConfigFiles, Section, bad, place_of, suggest};
use super::general::GENERAL;
use crate::registry;
use errors::Result;
use repository::storage::driver_of;
use stream::{OptionKind, OptionSpec};

/// Every key of every section must be an option that belongs there.
pub(crate) fn check_sections(files: &ConfigFiles) -> Result<()> {
    let general = || GENERAL.iter().map(|spec| spec.name);
    check_keys(&files.global, general())?;
    check_lists(&files.global, &[])?;
    for section in files.repos.values() {
        // Where no driver knows the place, whoever opens it is told.
        let driver = place_of(section).and_then(|place| driver_of(&place).ok());
        let specs = driver.map(|driver| driver.options).unwrap_or_default();
        let own = specs.iter().flat_map(|spec| std::iter::once(&spec.name).chain(spec.aliases));
        let general = general().filter(|name| *name != "repo");
        check_keys(section, general.chain(["path", "url"]).chain(own.copied()))?;
        check_lists(section, specs)?;
    }
    for section in files.targets.values() {
        let engine = match (section.get("engine"), section.get("url")) {
            (Some(name), _) => Some(registry::by_name(&name.value)?),
            (None, Some(url)) => Some(registry::by_url(&url.value)?),
            (None, None) => None,
        };
        let specs = engine.map(|engine| engine.descriptor().options).unwrap_or_default();
        let of_engine =
            specs.iter().flat_map(|spec| std::iter::once(&spec.name).chain(spec.aliases));
        check_keys(section, general().chain(["url", "engine"]).chain(of_engine.copied()))?;
        check_lists(section, specs)?;
    }
    Ok(())
}

fn check_keys<'a>(section: &Section, known: impl Iterator<Item = &'a str>) -> Result<()> {
    let known: Vec<&str> = known.collect();
    match section.iter().find(|(key, _)| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some((key, entry)) => Err(bad(&entry.path, entry.line, &format!("unknown key {key:?}"))
            .hint(suggest(key, known.into_iter()))),
    }
}

/// Only an option that is a list may be written as one.
fn check_lists(section: &Section, specs: &[OptionSpec]) -> Result<()> {
    let is_list = |key: &str| {
        let mut named = specs.iter().filter(|spec| spec.name == key || spec.aliases.contains(&key));
        named.any(|spec| spec.kind == OptionKind::List)
    };
    match section.iter().find(|(key, entry)| entry.is_list && !is_list(key)) {
        None => Ok(()),
        Some((key, entry)) => {
            let what = format!("{key} must be text, a number, or true or false");
            Err(bad(&entry.path, entry.line, &what))
        }
    }
}
