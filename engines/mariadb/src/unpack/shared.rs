//! What the reader and the workers share.

use super::Unpack;
use super::decode::Packing;
use super::tree::Tree;
use errors::{Error, Kind, Result};
use formats::xbstream::Dialect;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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
