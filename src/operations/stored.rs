//! What a repository holds of a target: its units, its backups, the backup that a word names.

use crate::config::Settings;
use crate::registry;
use errors::{Error, Kind, Result};
use repository::{LinkDocument, Repository, UnitStore};
use std::collections::BTreeSet;
use stream::{Engine, JobId, Link, LinkName, TargetName, UnitPattern, unit_label};

/// The target that is named, or the only one of the repository.
///
/// # Errors
/// `not-found`: the repository holds nothing of it; `usage`: several have backups and none is named.
pub(crate) fn target(settings: &Settings, repository: &Repository) -> Result<TargetName> {
    let targets = repository.targets()?;
    let names: Vec<&str> = targets.iter().map(TargetName::as_str).collect();
    let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let hint = format!("Targets in this repository: {known}.");
    match (&settings.target, targets.as_slice()) {
        (Some(target), _) if targets.contains(target) => Ok(target.clone()),
        (Some(target), _) => {
            Err(Error::new(Kind::NotFound, format!("the repository holds nothing of {target}"))
                .hint(hint))
        }
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err(Error::new(Kind::NotFound, "the repository holds no backups yet")),
        (None, _) => Err(Error::new(Kind::Usage, "several targets: name one").hint(hint)),
    }
}

/// The units of a target that the repository holds and that fit the patterns.
///
/// # Errors
/// `not-found`: a pattern fits nothing; the repository cannot be read.
pub(crate) fn stores(
    repository: &Repository,
    target: &TargetName,
    patterns: &[UnitPattern],
) -> Result<Vec<UnitStore>> {
    stream::choose_units(repository.units(target)?, patterns, UnitStore::unit)
}

/// The one unit that is meant.
///
/// # Errors
/// As [`stores`]; `usage`: there are several, and more than one fits.
pub(crate) fn store(
    repository: &Repository,
    target: &TargetName,
    patterns: &[UnitPattern],
) -> Result<UnitStore> {
    let mut stores = stores(repository, target, patterns)?;
    match (stores.pop(), stores.is_empty()) {
        (Some(store), true) => Ok(store),
        (None, _) => Err(Error::new(Kind::NotFound, format!("there are no backups of {target}"))),
        (Some(last), false) => {
            let names = stores.iter().chain([&last]).map(label).collect::<Vec<_>>();
            Err(Error::new(Kind::Usage, format!("{target} has several units: name one"))
                .hint(format!("Its units: {}.", names.join(", "))))
        }
    }
}

/// How people call a unit.
pub(crate) fn label(store: &UnitStore) -> String {
    unit_label(store.target(), store.unit())
}

/// The backup that a word names: `latest`, a job's number, or `<from>_<to>_<jobid>`.
///
/// # Errors
/// `not-found`.
pub(crate) fn find_backup(store: &UnitStore, word: &str) -> Result<LinkName> {
    let names = store.link_names()?;
    let job = word.parse::<u64>().ok().map(JobId::new);
    let fits = |name: &&LinkName| Some(name.job) == job || name.to_string() == word;
    let found = if word == "latest" { names.last() } else { names.iter().find(fits) };
    found.copied().ok_or_else(|| {
        Error::new(Kind::NotFound, format!("there is no backup {word:?} of {}", label(store)))
            .hint("`seawall list` shows what is there.")
    })
}

/// The engine of a unit's backups: the one that is named, the one of the backup that is asked for, or
/// the only one.
///
/// # Errors
/// `not-found`: there are no backups; `usage`: there are backups of several engines.
pub(crate) fn engine(
    settings: &Settings,
    documents: &[LinkDocument],
    chosen: Option<LinkName>,
) -> Result<&'static dyn Engine> {
    if let Some((engine, _)) = &settings.engine {
        return Ok(*engine);
    }
    let is_chosen = |link: &&Link| Some(link.name()) == chosen;
    if let Some(link) = documents.iter().map(|document| &document.link).find(is_chosen) {
        return registry::by_name(&link.engine);
    }
    let names: BTreeSet<&str> =
        documents.iter().map(|document| document.link.engine.as_str()).collect();
    match names.into_iter().collect::<Vec<_>>().as_slice() {
        [] => Err(Error::new(Kind::NotFound, "there are no backups")),
        [only] => registry::by_name(only),
        several => {
            let text = format!("there are backups of several engines: {}", several.join(", "));
            Err(Error::new(Kind::Usage, text).hint("Name one: --engine NAME, or --backup."))
        }
    }
}

/// The engine whose log a unit has. A target may have log before it has a backup: then it is that of
/// the engine that keeps log in files.
///
/// # Errors
/// As [`engine`].
pub(crate) fn engine_of_log(settings: &Settings, store: &UnitStore) -> Result<&'static dyn Engine> {
    let documents = store.links()?;
    match documents.is_empty() && settings.engine.is_none() {
        true => registry::all()
            .iter()
            .copied()
            .find(|engine| !engine.descriptor().log_rules.is_empty())
            .ok_or_else(|| Error::new(Kind::NotFound, "no engine of this program keeps log")),
        false => {
            engine(settings, &documents, documents.last().map(|document| document.link.name()))
        }
    }
}
