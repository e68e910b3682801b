//! Roots: the data directory and the tablespaces outside it.

use crate::data_directory::DataDirectory;
use errors::{Context, Error, Kind, Result};
use formats::ControlFile;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use stream::{Owner, RootInfo, RootName};
use system::Users;

/// The data directory's root.
pub(crate) const DATA: &str = "data";
/// Before a tablespace's identifier in the name of its root.
const TABLESPACE: &str = "tablespace-";
/// Bits of a data directory that the group may read.
const GROUP_ACCESS: u32 = 0o050;
/// Where the server keeps its links to tablespaces.
pub(crate) const LINKS: &str = "pg_tblspc";

/// A tablespace outside the data directory.
#[derive(Debug, Clone)]
pub(crate) struct Tablespace {
    pub(crate) oid: u32,
    pub(crate) root: RootName,
    /// The directory of the link.
    pub(crate) location: PathBuf,
    /// The directory in it that belongs to this major and catalogue: others may be another
    /// cluster's.
    pub(crate) version_dir: String,
    /// How `location` looked when it was found: it may be dropped while the backup runs.
    pub(crate) info: RootInfo,
    /// Device and inode of `location`: a directory may have several paths.
    identity: (u64, u64),
}

impl Tablespace {
    /// Whether this is the tablespace's directory.
    pub(crate) fn is_at(&self, metadata: &Metadata) -> bool {
        self.identity == (metadata.dev(), metadata.ino())
    }
}

/// The root of the data directory.
///
/// # Errors
/// None: the name is a constant.
pub(crate) fn data_root() -> Result<RootName> {
    RootName::new(DATA).or_kind(Kind::Bug, || "name the data directory")
}

/// The root of a tablespace.
pub(crate) fn tablespace_root(oid: u32) -> Result<RootName> {
    RootName::new(format!("{TABLESPACE}{oid}")).or_kind(Kind::Bug, || "name a tablespace")
}

/// The tablespace that a root stands for.
pub(crate) fn tablespace_of(root: &RootName) -> Option<u32> {
    root.as_str().strip_prefix(TABLESPACE)?.parse().ok()
}

/// The tablespaces behind the links in `pg_tblspc`. A directory there instead of a link is a
/// tablespace inside the data directory: it is copied with it.
///
/// # Errors
/// `source-files`.
pub(crate) fn tablespaces(
    data: &DataDirectory,
    control: &ControlFile,
    major: u16,
) -> Result<Vec<Tablespace>> {
    let links = data.path.join(LINKS);
    let version_dir = format!("PG_{major}_{}", control.catalog_version);
    let (mut tablespaces, mut users) = (Vec::new(), Users::new());
    for entry in fs::read_dir(&links).map_err(|error| failed(&links, error))? {
        let entry = entry.map_err(|error| failed(&links, error))?;
        let Some(oid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if !entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
            continue;
        }
        let Some((location, metadata)) = follow(&entry.path(), &links)? else { continue };
        tablespaces.push(Tablespace {
            oid,
            root: tablespace_root(oid)?,
            info: describe(&location, &metadata, &mut users),
            location,
            version_dir: version_dir.clone(),
            identity: (metadata.dev(), metadata.ino()),
        });
    }
    tablespaces.sort_by_key(|tablespace| tablespace.oid);
    Ok(tablespaces)
}

/// Where a tablespace's link leads; `None` when the tablespace was dropped since the link was
/// listed. A directory that is missing while its link is there is a disk that is not mounted.
fn follow(link: &Path, links: &Path) -> Result<Option<(PathBuf, Metadata)>> {
    let read = || match fs::read_link(link) {
        Ok(target) => Ok(Some(links.join(target))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(link, error)),
    };
    let Some(location) = read()? else { return Ok(None) };
    match fs::metadata(&location) {
        Ok(metadata) => Ok(Some((location, metadata))),
        Err(error) => match read()? {
            Some(_) => Err(failed(&location, error)),
            None => Ok(None),
        },
    }
}

fn failed(path: &Path, error: io::Error) -> Error {
    Error::io(format!("read {}", path.display()), error).with_kind(Kind::SourceFiles)
}

/// How the data directory looks, for the link.
///
/// # Errors
/// `source-files`.
pub(crate) fn describe_data(path: &Path) -> Result<RootInfo> {
    let metadata = fs::metadata(path).map_err(|error| failed(path, error))?;
    Ok(describe(path, &metadata, &mut Users::new()))
}

/// The root of configuration files: private, as the data directory's owner's, whose server reads
/// them.
///
/// # Errors
/// `source-files`.
pub(crate) fn describe_configuration(data: &Path) -> Result<RootInfo> {
    Ok(RootInfo { path: "/".to_owned(), mode: 0o700, ..describe_data(data)? })
}

/// Whether a tablespace of the running server is a directory where others are links.
///
/// # Errors
/// `source-files`.
pub(crate) fn has_tablespace_in_place(data: &Path) -> Result<bool> {
    let links = data.join(LINKS);
    for entry in fs::read_dir(&links).map_err(|error| failed(&links, error))? {
        let kind = entry.and_then(|entry| entry.file_type());
        if kind.map_err(|error| failed(&links, error))?.is_dir() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn describe(path: &Path, metadata: &Metadata, users: &mut Users) -> RootInfo {
    RootInfo::new(path, metadata.mode(), owner(metadata, users))
}

/// The mode of a new file in a data directory: as the server's own, which go by the directory's.
pub(crate) fn file_mode(directory: u32) -> u32 {
    if directory & GROUP_ACCESS == GROUP_ACCESS { 0o640 } else { 0o600 }
}

/// Whose a file is.
pub(crate) fn owner(metadata: &Metadata, users: &mut Users) -> Owner {
    let (uid, gid) = (metadata.uid(), metadata.gid());
    Owner { uid, gid, user: users.user(uid), group: users.group(gid) }
}
