//! The part of a repository that belongs to one unit of a target: its links.

use crate::claim_info::{self, ClaimInfo};
use crate::document;
use crate::keys::UnitKeys;
use crate::log::LogStore;
use crate::storage::{Created, Key, Storage};
use crate::stored::StoredObject;
use errors::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use stream::{
    EncodedUnit, FORMAT_VERSION, JobId, Link, LinkName, LogScope, TargetName, UnitName, unit_label,
};
use system::failpoint::LINK;
use uuid::Uuid;

const KIND: &str = "link";

/// One unit of one target in a repository.
#[derive(Clone)]
pub struct UnitStore {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) keys: UnitKeys,
    pub(crate) target: TargetName,
    pub(crate) unit: Option<UnitName>,
    pub(crate) repository: Uuid,
}

/// What is stored under a link's name: the link, and every object it needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkDocument {
    /// The repository it was written in; a copied link keeps its own.
    pub repository: Uuid,
    /// The link.
    pub link: Link,
    /// Volumes and rows, in the order of their numbers.
    pub volumes: Vec<StoredVolume>,
}

/// A volume and its rows, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredVolume {
    /// 1 for `000001`.
    pub number: u32,
    /// Members of the tar.
    pub members: u64,
    /// Plain bytes of the members' bodies.
    pub plain_bytes: u64,
    /// The volume.
    pub volume: StoredObject,
    /// Its rows.
    pub rows: StoredObject,
}

impl LinkDocument {
    /// Bytes of all objects as stored.
    #[must_use]
    pub fn stored_bytes(&self) -> u64 {
        self.volumes.iter().map(|volume| volume.volume.bytes + volume.rows.bytes).sum()
    }
}

/// The unit of a document that was read. What is damaged is kept, and another document asked.
fn named(
    key: &Key,
    unit: Result<Option<Option<UnitName>>>,
    damage: &mut Option<Error>,
) -> Result<Option<UnitName>> {
    let error = match unit {
        Ok(Some(Some(unit))) => return Ok(Some(unit)),
        // Removed while we looked.
        Ok(None) => return Ok(None),
        Ok(Some(None)) => Error::new(Kind::Manifest, format!("{key} is of no unit")),
        Err(error) if error.kind() == Kind::Manifest => error,
        Err(error) => return Err(error),
    };
    damage.get_or_insert(error);
    Ok(None)
}

impl UnitStore {
    /// The target.
    #[must_use]
    pub fn target(&self) -> &TargetName {
        &self.target
    }

    /// The unit, where the target has several.
    #[must_use]
    pub fn unit(&self) -> Option<&UnitName> {
        self.unit.as_ref()
    }

    /// The same unit, whose log lies elsewhere.
    #[must_use]
    pub fn with_log(self, scope: LogScope) -> Self {
        let keys = UnitKeys::new(&self.target, self.unit.as_ref(), scope);
        Self { keys, ..self }
    }

    /// Whether the log is the unit's own, and not the target's.
    #[must_use]
    pub fn has_own_log(&self) -> bool {
        self.unit.is_some() && self.keys.has_own_log()
    }

    /// The full name in the first object that can be read below a unit's directory; `None` where there
    /// is no object. Whether that name belongs into the directory is for the caller to compare.
    ///
    /// # Errors
    /// No object can be read: `manifest`, of the first one; or the storage's own.
    pub(crate) fn stored_name(
        storage: &dyn Storage,
        target: &TargetName,
        encoded: &EncodedUnit,
    ) -> Result<Option<UnitName>> {
        let keys = UnitKeys::of_directory(target, encoded);
        let mut damage = None;
        for entry in storage.list(&keys.links())? {
            let key = keys.links().join(&entry.name);
            let link = document::read::<LinkDocument>(storage, &key, KIND);
            let unit = link.map(|document| document.map(|document| document.link.unit));
            if let Some(unit) = named(&key, unit, &mut damage)? {
                return Ok(Some(unit));
            }
        }
        for entry in storage.list(&keys.jobs())? {
            let Some(job) = JobId::parse(&entry.name) else { continue };
            let key = keys.claim(job);
            let claim = document::read::<ClaimInfo>(storage, &key, claim_info::KIND);
            let unit = claim.map(|claim| claim.map(|claim| claim.unit));
            if let Some(unit) = named(&key, unit, &mut damage)? {
                return Ok(Some(unit));
            }
        }
        damage.map_or(Ok(None), Err)
    }

    /// Two long names whose hashes are equal would share a directory: the second one is refused.
    ///
    /// # Errors
    /// `exists`; or the storage cannot be read. Damage hinders no backup.
    pub(crate) fn refuse_other_unit(&self) -> Result<()> {
        let Some(unit) = &self.unit else { return Ok(()) };
        let encoded = unit.encoded();
        if encoded.name().is_some() {
            return Ok(());
        }
        match Self::stored_name(self.storage.as_ref(), &self.target, &encoded) {
            Ok(Some(other)) if other != *unit => Err(Error::new(
                Kind::Exists,
                format!("{}/@{encoded} holds the unit {other}, not {unit}", self.target),
            )
            .hint("Back it up under another target.")),
            Err(error) if error.kind() != Kind::Manifest => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// The names of all links, oldest job first. One listing, nothing is read.
    ///
    /// # Errors
    /// The storage cannot be read.
    pub fn link_names(&self) -> Result<Vec<LinkName>> {
        let listed = self.storage.list(&self.keys.links())?;
        let name = |entry: &str| LinkName::parse(entry.strip_suffix(".json")?);
        let mut names: Vec<_> = listed.iter().filter_map(|entry| name(&entry.name)).collect();
        names.sort_by_key(|name| (name.job, *name));
        Ok(names)
    }

    /// Reads a link.
    ///
    /// # Errors
    /// `not-found`; or the document is damaged.
    pub fn link(&self, name: &LinkName) -> Result<LinkDocument> {
        let key = self.keys.link(name);
        let document: LinkDocument = document::read(self.storage.as_ref(), &key, KIND)?
            .ok_or_else(|| {
                Error::new(Kind::NotFound, format!("there is no backup {name} of {}", self.target))
                    .hint("`seawall list` shows what is there.")
            })?;
        // A link that was moved to another name or target would be restored as what it is not.
        let LinkDocument { link, .. } = &document;
        if link.name() != *name || link.target != self.target || link.unit != self.unit {
            return Err(Error::new(
                Kind::Manifest,
                format!(
                    "{key} holds the link {} of {}",
                    link.name(),
                    unit_label(&link.target, link.unit.as_ref())
                ),
            ));
        }
        if link.version > FORMAT_VERSION {
            return Err(document::too_new(&key, link.version, FORMAT_VERSION));
        }
        Ok(document)
    }

    /// Reads all links that can be read, oldest job first. A damaged one is told in the log, and
    /// hinders neither the next backup nor a restore of another.
    ///
    /// # Errors
    /// The storage cannot be read.
    pub fn links(&self) -> Result<Vec<LinkDocument>> {
        let mut links = Vec::new();
        for name in self.link_names()? {
            match self.link(&name) {
                Ok(document) => links.push(document),
                Err(error) if error.kind() == Kind::Manifest => {
                    tracing::warn!("a backup is passed over: {}", error.line());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(links)
    }

    /// Makes a link visible.
    pub(crate) fn publish(&self, document: &LinkDocument) -> Result<()> {
        let key = self.keys.link(&document.link.name());
        // Whoever does not know the link's version does not get to its fields.
        let label = (KIND, document.link.version);
        match document::write_as(self.storage.as_ref(), &key, LINK, label, document)? {
            Created::New => Ok(()),
            Created::Exists => Err(Error::new(Kind::Exists, format!("{key} is there already"))),
        }
    }

    /// The unit's log, or the one that it shares with the target's other units.
    #[must_use]
    pub fn log(&self) -> LogStore {
        LogStore::new(Arc::clone(&self.storage), self.keys.clone())
    }
}
