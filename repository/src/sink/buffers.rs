//! Buffers for the parts of streams: a fixed number, which go round.

use crossbeam_channel::{Receiver, Sender, bounded};
use errors::{Error, Kind, Result};
use system::BLOCK_BYTES;

/// Per worker: one that it compresses, one that is filled meanwhile, and one that waits.
const BUFFERS_PER_WORKER: usize = 3;

/// All buffers of one sink. Each stream holds at most one that is not on its way to a worker, so
/// that of as many streams as workers none waits for ever.
pub(super) struct Buffers {
    free: Receiver<Vec<u8>>,
    back: Sender<Vec<u8>>,
}

impl Buffers {
    pub(super) fn new(workers: usize) -> Self {
        let count = workers.saturating_mul(BUFFERS_PER_WORKER);
        let (back, free) = bounded(count);
        for _ in 0..count {
            // Memory comes with the first bytes: most jobs have no streams.
            let _ = back.try_send(Vec::new());
        }
        Self { free, back }
    }

    /// Waits for a buffer.
    pub(super) fn take(&self) -> Result<PartBuffer> {
        let bytes = self.free.recv().map_err(|_| Error::new(Kind::Bug, "no buffers"))?;
        Ok(PartBuffer { bytes, filled: 0, back: self.back.clone() })
    }
}

/// The bytes of one part; dropped, it is free for another one.
pub(super) struct PartBuffer {
    /// What lies behind the filled bytes is left of an earlier part.
    bytes: Vec<u8>,
    filled: usize,
    back: Sender<Vec<u8>>,
}

impl PartBuffer {
    pub(super) fn filled(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    /// Room for one more block.
    pub(super) fn room(&mut self) -> &mut [u8] {
        let end = self.filled + BLOCK_BYTES;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        &mut self.bytes[self.filled..end]
    }

    /// So many bytes of the room are filled; answers them.
    pub(super) fn fill(&mut self, bytes: usize) -> &[u8] {
        let from = self.filled;
        self.filled += bytes;
        &self.bytes[from..self.filled]
    }
}

impl Drop for PartBuffer {
    fn drop(&mut self) {
        // There is room for every buffer; when all others are gone, nobody takes them any more.
        let _ = self.back.try_send(std::mem::take(&mut self.bytes));
    }
}
