//! Tasks: what one worker does without asking anybody.

use super::receipts::PartReceipts;
use crate::volume::{Member, Part, RootedPath};
use errors::{Error, Kind, Result};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use stream::{Body, FileKind, FileSource, Receipt, Tap, VirtualFile};

/// A body of unknown length is held back in parts of this size: a tar header tells the size first.
const UNKNOWN_PART_BYTES: u64 = 8 << 20;

/// A file, or a run of parts of one, for one worker.
pub(super) struct Task {
    /// What the members' headers say, but for size and part.
    pub(super) member: Member,
    pub(super) source: Source,
    /// The bytes of the file that this task covers; `None`: to the end, wherever that is.
    pub(super) range: Option<(u64, u64)>,
    /// The members are parts of at most so many bytes; `None`: the file is one member.
    pub(super) cut: Option<u64>,
    pub(super) tap: Option<Box<dyn Tap>>,
    /// Whose outcome this is: the receipts and the task's number among them.
    pub(super) receipts: Arc<PartReceipts>,
    pub(super) number: usize,
}

/// Where a task's bytes come from.
pub(super) enum Source {
    Nothing,
    Bytes(Vec<u8>),
    File(Arc<SharedFile>),
    Reader(Box<dyn Read + Send>),
}

/// A file that several workers read, opened once by the first of them: so all read the same file,
/// even when it is dropped, or replaced, in between.
pub(super) struct SharedFile {
    source: FileSource,
    opened: OnceLock<Result<Option<File>, (io::ErrorKind, String)>>,
}

impl SharedFile {
    /// The open file; `None` when it is gone and may be.
    pub(super) fn open(&self) -> Result<Option<&File>> {
        let opened = self.opened.get_or_init(|| match File::open(&self.source.path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.source.may_vanish => {
                Ok(None)
            }
            Err(error) => Err((error.kind(), error.to_string())),
        });
        opened.as_ref().map(Option::as_ref).map_err(|(kind, text)| {
            let error =
                Error::new(Kind::SourceFiles, format!("open {}: {text}", self.path().display()));
            if *kind == io::ErrorKind::PermissionDenied {
                return error.hint("Run as the user that owns the server's files.");
            }
            error
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.source.path
    }
}

/// Cuts a file into tasks. Large files whose tap can be forked are read by several workers.
pub(super) fn split(file: VirtualFile, part_bytes: u64) -> (Vec<Task>, Receipt) {
    let size = file.known_size();
    let cut = match size {
        // A piece of log is stored as one object of its own.
        _ if matches!(file.kind, FileKind::Log(_)) => None,
        Some(size) => (size > part_bytes).then_some(part_bytes),
        None => Some(UNKNOWN_PART_BYTES),
    };
    let ranges = match size {
        Some(size) if cut.is_some() && may_be_shared(&file) => ranges(size, part_bytes),
        Some(size) => vec![Some((0, size))],
        None => vec![None],
    };
    let (receipts, receipt) = PartReceipts::new(ranges.len());
    let member = Member {
        place: RootedPath { root: file.root, path: file.path },
        kind: file.kind,
        mode: file.mode,
        owner: file.owner,
        mtime: file.mtime,
        size: 0,
        part: cut.map(|_| Part { offset: 0, of: size }),
    };
    let mut taps = forks(file.tap, ranges.len());
    let mut sources = sources(file.body, ranges.len());
    let task = |(number, range)| Task {
        member: member.clone(),
        source: sources.pop().unwrap_or(Source::Nothing),
        range,
        cut,
        tap: taps.pop().flatten(),
        receipts: Arc::clone(&receipts),
        number,
    };
    (ranges.into_iter().enumerate().map(task).collect(), receipt)
}

/// Whether several workers may read parts of the file: it is one that can be read anywhere, and
/// whoever looks on can look at parts.
fn may_be_shared(file: &VirtualFile) -> bool {
    let looks_at_parts = file.tap.as_ref().is_none_or(|tap| tap.fork().is_some());
    matches!(file.body, Body::File(_)) && looks_at_parts
}

fn ranges(size: u64, part_bytes: u64) -> Vec<Option<(u64, u64)>> {
    let mut ranges = Vec::new();
    let mut offset = 0;
    while offset < size {
        let length = part_bytes.min(size - offset);
        ranges.push(Some((offset, length)));
        offset += length;
    }
    ranges
}

fn forks(tap: Option<Box<dyn Tap>>, count: usize) -> Vec<Option<Box<dyn Tap>>> {
    let mut forks: Vec<_> = (1..count).map(|_| tap.as_ref().and_then(|tap| tap.fork())).collect();
    forks.push(tap);
    forks
}

fn sources(body: Body, count: usize) -> Vec<Source> {
    match body {
        Body::Nothing => vec![Source::Nothing],
        Body::Bytes(bytes) => vec![Source::Bytes(bytes)],
        Body::Reader(reader) => vec![Source::Reader(reader)],
        Body::File(source) => {
            let shared = Arc::new(SharedFile { source, opened: OnceLock::new() });
            (0..count).map(|_| Source::File(Arc::clone(&shared))).collect()
        }
    }
}
