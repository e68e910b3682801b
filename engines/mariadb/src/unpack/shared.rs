//! What the reader and the workers share: the tree, the first failure, and the blocks of the stream,
//! a fixed number of them, which go round between them.

use super::Unpack;
use super::decode::Packing;
use super::tree::Tree;
use crossbeam_channel::{Receiver, Sender, bounded};
use errors::{Error, Kind, Result};
use formats::xbstream::Dialect;
use std::ops::{Deref, Range};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// The tree, the first failure, and what is counted.
pub(super) struct Shared<'a> {
    pub(super) tree: Tree,
    pub(super) packing: Packing<'a>,
    pub(super) dialect: Dialect,
    failed: AtomicBool,
    failure: Mutex<Option<Error>>,
    written: AtomicU64,
}

impl<'a> Shared<'a> {
    pub(super) fn new(tree: Tree, how: &Unpack<'a>) -> Self {
        let key = how.key.map(|key| key.as_slice());
        Self {
            tree,
            packing: Packing { decode: how.decode, key },
            dialect: how.dialect,
            failed: AtomicBool::new(false),
            failure: Mutex::default(),
            written: AtomicU64::new(0),
        }
    }

    /// Notes a failure, if it is the first.
    pub(super) fn fail(&self, error: Error) {
        if let Ok(mut failure) = self.failure.lock() {
            failure.get_or_insert(error);
        }
        self.failed.store(true, Ordering::Release);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Fails once anybody has failed, with what was first.
    pub(super) fn check(&self) -> Result<()> {
        if !self.has_failed() {
            return Ok(());
        }
        let failure = self.failure.lock().ok();
        let first = failure.and_then(|failure| failure.as_ref().map(Error::repeat));
        Err(first.unwrap_or_else(|| Error::new(Kind::Bug, "a thread died while it failed")))
    }

    /// A file of that many bytes is written.
    pub(super) fn count(&self, bytes: u64) {
        self.written.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }
}

/// Bytes of a block: small enough to be still in the cache when its checksum is computed.
pub(super) const BLOCK_BYTES: usize = 256 << 10;

/// All blocks, 16 MiB: they are what waits for the disk.
pub(super) const BLOCKS: usize = 64;

/// Where blocks are when nobody uses them.
pub(super) struct Blocks {
    free: Receiver<Vec<u8>>,
    home: Sender<Vec<u8>>,
    /// Blocks that may still be made.
    unmade: usize,
}

impl Blocks {
    pub(super) fn new() -> Self {
        let (home, free) = bounded(BLOCKS);
        Self { free, home, unmade: BLOCKS }
    }

    /// A block that nobody uses; waits for one when all are in use.
    pub(super) fn take(&mut self) -> Block {
        let free = self.free.try_recv().ok();
        let bytes = free.or_else(|| {
            self.unmade = self.unmade.checked_sub(1)?;
            Some(vec![0; BLOCK_BYTES])
        });
        // It cannot be disconnected, since its other end is here.
        let bytes = bytes.unwrap_or_else(|| self.free.recv().unwrap_or_default());
        Block { bytes, length: 0, home: self.home.clone() }
    }
}

/// A block of the stream. Goes back when nobody uses it any more.
pub(super) struct Block {
    bytes: Vec<u8>,
    length: usize,
    home: Sender<Vec<u8>>,
}

impl Block {
    /// The room behind what was read.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.length..).unwrap_or_default()
    }

    /// So many bytes of the room were read into.
    pub(super) fn filled(&mut self, bytes: usize) {
        self.length = (self.length + bytes).min(self.bytes.len());
    }
}

impl Deref for Block {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // There is room for all of them; and nobody takes it once the reader has ended.
        let _ = self.home.try_send(std::mem::take(&mut self.bytes));
    }
}

/// A part of a block.
pub(super) struct Slice {
    block: Arc<Block>,
    range: Range<usize>,
}

impl Slice {
    pub(super) fn new(block: &Arc<Block>, range: Range<usize>) -> Self {
        Self { block: Arc::clone(block), range }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.block.get(self.range.clone()).unwrap_or_default()
    }
}
