//! Symbolic links in a data directory: the server's own, and an administrator's.

use super::look::unreadable;
use super::{Dir, Listing};
use crate::roots::{self, LINKS};
use errors::Result;
use formats::relation::RelationFile;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use stream::{Body, FileKind, Finding, RelPath, RootName};

/// Directories of the server's own data: a link to elsewhere in them is part of the cluster.
const SERVER_DIRS: &[&str] =
    &["base", "global", "pg_xact", "pg_multixact", "pg_commit_ts", "pg_logical", "pg_twophase"];

/// Whether a path of the data directory is the server's own: links there are followed.
pub(crate) fn belongs_to_server(below: &Path) -> bool {
    let below = below.as_os_str().as_bytes();
    let top = below.split(|&byte| byte == b'/').next().unwrap_or_default();
    below == b"pg_wal" || SERVER_DIRS.iter().any(|dir| dir.as_bytes() == top)
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
        let followed = match fs::metadata(path) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(unreadable(path, error)),
        };
        let is_servers = dir.root.as_str() != roots::DATA || belongs_to_server(below.as_path());
        match followed {
            Some(metadata) if metadata.is_file() => {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let relation = RelationFile::parse(&name).filter(|_| dir.of_relations);
                self.give_file(dir.root, below, path, &metadata, relation)
            }
            Some(metadata) if metadata.is_dir() && is_servers => {
                self.sub_directory(dir, path.to_owned(), below, &metadata)
            }
            _ => self.give_link(dir.root, below, path, link),
        }
    }

    fn give_link(
        &mut self,
        root: &RootName,
        below: &RelPath,
        path: &Path,
        link: &Metadata,
    ) -> Result<()> {
        let target = match fs::read_link(path) {
            Ok(target) => target,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(unreadable(path, error)),
        };
        self.findings.push(Finding {
            id: "link-not-followed".to_owned(),
            offset: 0,
            text: format!(
                "{} is a link to {}: what lies there is not in the backup",
                path.display(),
                target.display()
            ),
        });
        let kind = FileKind::Symlink(target.as_os_str().as_bytes().to_vec());
        let file = self.file(root, below, kind, link, Body::Nothing);
        (self.give)(file)
    }
}
