//! Tasks: what one worker does without asking anybody.

use super::buffers::PartBuffer;
use super::partial;
use super::receipts::PartReceipts;
use crate::volume::{Member, Part, RootedPath};
use errors::{Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use stream::{Body, FileKind, FileSource, PartialFile, Receipt, Tap, VirtualFile};
use system::open_source;

/// A file, or a run of parts of one, for one worker.
pub(super) struct Task {
    /// What the members' headers say, but for size and part.
    pub(super) member: Member,
    pub(super) source: Source,
    /// The bytes of the file that this task covers: offset and length.
    pub(super) range: (u64, u64),
    /// The members are parts of at most so many bytes; `None`: the file is one member.
    pub(super) cut: Option<u64>,
    /// Of a partial file: the members to write, in place of `range` and `cut`.
    pub(super) partial: Vec<PartialFile>,
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
    /// A part of a body of unknown length, read already; the member says which.
    Part(PartBuffer),
}

/// A file that several workers read, opened once by the first of them: so all read the same file,
/// even when it is dropped, or replaced, in between.
pub(super) struct SharedFile {
    source: FileSource,
    opened: OnceLock<Result<Option<File>>>,
}

impl SharedFile {
    /// The open file; `None` when it is gone and may be.
    pub(super) fn open(&self) -> Result<Option<&File>> {
        let open = || open_source(&self.source.path, self.source.may_vanish);
        let opened = self.opened.get_or_init(open);
        opened.as_ref().map(Option::as_ref).map_err(Error::repeat)
    }

    pub(super) fn path(&self) -> &Path {
        &self.source.path
    }
}

/// Cuts a file of `size` bytes into tasks. Large files whose tap can be forked are read by several
/// workers.
pub(super) fn split(mut file: VirtualFile, size: u64, part_bytes: u64) -> (Vec<Task>, Receipt) {
    if let Some(ranges) = file.partial.take() {
        return partial::split(file, &ranges, part_bytes);
    }
    // A piece of log is stored as one object of its own.
    let is_log = matches!(file.kind, FileKind::Log(_));
    let cut = (size > part_bytes && !is_log).then_some(part_bytes);
    let ranges = match cut {
        Some(part_bytes) if may_be_shared(&file) => ranges(size, part_bytes),
        _ => vec![(0, size)],
    };
    let (receipts, receipt) = PartReceipts::new(ranges.len());
    let member = member(&file, cut.map(|_| Part { offset: 0, of: Some(size) }));
    let mut taps = forks(file.tap, ranges.len());
    let mut sources = sources(file.body, ranges.len());
    let task = |(number, range)| Task {
        member: member.clone(),
        source: sources.pop().unwrap_or(Source::Nothing),
        range,
        cut,
        partial: Vec::new(),
        tap: taps.pop().flatten(),
        receipts: Arc::clone(&receipts),
        number,
    };
    (ranges.into_iter().enumerate().map(task).collect(), receipt)
}

/// What the headers of a file's members say, but for size and offset.
pub(super) fn member(file: &VirtualFile, part: Option<Part>) -> Member {
    Member {
        place: RootedPath { root: file.root.clone(), path: file.path.clone() },
        kind: file.kind.clone(),
        mode: file.mode,
        owner: file.owner.clone(),
        mtime: file.mtime,
        size: 0,
        part,
        partial: None,
    }
}

/// Whether several workers may read parts of the file: it is one that can be read anywhere, and
/// whoever looks on can look at parts.
pub(super) fn may_be_shared(file: &VirtualFile) -> bool {
    let looks_at_parts = file.tap.as_ref().is_none_or(|tap| tap.fork().is_some());
    matches!(file.body, Body::File(_)) && looks_at_parts
}

fn ranges(size: u64, part_bytes: u64) -> Vec<(u64, u64)> {
    let mut ranges = Vec::new();
    let mut offset = 0;
    while offset < size {
        let length = part_bytes.min(size - offset);
        ranges.push((offset, length));
        offset += length;
    }
    ranges
}

pub(super) fn forks(tap: Option<Box<dyn Tap>>, count: usize) -> Vec<Option<Box<dyn Tap>>> {
    let mut forks: Vec<_> = (1..count).map(|_| tap.as_ref().and_then(|tap| tap.fork())).collect();
    forks.push(tap);
    forks
}

pub(super) fn sources(body: Body, count: usize) -> Vec<Source> {
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
