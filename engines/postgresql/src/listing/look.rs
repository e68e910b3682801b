//! Looking at files of a running server: whatever is gone is no failure.

use crate::roots;
use chrono::{DateTime, Utc};
use errors::{Context, Error, Kind, Result};
use std::ffi::OsStr;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use stream::{RelPath, RootName};

/// ELOOP of path_resolution(7).
const TOO_MANY_LINKS: i32 = 40;

/// When a file was last changed; times that no calendar holds become its beginning.
pub(crate) fn mtime(metadata: &Metadata) -> DateTime<Utc> {
    let nanos = u32::try_from(metadata.mtime_nsec()).unwrap_or(0);
    DateTime::from_timestamp(metadata.mtime(), nanos).unwrap_or_default()
}

/// Relations lie in `global`, `base/<database>`, and `PG_…/<database>` of a tablespace.
pub(super) fn holds_relations(root: &RootName, below: &RelPath) -> bool {
    let mut parts = below.as_bytes().split(|&byte| byte == b'/');
    let is_number = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let (first, second, third) = (parts.next(), parts.next(), parts.next());
    match (first, second, third) {
        (Some(b"global"), None, None) => root.as_str() == roots::DATA,
        (Some(b"base"), Some(database), None) => is_number(database),
        // A tablespace that is a directory in pg_tblspc itself.
        (Some(b"pg_tblspc"), Some(_), Some(_)) => {
            parts.next().is_some_and(is_number) && parts.next().is_none()
        }
        (Some(_), Some(database), None) => root.as_str() != roots::DATA && is_number(database),
        _ => false,
    }
}

pub(super) fn rel(below: Option<&RelPath>, name: &OsStr) -> Result<RelPath> {
    let path = match below {
        Some(below) => below.join(name.as_bytes()),
        None => RelPath::new(name.as_bytes().to_vec()),
    };
    path.or_kind(Kind::SourceFiles, || format!("name {}", name.display()))
}

/// What is at a path now; `None` when it is gone, as files of a running server may be.
pub(super) fn look(path: &Path) -> Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, error)),
    }
}

/// What a path leads to; `None` where that is nothing: gone, or a link to itself.
pub(super) fn followed(path: &Path) -> Result<Option<Metadata>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.raw_os_error() == Some(TOO_MANY_LINKS) => Ok(None),
        Err(error) => Err(unreadable(path, error)),
    }
}

/// Device and inode: a directory may have several paths.
pub(super) fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

pub(super) fn for_each_name(
    path: &Path,
    act: &mut dyn FnMut(&DirEntry) -> Result<()>,
) -> Result<()> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(path, error)),
    };
    for entry in entries {
        match entry {
            Ok(entry) => act(&entry)?,
            // The directory of a database that was dropped since.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(unreadable(path, error)),
        }
    }
    Ok(())
}

pub(super) fn unreadable(path: &Path, error: io::Error) -> Error {
    let denied = error.kind() == io::ErrorKind::PermissionDenied;
    let unreadable =
        Error::io(format!("read {}", path.display()), error).with_kind(Kind::SourceFiles);
    if denied {
        unreadable.hint("Run as the user that owns the server's files.")
    } else {
        unreadable
    }
}
