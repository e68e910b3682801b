//! Files of the log as parts of a stream, for backups of every level.

use crate::listing;
use crate::roots;
use errors::{Context, Kind, Result};
use formats::{SystemIdentifier, TimelineId, WalFile};
use std::fs::Metadata;
use std::path::PathBuf;
use stream::{
    Body, FileKind, FileSource, LogKey, LogReach, Owner, RelPath, Sink, Tap, VirtualFile,
};

/// Where the server writes its log, below the data directory.
pub(crate) const WAL_DIR: &str = "pg_wal";

/// Whose a new file of the data directory is.
pub(crate) struct Rights {
    pub(crate) mode: u32,
    pub(crate) owner: Owner,
}

/// A file that does not change any more, as a piece of log.
///
/// # Errors
/// `bug`: a name of the log is always one.
pub(crate) fn piece(
    file: &WalFile,
    key: LogKey,
    path: PathBuf,
    metadata: &Metadata,
    rights: Rights,
    tap: Option<Box<dyn Tap>>,
) -> Result<VirtualFile> {
    Ok(VirtualFile {
        root: roots::data_root()?,
        path: place(file)?,
        kind: FileKind::Log(key),
        mode: rights.mode,
        owner: rights.owner,
        mtime: listing::mtime(metadata),
        size: Some(metadata.len()),
        body: Body::File(FileSource { path, may_vanish: false }),
        partial: None,
        tap,
    })
}

/// Where a file of the log lies below the data directory.
///
/// # Errors
/// `bug`: a name of the log is always one.
pub(crate) fn place(file: &WalFile) -> Result<RelPath> {
    RelPath::new(format!("{WAL_DIR}/{file}")).or_kind(Kind::Bug, || "name a piece of log")
}

/// A piece's name in a link.
pub(crate) fn name(key: &LogKey) -> String {
    format!("{}/{}", key.shard, key.name)
}

/// Pieces of one timeline, for a link.
///
/// # Errors
/// `bug`: the name is a constant.
pub(crate) fn reach(
    system: SystemIdentifier,
    timeline: TimelineId,
    pieces: Vec<String>,
) -> Result<LogReach> {
    Ok(LogReach {
        lineage: system.to_string(),
        lane: timeline.hex8(),
        root: roots::data_root()?,
        directory: RelPath::new(WAL_DIR).or_kind(Kind::Bug, || "name pg_wal")?,
        pieces,
    })
}

/// Whether the sink keeps a piece already.
///
/// # Errors
/// The sink's own.
pub(crate) fn is_kept(sink: &dyn Sink, key: &LogKey) -> Result<bool> {
    Ok(sink.has_log(std::slice::from_ref(key))?.first() == Some(&true))
}
