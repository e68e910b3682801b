//! Symbolic links in a data directory: the server's own, and an administrator's.
//!
//! A restored file or directory stands where the link stood: the copy must not depend on, nor write
//! to, what the original's links lead to.

use super::{Dir, Listing, followed, identity, unreadable};
use crate::roots::{self, LINKS};
use errors::Result;
use formats::relation::RelationFile;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use stream::{Body, FileKind, Finding, RelPath};

/// Directories of the server's own data: a link to elsewhere in them is part of the cluster.
const SERVER_DIRS: &[&str] =
    &["base", "global", "pg_xact", "pg_multixact", "pg_commit_ts", "pg_logical", "pg_twophase"];

/// Whether a path of the data directory is the server's own: links there are followed.
pub(crate) fn belongs_to_server(below: &Path) -> bool {
    let below = below.as_os_str().as_bytes();
    let top = below.split(|&byte| byte == b'/').next().unwrap_or_default();
    below == b"pg_wal" || SERVER_DIRS.iter().any(|dir| dir.as_bytes() == top)
}

impl Dir<'_> {
    /// Whether a directory is this one, or one above it.
    fn lies_in(&self, directory: (u64, u64)) -> bool {
        self.identity == directory || self.above.is_some_and(|above| above.lies_in(directory))
    }

    fn top(&self) -> &Path {
        self.above.map_or(&self.path, Dir::top)
    }
}

impl Listing<'_> {
    /// Links of the server's own (`pg_wal`, tablespaces) and of an administrator.
    pub(super) fn link(
        &mut self,
        dir: &Dir<'_>,
        path: &Path,
        below: &RelPath,
        link: &Metadata,
    ) -> Result<()> {
        let parent = dir.below.as_ref().map(ToString::to_string);
        if parent.as_deref() == Some(LINKS) && dir.root.as_str() == roots::DATA {
            return Ok(());
        }
        let Some(metadata) = followed(path)? else {
            return self.keep_link(dir, below, path, link, "where nothing is");
        };
        if metadata.is_file() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let relation = RelationFile::parse(&name).filter(|_| dir.of_relations);
            return self.give_file(dir.root, below, path, &metadata, relation);
        }
        if !metadata.is_dir() {
            let what = "is neither file nor directory: it is not in the backup";
            self.tell("link-to-special-file", path, what);
            return Ok(());
        }
        let is_servers = dir.root.as_str() != roots::DATA || belongs_to_server(below.as_path());
        let not_followed = if dir.lies_in(identity(&metadata)) {
            Some("which it lies in: it is not followed")
        } else if is_servers {
            None
        } else if self.is_tablespace(&metadata) {
            Some("a tablespace: it is restored as one, and the link leads to the old place")
        } else if !self.follow_links {
            Some("what lies there is not in the backup")
        } else if leads_inside(path, dir.top()) || !self.followed.insert(identity(&metadata)) {
            Some("what lies there is in the backup in another place")
        } else {
            None
        };
        match not_followed {
            Some(why) => self.keep_link(dir, below, path, link, why),
            None => self.sub_directory(dir, path.to_owned(), below, &metadata),
        }
    }

    /// The link as it is. Nothing is told of a relative one that stays in the data directory: it
    /// means the same in the restored one.
    fn keep_link(
        &mut self,
        dir: &Dir<'_>,
        below: &RelPath,
        path: &Path,
        link: &Metadata,
        why: &str,
    ) -> Result<()> {
        let target = match fs::read_link(path) {
            Ok(target) => target,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(unreadable(path, error)),
        };
        if target.is_absolute() || !leads_inside(path, dir.top()) {
            let text = format!("is a link to {}: {why}", target.display());
            self.tell("link-not-followed", path, &text);
        }
        let kind = FileKind::Symlink(target.as_os_str().as_bytes().to_vec());
        let file = self.file(dir.root, below, kind, link, Body::Nothing);
        (self.give)(file)
    }

    fn tell(&mut self, id: &str, path: &Path, what: &str) {
        let text = format!("{} {what}", path.display());
        self.findings.push(Finding { id: id.to_owned(), offset: 0, text });
    }
}

/// Whether a link ends in the directory that is being listed.
fn leads_inside(link: &Path, top: &Path) -> bool {
    let real = |path| fs::canonicalize(path).ok();
    real(link).zip(real(top)).is_some_and(|(end, top)| end.starts_with(top))
}
