//! The listing: which files a backup holds. It is made while the server is in backup mode, because
//! what is created before the start of a backup and after a listing would be in neither the files
//! nor the log.
//!
//! Nothing is held back: each file is given on as it is found, so that a million relations take no
//! more memory than the names of the largest directory's unlogged relations.

mod links;

pub(crate) use links::belongs_to_server;

use crate::configuration;
use crate::data_directory::CONTROL;
use crate::exclude::{self, Patterns, Unlogged};
use crate::pages::{PageChecks, PageTap};
use crate::roots::{self, Tablespace};
use chrono::{DateTime, Utc};
use errors::{Context, Error, Kind, Result};
use formats::relation::RelationFile;
use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stream::{Body, FileKind, FileSource, Finding, RelPath, RootName, Tap, VirtualFile};
use system::Users;

/// Directories that the server needs in an empty `pg_wal`.
const WAL_DIRS: &[&str] = &["archive_status", "summaries"];
/// ELOOP of path_resolution(7).
const TOO_MANY_LINKS: i32 = 40;

/// Gives every file of a cluster to a function.
pub(crate) struct Listing<'a> {
    pub(crate) checks: Option<Arc<PageChecks>>,
    pub(crate) users: Users,
    /// Tablespaces that lie inside the data directory are copied through their links only.
    pub(crate) tablespaces: &'a [Tablespace],
    pub(crate) give: &'a mut dyn FnMut(VirtualFile) -> Result<()>,
    /// What the operator leaves out.
    pub(crate) patterns: Patterns,
    /// Whether the operator's links to directories are followed.
    pub(crate) follow_links: bool,
    /// Directories that such links led to: none is copied twice, and no circle goes on for ever.
    pub(crate) followed: HashSet<(u64, u64)>,
    /// What the operator should know.
    pub(crate) findings: Vec<Finding>,
}

/// A directory to list.
struct Dir<'a> {
    root: &'a RootName,
    /// The directory that it was found in.
    above: Option<&'a Dir<'a>>,
    identity: (u64, u64),
    /// Where it is on this host.
    path: PathBuf,
    /// Where it is below its root; `None`: it is the root.
    below: Option<RelPath>,
    /// Whether its files may be relations.
    of_relations: bool,
}

impl Listing<'_> {
    /// The data directory, but for pg_control, which must be read last.
    ///
    /// # Errors
    /// `source-files`, or the function's own.
    pub(crate) fn data(&mut self, path: &Path) -> Result<()> {
        let root = roots::data_root()?;
        let Some(metadata) = followed(path)? else { return Ok(()) };
        self.directory(&Dir {
            root: &root,
            above: None,
            identity: identity(&metadata),
            path: path.to_owned(),
            below: None,
            of_relations: false,
        })
    }

    /// One tablespace.
    ///
    /// # Errors
    /// As [`Listing::data`].
    pub(crate) fn tablespace(&mut self, tablespace: &Tablespace) -> Result<()> {
        let path = tablespace.location.join(&tablespace.version_dir);
        let below = rel(None, OsStr::new(&tablespace.version_dir))?;
        let Some(metadata) = look(&path)? else { return Ok(()) };
        self.give_directory(&tablespace.root, &below, &metadata)?;
        self.directory(&Dir {
            root: &tablespace.root,
            above: None,
            identity: identity(&metadata),
            path,
            below: Some(below),
            of_relations: false,
        })
    }

    /// Configuration files outside the data directory, each under its absolute path, and the
    /// directories above them: whoever may read a restored file must also reach it.
    ///
    /// # Errors
    /// As [`Listing::data`].
    pub(crate) fn configuration(&mut self, files: &[impl AsRef<Path>]) -> Result<()> {
        let root = configuration::root()?;
        let mut given = BTreeSet::new();
        for file in files.iter().map(AsRef::as_ref) {
            let mut above: Vec<&Path> = file.ancestors().skip(1).collect();
            above.reverse();
            for dir in above {
                let (Some(below), Some(metadata)) = (below(dir)?, followed(dir)?) else { continue };
                if given.insert(dir.to_owned()) {
                    self.give_directory(&root, &below, &metadata)?;
                }
            }
            if let (Some(below), Some(metadata)) = (below(file)?, followed(file)?) {
                self.give_file(&root, &below, file, &metadata, None)?;
            }
        }
        Ok(())
    }

    fn directory(&mut self, dir: &Dir<'_>) -> Result<()> {
        let mut unlogged = Unlogged::default();
        if dir.of_relations {
            for_each_name(&dir.path, &mut |entry| {
                if let Some(name) = entry.file_name().to_str() {
                    unlogged.note(name);
                }
                Ok(())
            })?;
        }
        for_each_name(&dir.path, &mut |entry| self.entry(dir, &unlogged, entry))
    }

    fn entry(&mut self, dir: &Dir<'_>, unlogged: &Unlogged, entry: &DirEntry) -> Result<()> {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        let at_top = dir.below.is_none();
        if exclude::is_left_out_anywhere(&text)
            || (at_top && exclude::is_left_out_at_top(&text))
            || (dir.of_relations && unlogged.leaves_out(&text))
        {
            return Ok(());
        }
        let below = rel(dir.below.as_ref(), &name)?;
        let path = entry.path();
        let Some(metadata) = look(&path)? else { return Ok(()) };
        if dir.root.as_str() == roots::DATA && self.patterns.leave_out(&below, metadata.is_file()) {
            return self.emptied(dir, &path, &below);
        }
        if metadata.is_symlink() {
            return self.link(dir, &path, &below, &metadata);
        }
        if metadata.is_dir() {
            return self.sub_directory(dir, path, &below, &metadata);
        }
        if !metadata.is_file() {
            tracing::debug!("{} is neither file nor directory", path.display());
            return Ok(());
        }
        if below.as_bytes() == CONTROL.as_bytes() && dir.root.as_str() == roots::DATA {
            return Ok(());
        }
        let relation = RelationFile::parse(&text).filter(|_| dir.of_relations);
        self.give_file(dir.root, &below, &path, &metadata, relation)
    }

    fn sub_directory(
        &mut self,
        dir: &Dir<'_>,
        path: PathBuf,
        below: &RelPath,
        metadata: &Metadata,
    ) -> Result<()> {
        if self.is_tablespace(metadata) {
            return Ok(());
        }
        self.give_directory(dir.root, below, metadata)?;
        let at_top = dir.below.is_none() && dir.root.as_str() == roots::DATA;
        let name = below.as_path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        if at_top && exclude::is_emptied(&name) {
            return Ok(());
        }
        if at_top && name == "pg_wal" {
            return self.empty_wal(dir.root, &path, below);
        }
        let of_relations = holds_relations(dir.root, below);
        self.directory(&Dir {
            root: dir.root,
            above: Some(dir),
            identity: identity(metadata),
            path,
            below: Some(below.clone()),
            of_relations,
        })
    }

    /// What the operator leaves out: of a directory, or a link to one, a directory stays.
    fn emptied(&mut self, dir: &Dir<'_>, path: &Path, below: &RelPath) -> Result<()> {
        match followed(path)? {
            Some(metadata) if metadata.is_dir() && !self.is_tablespace(&metadata) => {
                self.give_directory(dir.root, below, &metadata)
            }
            _ => Ok(()),
        }
    }

    fn is_tablespace(&self, metadata: &Metadata) -> bool {
        self.tablespaces.iter().any(|tablespace| tablespace.is_at(metadata))
    }

    /// The log travels on its own; what stays is what the server wants to find.
    fn empty_wal(&mut self, root: &RootName, path: &Path, below: &RelPath) -> Result<()> {
        for name in WAL_DIRS {
            if let Some(metadata) = look(&path.join(name))? {
                self.give_directory(root, &rel(Some(below), OsStr::new(name))?, &metadata)?;
            }
        }
        Ok(())
    }

    fn give_directory(
        &mut self,
        root: &RootName,
        below: &RelPath,
        metadata: &Metadata,
    ) -> Result<()> {
        let file = self.file(root, below, FileKind::Directory, metadata, Body::Nothing);
        (self.give)(file)
    }

    fn give_file(
        &mut self,
        root: &RootName,
        below: &RelPath,
        path: &Path,
        metadata: &Metadata,
        relation: Option<RelationFile>,
    ) -> Result<()> {
        let body = Body::File(FileSource { path: path.to_owned(), may_vanish: true });
        let mut file = self.file(root, below, FileKind::File, metadata, body);
        file.tap = match (&self.checks, relation) {
            (Some(checks), Some(relation)) => {
                Some(Box::new(PageTap::new(checks, path, relation)) as Box<dyn Tap>)
            }
            _ => None,
        };
        (self.give)(file)
    }

    fn file(
        &mut self,
        root: &RootName,
        below: &RelPath,
        kind: FileKind,
        metadata: &Metadata,
        body: Body,
    ) -> VirtualFile {
        VirtualFile {
            root: root.clone(),
            path: below.clone(),
            size: (kind == FileKind::File).then_some(metadata.len()),
            kind,
            mode: metadata.mode() & 0o7777,
            owner: roots::owner(metadata, &mut self.users),
            mtime: mtime(metadata),
            body,
            partial: None,
            tap: None,
        }
    }
}

/// An absolute path, as a path below the root; `None` for `/`.
fn below(path: &Path) -> Result<Option<RelPath>> {
    let bytes = path.as_os_str().as_bytes();
    let bytes = bytes.strip_prefix(b"/").unwrap_or(bytes);
    if bytes.is_empty() {
        return Ok(None);
    }
    let below = RelPath::new(bytes);
    below.map(Some).or_kind(Kind::SourceFiles, || format!("name {}", path.display()))
}

// Looking at files of a running server: whatever is gone is no failure.

/// When a file was last changed; times that no calendar holds become its beginning.
pub(crate) fn mtime(metadata: &Metadata) -> DateTime<Utc> {
    let nanos = u32::try_from(metadata.mtime_nsec()).unwrap_or(0);
    DateTime::from_timestamp(metadata.mtime(), nanos).unwrap_or_default()
}

/// Relations lie in `global`, `base/<database>`, and `PG_…/<database>` of a tablespace.
fn holds_relations(root: &RootName, below: &RelPath) -> bool {
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

fn rel(below: Option<&RelPath>, name: &OsStr) -> Result<RelPath> {
    let path = match below {
        Some(below) => below.join(name.as_bytes()),
        None => RelPath::new(name.as_bytes().to_vec()),
    };
    path.or_kind(Kind::SourceFiles, || format!("name {}", name.display()))
}

/// What is at a path now; `None` when it is gone, as files of a running server may be.
fn look(path: &Path) -> Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, error)),
    }
}

/// What a path leads to; `None` where that is nothing: gone, or a link to itself.
fn followed(path: &Path) -> Result<Option<Metadata>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.raw_os_error() == Some(TOO_MANY_LINKS) => Ok(None),
        Err(error) => Err(unreadable(path, error)),
    }
}

/// Device and inode: a directory may have several paths.
fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

fn for_each_name(path: &Path, act: &mut dyn FnMut(&DirEntry) -> Result<()>) -> Result<()> {
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

fn unreadable(path: &Path, error: io::Error) -> Error {
    let denied = error.kind() == io::ErrorKind::PermissionDenied;
    let unreadable =
        Error::io(format!("read {}", path.display()), error).with_kind(Kind::SourceFiles);
    if denied {
        unreadable.hint("Run as the user that owns the server's files.")
    } else {
        unreadable
    }
}
