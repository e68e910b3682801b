//! Bodies of unknown length: a thread of its own reads one, and the workers share its parts.
//!
//! A tool's stream is one body of many GiB. Whoever reads it must not compress it as well: so the
//! thread only reads, shows the bytes to the tap, and cuts. Each part goes to whichever worker is
//! free, so that the parts of one body lie in the volumes of all of them.

use super::buffers::PartBuffer;
use super::receipts::PartReceipts;
use super::shared::Shared;
use super::task::{self, Source, Task};
use crate::volume::{Member, Part};
use crossbeam_channel::Sender;
use errors::{Error, Kind, Result};
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use stream::{Body, Outcome, Receipt, Tap, VirtualFile};
use system::{BLOCK_BYTES, open_source};

/// A part is held back until it is whole: a tar header tells the size first.
const PART_BYTES: usize = 8 << 20;

/// Starts a thread that reads the file's body to its end; waits while as many as workers are open.
///
/// A thread whose reader waits for bytes cannot be woken. It is not waited for after a failure; it
/// ends when the reader returns, which is up to whoever feeds the reader.
pub(super) fn start(
    file: VirtualFile,
    shared: &Arc<Shared>,
    tasks: &Sender<Task>,
) -> Result<Receipt> {
    let (receipts, receipt) = PartReceipts::open_ended();
    let lane = Lane::open(shared, &receipts)?;
    let streamed = Streamed {
        member: task::member(&file, Some(Part { offset: 0, of: None })),
        tap: file.tap,
        shared: Arc::clone(shared),
        tasks: tasks.clone(),
        receipts,
        parts: 0,
        offset: 0,
    };
    let thread = thread::Builder::new().name("stream".to_owned());
    let run = move || streamed.run(file.body, lane);
    thread.spawn(run).map_err(|error| Error::io("start a thread", error))?;
    Ok(receipt)
}

/// The right to have a stream open.
struct Lane {
    shared: Arc<Shared>,
    receipts: Arc<PartReceipts>,
}

impl Lane {
    fn open(shared: &Arc<Shared>, receipts: &Arc<PartReceipts>) -> Result<Self> {
        shared.begin_stream(receipts)?;
        Ok(Self { shared: Arc::clone(shared), receipts: Arc::clone(receipts) })
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.shared.end_stream(&self.receipts);
    }
}

/// One body while it is read.
struct Streamed {
    /// What the members' headers say, but for size and part.
    member: Member,
    tap: Option<Box<dyn Tap>>,
    shared: Arc<Shared>,
    tasks: Sender<Task>,
    receipts: Arc<PartReceipts>,
    /// Parts that were cut, and where the next one begins.
    parts: usize,
    offset: u64,
}

impl Streamed {
    /// The lane is given back at the end: who finds no stream open finds all of its tasks counted.
    fn run(mut self, body: Body, _lane: Lane) {
        // A panic must not leave the job waiting for a stream that nobody reads any more.
        let outcome = catch_unwind(AssertUnwindSafe(|| self.read(body)))
            .unwrap_or_else(|_| Err(Error::new(Kind::Bug, "the reader of a stream panicked")));
        match outcome {
            Ok(rest) => self.receipts.end(self.parts, rest),
            // The receipt is told, too: this stream is still open.
            Err(error) => self.shared.fail(error),
        }
    }

    /// Reads to the end, or until the job ends, and drops the reader: a tool's pipe is closed then.
    fn read(&mut self, body: Body) -> Result<Outcome> {
        let mut reader: Box<dyn Read> = match body {
            Body::Reader(reader) => reader,
            Body::File(source) => match open_source(&source.path, source.may_vanish)? {
                Some(file) => Box::new(file),
                None => return Ok(Outcome { vanished: true, ..Outcome::default() }),
            },
            Body::Nothing | Body::Bytes(_) => {
                return Err(Error::new(Kind::Bug, "the length of this body is known"));
            }
        };
        loop {
            let part = self.read_part(&mut *reader)?;
            let length = part.filled().len();
            // At least one part, so that an empty body exists.
            if length > 0 || self.parts == 0 {
                self.send(part)?;
            }
            if length < PART_BYTES {
                break;
            }
        }
        let findings = self.tap.take().map(Tap::findings).unwrap_or_default();
        Ok(Outcome { findings, ..Outcome::default() })
    }

    /// The next part; shorter than the others only at the end of the body.
    fn read_part(&mut self, reader: &mut dyn Read) -> Result<PartBuffer> {
        let mut part = self.shared.buffers.take()?;
        while part.filled().len() < PART_BYTES {
            let at = self.offset + part.filled().len() as u64;
            let read = self.read_block(reader, at, part.room())?;
            let block = part.fill(read);
            if let Some(tap) = &mut self.tap
                && read > 0
            {
                tap.bytes(at, block);
            }
            if read < BLOCK_BYTES {
                break;
            }
        }
        Ok(part)
    }

    /// Fills the block as far as the body goes. A pipe gives it in small pieces.
    fn read_block(&self, reader: &mut dyn Read, at: u64, block: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < block.len() {
            // Before a read, which may wait long for nothing.
            self.shared.check_running()?;
            match reader.read(&mut block[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let (path, at) = (&self.member.place.path, at + filled as u64);
                    let error = Error::io(format!("read the stream {path} at byte {at}"), error);
                    return Err(error.with_kind(Kind::SourceFiles));
                }
            }
        }
        // After one too, which may have waited long: the job's engine may be gone.
        self.shared.check_running()?;
        Ok(filled)
    }

    fn send(&mut self, part: PartBuffer) -> Result<()> {
        let length = part.filled().len() as u64;
        let place = Part { offset: self.offset, of: None };
        let task = Task {
            member: Member { size: length, part: Some(place), ..self.member.clone() },
            source: Source::Part(part),
            range: (self.offset, length),
            cut: None,
            partial: Vec::new(),
            tap: None,
            receipts: Arc::clone(&self.receipts),
            number: self.parts,
        };
        self.parts += 1;
        self.offset += length;
        self.shared.send(&self.tasks, task)
    }
}
