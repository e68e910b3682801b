//! A repository: made once, recognised before anything is done with it.

use crate::document;
use crate::keys::{self, UnitKeys};
use crate::storage::{Created, Storage, driver_of};
use crate::unit::UnitStore;
use chrono::{DateTime, Utc};
use errors::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use stream::{EncodedUnit, LogScope, Options, TargetName, UnitName};
use system::failpoint::REPOSITORY;
use uuid::Uuid;

const KIND: &str = "repository";

/// The content of `seawall.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryInfo {
    /// Random; links carry it.
    pub id: Uuid,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Fingerprints of the keys that open it; none: it is not encrypted.
    pub recipients: Vec<String>,
}

/// A recognised repository.
#[derive(Clone)]
pub struct Repository {
    storage: Arc<dyn Storage>,
    info: RepositoryInfo,
}

impl Repository {
    /// The storage that a location means, with the driver's options as they are by default.
    ///
    /// # Errors
    /// `usage`: there is no driver for the location; the driver's own.
    pub fn storage(location: &str) -> Result<Arc<dyn Storage>> {
        let driver = driver_of(location)?;
        (driver.open)(location, &Options::new(driver.options))
    }

    /// Makes a repository in an empty place.
    ///
    /// # Errors
    /// `exists` when something is there already.
    pub fn init(storage: Arc<dyn Storage>) -> Result<Self> {
        storage.prepare()?;
        let info =
            RepositoryInfo { id: Uuid::new_v4(), created_at: Utc::now(), recipients: Vec::new() };
        let key = keys::repository();
        match document::write(storage.as_ref(), &key, REPOSITORY, KIND, &info)? {
            Created::New => Ok(Self { storage, info }),
            Created::Exists => Err(Error::new(
                Kind::Exists,
                format!("{} is a repository already", storage.describe()),
            )),
        }
    }

    /// Recognises a repository.
    ///
    /// # Errors
    /// `repository-missing`; or its document is damaged or too new.
    pub fn open(storage: Arc<dyn Storage>) -> Result<Self> {
        let info = document::read::<RepositoryInfo>(storage.as_ref(), &keys::repository(), KIND)?
            .ok_or_else(|| {
            let place = storage.describe();
            Error::new(Kind::RepositoryMissing, format!("there is no repository at {place}"))
                .hint("Is the disk mounted?")
                .hint(format!("`seawall init --repo {place}` makes a new one."))
        })?;
        Ok(Self { storage, info })
    }

    /// What `seawall.json` says.
    #[must_use]
    pub fn info(&self) -> &RepositoryInfo {
        &self.info
    }

    /// Where the repository lies.
    #[must_use]
    pub fn describe(&self) -> String {
        self.storage.describe()
    }

    pub(crate) fn store(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// Bytes that can still be written, where the storage knows.
    ///
    /// # Errors
    /// The storage cannot be asked.
    pub fn free_bytes(&self) -> Result<Option<u64>> {
        self.storage.free_bytes()
    }

    /// The targets that have something in the repository, sorted.
    ///
    /// # Errors
    /// The storage cannot be read.
    pub fn targets(&self) -> Result<Vec<TargetName>> {
        let listed = self.storage.list(&keys::targets())?;
        Ok(listed.into_iter().filter_map(|entry| TargetName::new(entry.name).ok()).collect())
    }

    /// The units that a target has in the repository: the target as a whole where it is not cut into
    /// units, or has backups as a whole beside them.
    ///
    /// # Errors
    /// The storage cannot be read.
    pub fn units(&self, target: &TargetName) -> Result<Vec<UnitStore>> {
        let listed = self.storage.list(&keys::target(target))?;
        let is_whole = listed.iter().any(|entry| matches!(entry.name.as_str(), "links" | "jobs"));
        let mut stores = Vec::new();
        for found in units_below(self.storage.as_ref(), target)? {
            match found {
                Ok(unit) => stores.push(self.stored_unit(target, &unit)?),
                Err(error) => tracing::warn!("a unit is passed over: {}", error.line()),
            }
        }
        stores.sort_by(|one, other| one.unit.cmp(&other.unit));
        if is_whole || stores.is_empty() {
            stores.insert(0, self.unit(target, None, LogScope::Target));
        }
        Ok(stores)
    }

    /// A unit as it is stored: with a log of its own, where it has one.
    fn stored_unit(&self, target: &TargetName, unit: &UnitName) -> Result<UnitStore> {
        let own = self.unit(target, Some(unit), LogScope::Unit);
        let listed = self.storage.list(own.keys.base())?;
        match listed.iter().any(|entry| matches!(entry.name.as_str(), "log" | "lineages")) {
            true => Ok(own),
            false => Ok(own.with_log(LogScope::Target)),
        }
    }

    /// The part of the repository that belongs to one unit of a target.
    #[must_use]
    pub fn unit(&self, target: &TargetName, unit: Option<&UnitName>, scope: LogScope) -> UnitStore {
        UnitStore {
            storage: Arc::clone(&self.storage),
            keys: UnitKeys::new(target, unit, scope),
            target: target.clone(),
            unit: unit.cloned(),
            repository: self.info.id,
        }
    }
}

/// The full names of the units of a target, each from its directory; where the directory's name is cut,
/// one of its objects tells it. An error in place of a name: a directory whose unit cannot be told.
/// Directories without an object are those of jobs that are about to begin, or were killed.
///
/// # Errors
/// The storage cannot be read.
pub(crate) fn units_below(
    storage: &dyn Storage,
    target: &TargetName,
) -> Result<Vec<Result<UnitName>>> {
    let mut found = Vec::new();
    for entry in storage.list(&keys::target(target))? {
        match keys::unit_of(target, &entry.name) {
            None => {}
            Some(Err(error)) => found.push(Err(error)),
            Some(Ok(encoded)) => match name_of(storage, target, &encoded) {
                Ok(name) => found.extend(name.map(Ok)),
                Err(error) if error.kind() == Kind::Manifest => found.push(Err(error)),
                Err(error) => return Err(error),
            },
        }
    }
    Ok(found)
}

fn name_of(
    storage: &dyn Storage,
    target: &TargetName,
    encoded: &EncodedUnit,
) -> Result<Option<UnitName>> {
    if let Some(name) = encoded.name() {
        return Ok(Some(name));
    }
    match UnitStore::stored_name(storage, target, encoded)? {
        Some(name) if name.encoded() != *encoded => Err(Error::new(
            Kind::Manifest,
            format!("{target}/@{encoded} holds the unit {name}, which belongs elsewhere"),
        )),
        name => Ok(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Posix;

    #[test]
    fn a_repository_is_made_once_and_recognised() {
        let dir = tempfile::tempdir().unwrap();
        let place = || -> Arc<dyn Storage> { Arc::new(Posix::new(dir.path().join("r"))) };
        assert_eq!(Repository::open(place()).err().unwrap().kind(), Kind::RepositoryMissing);
        let made = Repository::init(place()).unwrap();
        assert_eq!(Repository::init(place()).err().unwrap().kind(), Kind::Exists);
        assert_eq!(Repository::open(place()).unwrap().info(), made.info());
    }
}
