//! The driver for a directory: a local disk, or a network file system that keeps POSIX' promises.
//!
//! An object is written under a temporary name beside its own (`.tmp.…`), synced, and linked to its
//! name: `link(2)` fails when the name is taken, on every file system, and nobody ever sees half
//! an object.

mod writer;

use super::{Capabilities, Driver, Key, Listed, ObjectWriter, Storage};
use errors::{Error, Result};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use system::failpoint::{DIRECTORY, Point};
use system::{Users, durable};
use writer::{PosixWriter, TEMPORARY};

/// Readable by a group that the operator chooses; never by everybody.
const DIR_MODE: u32 = 0o750;
const BUFFER_BYTES: usize = 256 << 10;

pub(super) const DRIVER: Driver = Driver {
    scheme: "file",
    options: &[],
    open: |location, _options| {
        let path = location.strip_prefix("file://").unwrap_or(location);
        let path = std::path::absolute(Path::new(path))
            .map_err(|error| Error::io(format!("make {location:?} absolute"), error))?;
        Ok(Arc::new(Posix::new(path)))
    },
};

/// A directory as a store of objects.
pub struct Posix {
    root: PathBuf,
    /// Directories whose names were synced up to the root by this process. A directory that is
    /// merely there may have been made a moment ago by somebody who was killed.
    durable_dirs: Mutex<HashSet<PathBuf>>,
}

impl Posix {
    /// The directory need not exist yet; then it holds no objects.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), durable_dirs: Mutex::new(HashSet::new()) }
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    fn make_dir_durable(&self, dir: &Path) -> io::Result<()> {
        if self.durable_dirs.lock().is_ok_and(|dirs| dirs.contains(dir)) {
            return Ok(());
        }
        // Never makes the root: where a disk is not mounted, nothing may be written below it.
        fs::metadata(&self.root)?;
        durable::create_dirs(dir, DIR_MODE)?;
        for above in dir.ancestors().skip(1).take_while(|above| above.starts_with(&self.root)) {
            durable::sync_dir(above, DIRECTORY)?;
        }
        if let Ok(mut dirs) = self.durable_dirs.lock() {
            dirs.insert(dir.to_owned());
        }
        Ok(())
    }

    fn begin(&self, path: &Path, point: Point) -> io::Result<PosixWriter> {
        let dir = path.parent().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
        self.make_dir_durable(&dir)?;
        PosixWriter::begin(dir, path, point)
    }

    fn cannot_create(&self, path: &Path, error: io::Error) -> Error {
        let denied = error.kind() == io::ErrorKind::PermissionDenied;
        let created = Error::io(format!("create {}", path.display()), error);
        let owner = fs::metadata(&self.root).map(|metadata| Users::new().user(metadata.uid()));
        match owner {
            Ok(owner) if denied => {
                created.hint(format!("The repository belongs to {owner}: run as that user."))
            }
            _ => created,
        }
    }

    fn forget_dirs(&self) {
        if let Ok(mut dirs) = self.durable_dirs.lock() {
            dirs.clear();
        }
    }
}

impl Storage for Posix {
    fn describe(&self) -> String {
        self.root.display().to_string()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { create_if_absent: true, durable: true }
    }

    fn prepare(&self) -> Result<()> {
        durable::create_dirs(&self.root, DIR_MODE)
            .map_err(|error| Error::io(format!("create {}", self.root.display()), error))
    }

    fn create(&self, key: &Key, point: Point) -> Result<Box<dyn ObjectWriter>> {
        let path = self.path(key);
        // A directory may be removed with its last object while another writer is about to use it.
        let mut begun = self.begin(&path, point);
        for _ in 0..3 {
            if !matches!(&begun, Err(error) if error.kind() == io::ErrorKind::NotFound) {
                break;
            }
            self.forget_dirs();
            begun = self.begin(&path, point);
        }
        match begun {
            Ok(writer) => Ok(Box::new(writer)),
            Err(error) => Err(self.cannot_create(&path, error)),
        }
    }

    fn open_at(&self, key: &Key, offset: u64) -> Result<Option<Box<dyn Read + Send>>> {
        let path = self.path(key);
        let open = || -> io::Result<File> {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(offset))?;
            Ok(file)
        };
        match open() {
            Ok(file) => Ok(Some(Box::new(BufReader::with_capacity(BUFFER_BYTES, file)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(format!("open {}", path.display()), error)),
        }
    }

    fn size(&self, key: &Key) -> Result<Option<u64>> {
        let path = self.path(key);
        match fs::metadata(&path) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(format!("look at {}", path.display()), error)),
        }
    }

    fn list(&self, prefix: &Key) -> Result<Vec<Listed>> {
        let dir = self.path(prefix);
        let failed = |error| Error::io(format!("list {}", dir.display()), error);
        let entries = match fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut listed = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            // What is no UTF-8 or hidden was not written by us: it is no object.
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name.starts_with('.') {
                continue;
            }
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => listed.push(Listed { name, bytes: None }),
                Ok(metadata) => listed.push(Listed { name, bytes: Some(metadata.len()) }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error)),
            }
        }
        listed.sort();
        Ok(listed)
    }

    fn delete(&self, key: &Key) -> Result<bool> {
        let path = self.path(key);
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(Error::io(format!("remove {}", path.display()), error)),
        }
        // Object stores have no directories: empty ones go with their last object.
        let above = path.ancestors().skip(1).take_while(|dir| *dir != self.root);
        if above.map(fs::remove_dir).take_while(io::Result::is_ok).count() > 0 {
            self.forget_dirs();
        }
        Ok(true)
    }

    fn make_durable(&self, key: &Key, point: Point) -> Result<()> {
        let path = self.path(key);
        let sync = || {
            let dir = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
            durable::sync_file(&File::open(&path)?, point)?;
            durable::sync_dir(dir, point)?;
            self.make_dir_durable(dir)
        };
        sync().map_err(|error| Error::io(format!("make {} durable", path.display()), error))
    }

    fn sweep(&self, prefix: &Key, untouched: Duration) -> Result<()> {
        let dir = self.path(prefix);
        let Ok(entries) = fs::read_dir(&dir) else { return Ok(()) };
        for entry in entries.flatten() {
            if !entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                continue;
            }
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            let age = modified.ok().and_then(|time| SystemTime::now().duration_since(time).ok());
            if age.is_some_and(|age| age >= untouched) {
                let _ = fs::remove_file(entry.path());
            }
        }
        // A prefix that held nothing else is no prefix any more.
        let _ = fs::remove_dir(&dir);
        Ok(())
    }

    fn free_bytes(&self) -> Result<Option<u64>> {
        system::free_bytes(&self.root).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::conformance;
    use system::failpoint::LOG;

    #[test]
    fn keeps_the_contract_of_storage() {
        let dir = tempfile::tempdir().unwrap();
        conformance::run(&Posix::new(dir.path().join("repository")));
    }

    #[test]
    fn nothing_is_written_where_the_root_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let store = Posix::new(dir.path().join("unmounted"));
        assert!(store.create(&Key::new("a").join("b"), LOG).is_err());
        assert!(!dir.path().join("unmounted").exists());
    }

    #[test]
    fn a_dead_writers_temporary_name_is_swept_and_a_live_ones_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let store = Posix::new(dir.path());
        store.prepare().unwrap();
        let writer = store.create(&Key::new("a").join("b"), LOG).unwrap();
        store.sweep(&Key::new("a"), Duration::from_secs(3600)).unwrap();
        assert_eq!(fs::read_dir(dir.path().join("a")).unwrap().count(), 1);
        store.sweep(&Key::new("a"), Duration::ZERO).unwrap();
        assert!(!dir.path().join("a").exists());
        drop(writer);
    }
}
