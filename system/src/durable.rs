//! Durable files: what must survive a power cut goes through here and nowhere else.
//!
//! A new name is on disk once its directory is synced, its bytes once the file is. So: sync the
//! bytes, then give the name, then sync the directory.

#![allow(clippy::disallowed_methods, reason = "this is the room of fsync, rename and link")]

use crate::failpoint::{DIRECTORY, Point, around};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Puts a file's bytes on disk.
///
/// # Errors
/// The system's own: after one, nothing is known of what was written.
pub fn sync_file(file: &File, point: Point) -> io::Result<()> {
    around(point, "sync", || file.sync_all())
}

/// Puts a directory's names on disk.
///
/// # Errors
/// The system's own.
pub fn sync_dir(dir: &Path, point: Point) -> io::Result<()> {
    around(point, "sync-dir", || File::open(dir)?.sync_all())
}

/// Puts everything on disk that was written to the file system of `path`.
///
/// # Errors
/// The system's own; Linux 5.8 and later tell of failed writes here.
pub fn sync_filesystem(path: &Path, point: Point) -> io::Result<()> {
    around(point, "sync", || Ok(rustix::fs::syncfs(File::open(path)?)?))
}

/// Gives a synced file its final name, unless that name is taken.
///
/// # Errors
/// `AlreadyExists` when it is taken: nothing is overwritten.
pub fn link_new(temporary: &Path, name: &Path, point: Point) -> io::Result<()> {
    around(point, "link", || fs::hard_link(temporary, name))
}

/// Takes a temporary name away after [`link_new`].
///
/// # Errors
/// The system's own.
pub fn unlink_temporary(temporary: &Path, point: Point) -> io::Result<()> {
    around(point, "unlink", || fs::remove_file(temporary))
}

/// Gives a file another name, over whatever has that name.
///
/// # Errors
/// The system's own.
pub fn rename_over(from: &Path, to: &Path, point: Point) -> io::Result<()> {
    around(point, "rename", || fs::rename(from, to))
}

/// Writes a small file whole or not at all, over an older one.
///
/// # Errors
/// The system's own; then the older file is untouched, and a temporary one may be left.
pub fn replace_file(path: &Path, bytes: &[u8], mode: u32, point: Point) -> io::Result<()> {
    let temporary = temporary_beside(path)?;
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(mode).open(&temporary)?;
    file.write_all(bytes)?;
    sync_file(&file, point)?;
    rename_over(&temporary, path, point)?;
    sync_dir(parent(path)?, point)
}

/// Makes a directory and its parents, each name durable before the next is made.
///
/// # Errors
/// The system's own.
pub fn create_dirs(path: &Path, mode: u32) -> io::Result<()> {
    match DirBuilder::new().mode(mode).create(path) {
        Ok(()) => sync_dir(parent(path)?, DIRECTORY),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create_dirs(parent(path)?, mode)?;
            create_dirs(path, mode)
        }
        Err(error) => Err(error),
    }
}

/// A name in the same directory that says it is temporary.
fn temporary_beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut temporary = name.to_owned();
    temporary.push(".seawall-tmp");
    Ok(path.with_file_name(temporary))
}

fn parent(path: &Path) -> io::Result<&Path> {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Ok(Path::new(".")),
        Some(parent) => Ok(parent),
        None => Err(io::ErrorKind::NotFound.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failpoint::{LINK, SETTINGS};

    #[test]
    fn link_new_never_overwrites() {
        let dir = tempfile::tempdir().unwrap();
        let (temporary, name) = (dir.path().join("t"), dir.path().join("n"));
        fs::write(&temporary, "new").unwrap();
        fs::write(&name, "old").unwrap();
        let error = link_new(&temporary, &name, LINK).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&name).unwrap(), "old");
    }

    #[test]
    fn replace_file_leaves_no_temporary_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("conf");
        replace_file(&path, b"one", 0o600, SETTINGS).unwrap();
        replace_file(&path, b"two", 0o600, SETTINGS).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn create_dirs_makes_all_and_accepts_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b/c");
        create_dirs(&deep, 0o750).unwrap();
        create_dirs(&deep, 0o750).unwrap();
        assert!(deep.is_dir());
    }
}
