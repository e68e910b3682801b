//! Reads one body after the other and hands it to the plugin.

use super::{Place, Shared, announced};
use crate::names;
use crate::outbox::Outbox;
use crate::tally::Tally;
use crossbeam_channel::Receiver;
use errors::{Error, Kind, Result};
use protocol::{FileType, ToPlugin};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use stream::{Body, FileKind, Outcome, Progress, ReceiptWriter, Tap, VirtualFile};
use system::{BLOCK_BYTES, Block, open_source, read_promised};

/// A file, and who waits for it.
pub(super) struct Task {
    pub(super) file: VirtualFile,
    pub(super) receipt: ReceiptWriter,
}

/// Where bytes come from.
enum Source {
    Bytes(Vec<u8>),
    File(File),
    Reader(Box<dyn Read + Send>),
}

/// The thread that reads.
pub(super) struct Reader {
    place: Place,
    outbox: Outbox,
    shared: Arc<Shared>,
    progress: Arc<dyn Progress>,
    tally: Tally,
    block: Vec<u8>,
}

impl Reader {
    pub(super) fn new(
        place: Place,
        outbox: Outbox,
        shared: Arc<Shared>,
        progress: Arc<dyn Progress>,
    ) -> Self {
        let tally = Tally::default();
        Self { place, outbox, shared, progress, tally, block: Vec::new() }
    }

    /// Until nobody puts any more. After a failure the rest is not read.
    pub(super) fn run(mut self, tasks: &Receiver<Task>) -> Tally {
        for Task { file, receipt } in tasks {
            let failure = match self.shared.check() {
                Err(_) => None,
                Ok(()) => {
                    // A panic must not leave the engine waiting.
                    let read = catch_unwind(AssertUnwindSafe(|| self.send(file)));
                    let outcome = read.unwrap_or_else(|_| {
                        Err(Error::new(Kind::Bug, "the reader of a file panicked"))
                    });
                    let failure = outcome.as_ref().err().map(Error::repeat);
                    receipt.fill(outcome);
                    failure
                }
            };
            self.shared.end(failure);
        }
        self.tally
    }

    fn send(&mut self, mut file: VirtualFile) -> Result<Outcome> {
        if file.partial.is_some() {
            // No engine makes one here: without the rows of its parent it makes a full.
            let text = format!("{}: the daemon's stream cannot hold partial files", file.path);
            return Err(Error::new(Kind::Bug, text));
        }
        let size = file.known_size();
        let (file_type, link) = match &file.kind {
            FileKind::File | FileKind::Log(_) => (FileType::File, Vec::new()),
            FileKind::Directory => (FileType::Directory, Vec::new()),
            FileKind::Symlink(target) => (FileType::Symlink, target.clone()),
        };
        let label = match &file.body {
            Body::File(from) => from.path.display().to_string(),
            _ => file.path.to_string(),
        };
        let source = match std::mem::replace(&mut file.body, Body::Nothing) {
            Body::Nothing => Source::Bytes(Vec::new()),
            Body::Bytes(bytes) => Source::Bytes(bytes),
            Body::Reader(reader) => Source::Reader(reader),
            Body::File(from) => match open_source(&from.path, from.may_vanish)? {
                Some(file) => Source::File(file),
                None => return Ok(Outcome { vanished: true, ..Outcome::default() }),
            },
        };
        self.outbox.send(ToPlugin::File {
            name: self.place.subject.file(self.place.job, &file.root, &file.path),
            file_type,
            mode: file.mode,
            uid: file.owner.uid,
            gid: file.owner.gid,
            size: announced(size),
            mtime: file.mtime.timestamp(),
            link,
        })?;
        if file_type != FileType::File {
            return Ok(Outcome::default());
        }
        let mut body = Sending {
            outbox: &self.outbox,
            shared: &self.shared,
            progress: self.progress.as_ref(),
            source: Labelled { source, label },
            tap: file.tap.take(),
            outcome: Outcome::default(),
        };
        match size {
            Some(size) => body.promised(size, &mut self.block)?,
            None => body.everything()?,
        }
        let Sending { tap, mut outcome, .. } = body;
        outcome.findings = tap.map(Tap::findings).unwrap_or_default();
        self.outbox.send(ToPlugin::EndOfFile { bytes: outcome.bytes })?;
        let name = names::below(&file.root, &file.path);
        self.tally.add(&name, outcome.bytes, outcome.crc32c);
        Ok(outcome)
    }
}

/// One body on its way.
struct Sending<'a> {
    outbox: &'a Outbox,
    shared: &'a Shared,
    progress: &'a dyn Progress,
    source: Labelled,
    tap: Option<Box<dyn Tap>>,
    outcome: Outcome,
}

impl Sending<'_> {
    fn promised(&mut self, size: u64, block: &mut Vec<u8>) -> Result<()> {
        let Self { outbox, shared, progress, source, tap, outcome } = self;
        let mut read = |at: u64, buffer: &mut [u8]| {
            shared.check()?;
            source.read(at, buffer)
        };
        let mut take = |block: Block<'_>| {
            if let Some(tap) = tap.as_mut().filter(|_| block.there > 0) {
                tap.bytes(block.offset, &block.bytes[..block.there]);
            }
            outcome.account(block.bytes);
            progress.advance(block.bytes.len() as u64);
            let mut copy = outbox.block();
            copy.clear();
            copy.extend_from_slice(block.bytes);
            outbox.data(copy)
        };
        let missing = read_promised((0, size), block, &mut read, &mut take)?;
        outcome.shortfall = missing;
        Ok(())
    }

    fn everything(&mut self) -> Result<()> {
        loop {
            let mut block = self.outbox.block();
            block.resize(BLOCK_BYTES, 0);
            let mut filled = 0;
            while filled < BLOCK_BYTES {
                self.shared.check()?;
                let at = self.outcome.bytes + filled as u64;
                match self.source.read(at, &mut block[filled..])? {
                    0 => break,
                    more => filled += more,
                }
            }
            // The tool whose pipe this is may have been ended meanwhile.
            self.shared.check()?;
            if filled == 0 {
                return Ok(());
            }
            block.truncate(filled);
            if let Some(tap) = &mut self.tap {
                tap.bytes(self.outcome.bytes, &block);
            }
            self.outcome.account(&block);
            self.progress.advance(filled as u64);
            self.outbox.data(block)?;
        }
    }
}

/// Adding up what is sent.
trait Account {
    fn account(&mut self, block: &[u8]);
}

impl Account for Outcome {
    fn account(&mut self, block: &[u8]) {
        self.crc32c = crc32c::crc32c_append(self.crc32c, block);
        self.bytes += block.len() as u64;
    }
}

/// A source, and what it is called in errors.
struct Labelled {
    source: Source,
    label: String,
}

impl Labelled {
    fn read(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize> {
        loop {
            match self.source.read(at, buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => {
                    return read.map_err(|error| {
                        Error::io(format!("read {} at byte {at}", self.label), error)
                            .with_kind(Kind::SourceFiles)
                    });
                }
            }
        }
    }
}

impl Source {
    fn read(&mut self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Bytes(bytes) => {
                let start = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                (&bytes[start..]).read(buffer)
            }
            Self::File(file) => file.read_at(buffer, at),
            Self::Reader(reader) => reader.read(buffer),
        }
    }
}
