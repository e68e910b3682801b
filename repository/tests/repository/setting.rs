//! A repository in a scratch directory, files to put into it, and a tree that remembers.

use chrono::{DateTime, Utc};
use errors::Result;
use repository::{
    BodyOptions, Claim, ExtractOptions, LinkDocument, Repository, RepositorySink, SinkOptions,
    UnitStore, bodies, extract,
};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use stream::{
    Bodies, Body, Cancel, Extent, FileKind, FilePart, FileSource, JobId, Level, Link, LinkName,
    LogReach, Owner, Position, RelPath, RootName, Silent, Sink, TargetName, Totals, TreeWriter,
    VirtualFile,
};
use uuid::Uuid;

pub(crate) struct Setting {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) store: UnitStore,
}

/// Small limits, so that a few MiB make several volumes and parts.
pub(crate) const OPTIONS: SinkOptions =
    SinkOptions { workers: 3, level: 3, volume_bytes: 3 << 20, part_bytes: 1 << 20 };

impl Setting {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let storage = Repository::storage(dir.path().join("r").to_str().unwrap()).unwrap();
        let repository = Repository::init(storage).unwrap();
        let store =
            repository.unit(&TargetName::new("pg-main").unwrap(), None, stream::LogScope::Target);
        Self { dir, store }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("r")
    }

    pub(crate) fn claim(&self, id: Uuid) -> Result<Claim> {
        Claim::take(&self.store, id, Level::Full, JobId::new(604))
    }

    pub(crate) fn sink(&self, claim: Claim) -> RepositorySink {
        RepositorySink::start(claim, OPTIONS, Cancel::new(), Arc::new(Silent)).unwrap()
    }

    /// Backs the files up and answers the link's document.
    pub(crate) fn backup(&self, files: Vec<VirtualFile>, log: Vec<LogReach>) -> LinkDocument {
        self.backup_with(OPTIONS, files, log)
    }

    pub(crate) fn backup_with(
        &self,
        options: SinkOptions,
        files: Vec<VirtualFile>,
        log: Vec<LogReach>,
    ) -> LinkDocument {
        let id = Uuid::new_v4();
        let claim = self.claim(id).unwrap();
        let job = claim.job();
        let sink = RepositorySink::start(claim, options, Cancel::new(), Arc::new(Silent)).unwrap();
        let receipts: Vec<_> = files.into_iter().map(|file| sink.put(file).unwrap()).collect();
        for receipt in receipts {
            receipt.redeem().unwrap();
        }
        let link = link(id, job, log);
        let name = link.name();
        Box::new(sink).finish(link).unwrap();
        self.store.link(&name).unwrap()
    }

    pub(crate) fn extract(&self, document: &LinkDocument) -> Result<BTreeMap<String, Vec<u8>>> {
        let tree = Remember::default();
        let cancel = Cancel::new();
        let options = ExtractOptions { workers: 2, cancel: &cancel, progress: &Silent };
        extract(&self.store, &[document], &tree, options)?;
        Ok(tree.0.into_inner().unwrap())
    }

    /// One body of a link, read by two workers.
    pub(crate) fn open(&self, document: &LinkDocument, path: &str) -> Result<Box<dyn Read + Send>> {
        let options = BodyOptions { workers: 2, cancel: Cancel::new() };
        let root = RootName::new("data").unwrap();
        bodies(&self.store, document, options).open(&root, &RelPath::new(path).unwrap())
    }

    /// The paths of all objects below a directory of the repository.
    pub(crate) fn objects(&self, below: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.root().join(below), &mut found);
        found.sort();
        found
    }
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

pub(crate) fn link(id: Uuid, job: JobId, log: Vec<LogReach>) -> Link {
    let now = Utc::now();
    Link {
        version: stream::WHOLE_FILES_VERSION,
        id,
        parent: None,
        engine: "test".into(),
        target: TargetName::new("pg-main").unwrap(),
        unit: None,
        job,
        level: Level::Full,
        from: Position::new(0),
        to: Position::new(42),
        base: BTreeMap::new(),
        earliest: None,
        lineage: BTreeMap::new(),
        state: serde_json::Value::Null,
        roots: BTreeMap::new(),
        server: BTreeMap::new(),
        started_at: now,
        finished_at: now,
        totals: Totals::default(),
        log,
        findings: Vec::new(),
    }
}

pub(crate) fn file(path: &str, size: Option<u64>, body: Body) -> VirtualFile {
    VirtualFile {
        root: RootName::new("data").unwrap(),
        path: RelPath::new(path).unwrap(),
        kind: FileKind::File,
        mode: 0o600,
        owner: Owner::default(),
        mtime: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
        size,
        body,
        partial: None,
        tap: None,
    }
}

pub(crate) fn from_disk(path: &str, on_disk: PathBuf, size: u64) -> VirtualFile {
    file(path, Some(size), Body::File(FileSource { path: on_disk, may_vanish: true }))
}

/// Bytes that look random, the same for the same seed.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

/// A stream of `length` bytes as a pipe gives it, in pieces of odd sizes. Three quarters of it do
/// not compress.
pub(crate) struct Pattern {
    noise: Vec<u8>,
    at: u64,
    length: u64,
}

impl Pattern {
    pub(crate) fn new(seed: u64, length: u64) -> Self {
        let mut noise = noise(seed, 3 << 20);
        // Longer than a window of the compressor, so that it does not know the repetitions.
        noise.resize(4_100_000, b'-');
        Self { noise, at: 0, length }
    }

    pub(crate) fn boxed(seed: u64, length: u64) -> Body {
        Body::Reader(Box::new(Self::new(seed, length)))
    }
}

impl Read for Pattern {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let from = usize::try_from(self.at % self.noise.len() as u64).unwrap();
        let left = usize::try_from(self.length - self.at).unwrap();
        let piece = 65_536 - from % 777;
        let read = piece.min(buffer.len()).min(left).min(self.noise.len() - from);
        buffer[..read].copy_from_slice(&self.noise[from..from + read]);
        self.at += read as u64;
        Ok(read)
    }
}

/// Reads both to their ends, or to an error of the first; answers how many bytes were the same.
pub(crate) fn compare(read: &mut dyn Read, wanted: &mut dyn Read) -> std::io::Result<u64> {
    let (mut ours, mut theirs) = (vec![0; 300_007], Vec::new());
    let mut same = 0;
    loop {
        let length = read.read(&mut ours)?;
        theirs.clear();
        let wish = if length == 0 { 1 } else { length as u64 };
        (&mut *wanted).take(wish).read_to_end(&mut theirs).unwrap();
        assert!(ours[..length] == theirs, "another byte after {same}");
        if length == 0 {
            return Ok(same);
        }
        same += length as u64;
    }
}

/// Keeps what it is given, part by part.
#[derive(Default)]
pub(crate) struct Remember(pub(crate) Mutex<BTreeMap<String, Vec<u8>>>);

impl TreeWriter for Remember {
    fn open(&self, _link: LinkName) -> Result<()> {
        panic!("one link is no chain")
    }

    fn wants(&self, _part: &FilePart) -> Result<bool> {
        Ok(true)
    }

    fn put(&self, part: &FilePart, body: &mut dyn Read) -> Result<()> {
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes).map_err(|error| errors::Error::io("read body", error))?;
        let mut files = self.0.lock().unwrap();
        let whole = files.entry(part.path.to_string()).or_default();
        let offset = match part.extent {
            Extent::Part { offset, .. } => offset,
            Extent::Whole => 0,
            Extent::Ranges(_) => panic!("{} is partial", part.path),
        };
        let end = usize::try_from(offset).unwrap() + bytes.len();
        whole.resize(whole.len().max(end), 0);
        whole[end - bytes.len()..end].copy_from_slice(&bytes);
        Ok(())
    }

    fn close(&self) -> Result<()> {
        panic!("one link is no chain")
    }

    fn settle(&self) -> Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
