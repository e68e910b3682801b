//! What `check` looks for in a repository, and the probe of its storage.

use crate::keys;
use crate::repository::Repository;
use crate::storage::{Created, Storage};
use errors::{Error, Kind, Result};
use std::io::{Read, Write};
use std::time::Duration;
use system::failpoint::LOCK;
use uuid::Uuid;

/// All that is looked for; `docs/errors.md` is generated from it.
pub mod catalogue {
    errors::rules! {
        pub static;

        REPOSITORY "repository"
            "Whether there is a repository at this place, and it can be read."
            "Mount the disk, give the right path, or make one with `seawall init`."
        WRITE "repository-write"
            "Whether an object can be written, synced, linked to its name, read and removed."
            "Mend what the message names: rights, a full disk, a mount that is read-only or has no links."
        SPACE "repository-space"
            "Free space, compared with the size of the newest backup."
            "Make room: remove old backups, or enlarge the file system."
        DAMAGED "repository-backups"
            "Backups whose own description is damaged: they cannot be restored."
            "Run `seawall verify`, and take a new backup."
        AGE "repository-age"
            "The age of the newest backup, where the option max_backup_age is set."
            "Take a backup; see why the scheduled one did not run."
    }
}

const BYTES: &[u8] = b"Written by `seawall check`; it may be removed.\n";

impl Repository {
    /// Writes an object as a backup does, reads it back and removes it: rights, space, syncing and
    /// linking are tried where they are needed.
    ///
    /// # Errors
    /// What a backup would meet.
    pub fn probe(&self) -> Result<()> {
        probe(self.store().as_ref())
    }
}

fn probe(storage: &dyn Storage) -> Result<()> {
    let name = Uuid::new_v4().to_string();
    let key = keys::probes().join(&name);
    let mut object = storage.create(&key, LOCK)?;
    object.write_all(BYTES).map_err(|error| Error::io(format!("write {key}"), error))?;
    let looked = match object.finish()? {
        Created::New => look(storage, &name),
        Created::Exists => Err(Error::new(Kind::Bug, format!("{key} is there already"))),
    };
    storage.delete(&key)?;
    // What a probe left that was killed.
    storage.sweep(&keys::probes(), Duration::from_secs(3600))?;
    looked
}

fn look(storage: &dyn Storage, name: &str) -> Result<()> {
    let key = keys::probes().join(name);
    let mut bytes = Vec::new();
    if let Some(mut object) = storage.open(&key)? {
        object.read_to_end(&mut bytes).map_err(|error| Error::io(format!("read {key}"), error))?;
    }
    if bytes != BYTES {
        return Err(Error::new(Kind::Checksum, format!("{key} is not read as it was written")));
    }
    // Of two writers of one name, one must lose.
    let mut second = storage.create(&key, LOCK)?;
    second.write_all(BYTES).map_err(|error| Error::io(format!("write {key}"), error))?;
    match second.finish()? {
        Created::Exists => Ok(()),
        Created::New => Err(Error::new(
            Kind::Io,
            format!("{} lets a second writer replace an object", storage.describe()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Posix;

    #[test]
    fn a_probe_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        probe(&Posix::new(dir.path())).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
