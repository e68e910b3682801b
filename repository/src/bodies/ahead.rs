//! Reading ahead: workers fetch the parts of a body, the reader puts them in order.

use super::BodyOptions;
use super::pieces::Pieces;
use crate::storage::Storage;
use crate::volume::{Fetcher, Place};
use crossbeam_channel::{Receiver, Sender, bounded};
use errors::{Error, Kind, Result};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use stream::Cancel;

/// Parts of streams are of this size.
const USUAL_PART_BYTES: u64 = 8 << 20;

/// A body that is fetched ahead of its reader.
pub(super) struct Ahead {
    parts: usize,
    /// The number of the part that comes after `part`.
    next: usize,
    part: Vec<u8>,
    /// Bytes of `part` that were handed over.
    given: usize,
    /// Parts that were faster than one before them.
    early: BTreeMap<usize, Result<Vec<u8>>>,
    failure: Option<Error>,
    cancel: Cancel,
    /// `None` once nothing more is wanted: then the workers end.
    line: Option<Line>,
    workers: Vec<JoinHandle<()>>,
}

/// What goes between the reader and its workers. Buffers go round, so that their number bounds how
/// far ahead the workers are.
struct Line {
    free: Sender<Vec<u8>>,
    fetched: Receiver<(usize, Result<Vec<u8>>)>,
}

impl Ahead {
    pub(super) fn start(
        storage: Arc<dyn Storage>,
        pieces: Pieces,
        options: BodyOptions,
    ) -> Result<Self> {
        let parts = pieces.len();
        let buffers = buffers(options.workers, pieces.largest());
        let (free, buffers_in) = bounded(buffers);
        // The reader itself has one more.
        for _ in 1..buffers {
            let _ = free.try_send(Vec::new());
        }
        let (out, fetched) = bounded(buffers);
        let fetching = Arc::new(Fetching { storage, pieces, next: AtomicUsize::new(0) });
        let mut ahead = Self {
            parts,
            next: 0,
            part: Vec::new(),
            given: 0,
            early: BTreeMap::new(),
            failure: None,
            cancel: options.cancel,
            line: Some(Line { free, fetched }),
            workers: Vec::new(),
        };
        for number in 0..options.workers.clamp(1, parts.max(1)) {
            let (fetching, buffers_in, out) =
                (Arc::clone(&fetching), buffers_in.clone(), out.clone());
            let thread = thread::Builder::new().name(format!("fetch-{number}"));
            let run = move || fetching.run(&buffers_in, &out);
            let worker = thread.spawn(run).map_err(|error| Error::io("start a thread", error))?;
            ahead.workers.push(worker);
        }
        Ok(ahead)
    }

    /// Makes the next part the present one.
    fn advance(&mut self) -> Result<()> {
        let ended = || Error::new(Kind::Bug, "the workers of a body are gone");
        let line = self.line.as_ref().ok_or_else(ended)?;
        // Whoever takes it fetches a part that is still to come. All may be fetched already, and
        // the workers gone.
        let _ = line.free.send(std::mem::take(&mut self.part));
        self.given = 0;
        self.part = loop {
            if let Some(part) = self.early.remove(&self.next) {
                break part?;
            }
            let (number, part) = line.fetched.recv().map_err(|_| ended())?;
            self.early.insert(number, part);
        };
        self.next += 1;
        Ok(())
    }

    fn check(&self) -> Result<()> {
        match &self.failure {
            Some(failure) => Err(failure.repeat()),
            None if self.cancel.is_cancelled() => {
                Err(Error::new(Kind::Interrupted, "the job was cancelled"))
            }
            None => Ok(()),
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Not of io's kind Interrupted: that one is tried again by every reader.
        self.check().map_err(io::Error::other)?;
        while self.given == self.part.len() && self.next < self.parts {
            if let Err(error) = self.advance() {
                let told = error.repeat();
                self.failure = Some(error);
                self.line = None;
                return Err(io::Error::other(told));
            }
        }
        let left = &self.part[self.given..];
        let length = left.len().min(buffer.len());
        buffer[..length].copy_from_slice(&left[..length]);
        self.given += length;
        Ok(length)
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // Each worker ends after the part that it is fetching.
        self.line = None;
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

/// How many parts are held at once: fewer where they are larger than those of streams.
fn buffers(workers: usize, largest: u64) -> usize {
    let most = workers.saturating_add(2);
    let bytes = USUAL_PART_BYTES.saturating_mul(most as u64);
    usize::try_from(bytes / largest.max(1)).unwrap_or(usize::MAX).clamp(2, most)
}

/// What the workers of one body share.
struct Fetching {
    storage: Arc<dyn Storage>,
    pieces: Pieces,
    /// The part that nobody has begun yet.
    next: AtomicUsize,
}

impl Fetching {
    /// A worker takes a buffer first and a part then: so the part that the reader waits for always
    /// has one.
    fn run(&self, free: &Receiver<Vec<u8>>, out: &Sender<(usize, Result<Vec<u8>>)>) {
        let mut fetcher = Fetcher::new();
        for mut buffer in free {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            // A panic must not leave the reader waiting for a part that nobody fetches any more.
            let fetch = AssertUnwindSafe(|| self.fetch(&mut fetcher, number, &mut buffer));
            let fetched = catch_unwind(fetch)
                .unwrap_or_else(|_| Err(Error::new(Kind::Bug, "a worker of a body panicked")));
            let (part, is_last) = match fetched {
                Ok(true) => (Ok(buffer), false),
                Ok(false) => return,
                Err(error) => (Err(error), true),
            };
            if out.send((number, part)).is_err() || is_last {
                return;
            }
        }
    }

    /// Fetches a part; answers whether there is one of that number.
    fn fetch(&self, fetcher: &mut Fetcher, number: usize, buffer: &mut Vec<u8>) -> Result<bool> {
        let Some(piece) = self.pieces.get(number) else { return Ok(false) };
        let place = Place {
            volume: self.pieces.volume(piece)?,
            at: piece.at,
            member: &self.pieces.member(piece),
            crc32c: piece.crc32c,
        };
        fetcher.fetch(self.storage.as_ref(), &place, buffer)?;
        Ok(true)
    }
}
