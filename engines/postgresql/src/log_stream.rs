//! Files of the log as parts of a stream, for backups of every level, and what a segment says of
//! itself while it passes.

use crate::{listing, roots};
use errors::{Context, Kind, Result};
use formats::wal::{SegmentEnd, SegmentFacts, SegmentScan};
use formats::{SystemIdentifier, TimelineId, WalFile};
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use stream::{
    Body, FileKind, FileSource, Finding, LogKey, LogReach, Owner, RelPath, Sink, Tap, VirtualFile,
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

/// Walks over the records of a segment as its bytes pass.
pub(crate) struct SegmentTap {
    path: PathBuf,
    /// The last segment of a timeline that was left ends early, and that is no finding.
    is_partial: bool,
    scan: SegmentScan,
    facts: Option<SegmentFacts>,
}

impl SegmentTap {
    pub(crate) fn boxed(path: &Path, is_partial: bool) -> Box<dyn Tap> {
        let (path, scan) = (path.to_owned(), SegmentScan::new());
        Box::new(Self { path, is_partial, scan, facts: None })
    }
}

impl Tap for SegmentTap {
    fn bytes(&mut self, _offset: u64, bytes: &[u8]) {
        self.scan.feed(bytes);
    }

    fn facts(&mut self) -> BTreeMap<String, String> {
        self.facts = std::mem::take(&mut self.scan).finish().ok();
        self.facts.as_ref().map(SegmentFacts::to_facts).unwrap_or_default()
    }

    /// A segment that ends early is kept nevertheless: a server whose archiver is refused fills its
    /// disk, and what is there may still be needed.
    fn findings(self: Box<Self>) -> Vec<Finding> {
        match self.facts.map(|facts| facts.end) {
            Some(SegmentEnd::Torn { at, reason }) if !self.is_partial => vec![Finding {
                id: "wal-torn".to_owned(),
                offset: 0,
                text: format!("{}: the log ends at {at}, where {reason}", self.path.display()),
            }],
            _ => Vec::new(),
        }
    }

    fn fork(&self) -> Option<Box<dyn Tap>> {
        None
    }
}
