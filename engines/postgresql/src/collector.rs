//! The collector: redeems the receipts of all files, in order, and writes the manifest from them.
//!
//! It runs on a thread of its own behind a bounded channel: the listing goes on while files are
//! read, and a million receipts are never held at once.

use crate::configuration;
use crate::roots;
use crossbeam_channel::{Receiver, Sender, bounded};
use errors::{Error, Kind, Result};
use formats::SystemIdentifier;
use formats::manifest::{ManifestVersion, ManifestWriter, WalRange};
use std::thread::JoinHandle;
use stream::{FileKind, Finding, Receipt, RelPath, RootName, Totals, VirtualFile};
use system::Spool;

/// Receipts that may be open before the listing waits.
const OPEN_RECEIPTS: usize = 4096;
/// Findings that a link keeps; the rest is counted in the log only.
const FINDINGS_MAX: usize = 1000;
/// A file of the backup that the manifest does not name: the restored tree has links instead.
pub(crate) const TABLESPACE_MAP: &str = "tablespace_map";

/// What a file's row in the manifest needs, next to its receipt.
struct Expected {
    path: Vec<u8>,
    mtime: i64,
    counts: bool,
    in_manifest: bool,
    receipt: Receipt,
}

/// A manifest, as far as it is written.
struct Manifest {
    writer: ManifestWriter,
    spool: Spool,
}

/// What all files were, together.
pub(crate) struct Collected {
    /// None before 13, and once it is ended.
    manifest: Option<Manifest>,
    pub(crate) totals: Totals,
    pub(crate) findings: Vec<Finding>,
}

/// Redeems receipts while files are put.
pub(crate) struct Collector {
    expected: Sender<Expected>,
    thread: JoinHandle<Result<Collected>>,
}

impl Collector {
    /// Begins the manifest of a server, where its major has one.
    ///
    /// # Errors
    /// `io`: no thread could be started.
    pub(crate) fn start(major: u16, system: SystemIdentifier) -> Result<Self> {
        let version = ManifestVersion::for_major(major);
        let manifest = version.map(|version| Manifest::begin(version, system)).transpose()?;
        let collected = Collected { manifest, totals: Totals::default(), findings: Vec::new() };
        let (expected, queue) = bounded(OPEN_RECEIPTS);
        let thread = std::thread::Builder::new().name("collector".into());
        let thread = thread
            .spawn(move || collected.run(&queue))
            .map_err(|error| Error::io("start a thread", error))?;
        Ok(Self { expected, thread })
    }

    /// Expects a file that has been put; `describe` its row with [`Row::of`] before.
    ///
    /// # Errors
    /// The collector has failed: then [`Collector::finish`] tells why.
    pub(crate) fn expect(&self, row: Row, receipt: Receipt) -> Result<()> {
        let Row { path, mtime, counts, in_manifest } = row;
        let expected = Expected { path, mtime, counts, in_manifest, receipt };
        self.expected
            .send(expected)
            .map_err(|_| Error::new(Kind::Interrupted, "a file could not be copied"))
    }

    /// Waits for the last receipt.
    ///
    /// # Errors
    /// The first failure of a file.
    pub(crate) fn finish(self) -> Result<Collected> {
        drop(self.expected);
        self.thread.join().unwrap_or_else(|_| Err(Error::new(Kind::Bug, "the collector panicked")))
    }
}

/// A file's row in the manifest, before its body was read.
pub(crate) struct Row {
    path: Vec<u8>,
    mtime: i64,
    counts: bool,
    in_manifest: bool,
}

impl Row {
    /// Where a restored server has the file: a tablespace behind its link.
    pub(crate) fn of(file: &VirtualFile) -> Self {
        let is_map = file.path.as_bytes() == TABLESPACE_MAP.as_bytes();
        let counts = file.kind == FileKind::File && !is_map;
        Self {
            path: server_path(&file.root, &file.path),
            mtime: file.mtime.timestamp(),
            counts,
            // The manifest is the data directory's.
            in_manifest: counts && file.root.as_str() != configuration::ROOT,
        }
    }
}

fn server_path(root: &RootName, path: &RelPath) -> Vec<u8> {
    let Some(oid) = roots::tablespace_of(root) else { return path.as_bytes().to_vec() };
    let mut bytes = format!("{}/{oid}/", roots::LINKS).into_bytes();
    bytes.extend_from_slice(path.as_bytes());
    bytes
}

impl Manifest {
    fn begin(version: ManifestVersion, system: SystemIdentifier) -> Result<Self> {
        let mut spool = Spool::new();
        let mut text = Vec::new();
        let writer = ManifestWriter::begin(version, system, &mut text);
        spool.write(&text)?;
        Ok(Self { writer, spool })
    }
}

impl Collected {
    fn run(mut self, queue: &Receiver<Expected>) -> Result<Self> {
        let mut text = Vec::new();
        for Expected { path, mtime, counts, in_manifest, receipt } in queue {
            let outcome = receipt.redeem()?;
            if outcome.vanished {
                self.totals.vanished += 1;
                continue;
            }
            self.note(outcome.findings);
            if !counts {
                continue;
            }
            self.totals.files += 1;
            self.totals.bytes += outcome.bytes;
            if let Some(Manifest { writer, spool }) = self.manifest.as_mut().filter(|_| in_manifest)
            {
                text.clear();
                writer.file(&mut text, &path, outcome.bytes, mtime, Some(outcome.crc32c));
                spool.write(&text)?;
            }
        }
        Ok(self)
    }

    /// Keeps findings up to a bound.
    pub(crate) fn note(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            tracing::warn!("{}", finding.text);
            if self.findings.len() < FINDINGS_MAX {
                self.findings.push(finding);
            }
        }
    }

    /// Ends the manifest: the spool holds all of it. `None` where the server's major has none.
    ///
    /// # Errors
    /// The spool cannot be written.
    pub(crate) fn end_manifest(&mut self, range: WalRange) -> Result<Option<Spool>> {
        let Some(Manifest { writer, mut spool }) = self.manifest.take() else { return Ok(None) };
        let mut text = Vec::new();
        writer.finish(&mut text, &[range]);
        spool.write(&text)?;
        Ok(Some(spool))
    }
}
