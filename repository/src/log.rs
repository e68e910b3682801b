//! The archived log of a target: pieces appended once, found by name, checked when read.
//!
//! A stored piece begins with a head in clear (key, length and SHA-256 of the plain bytes) and
//! ends with the SHA-256 of everything before: see `docs/format.md`. So a duplicate is judged
//! by its head, and a copy that lies under another name is noticed.

mod append;
mod read;
mod view;

pub use read::PieceReader;

use crate::keys::UnitKeys;
use crate::storage::Storage;
use errors::Result;
use std::sync::Arc;

/// The log of one target.
#[derive(Clone)]
pub struct LogStore {
    storage: Arc<dyn Storage>,
    keys: UnitKeys,
}

impl LogStore {
    pub(crate) fn new(storage: Arc<dyn Storage>, keys: UnitKeys) -> Self {
        Self { storage, keys }
    }

    /// The lineages that have log here, sorted.
    ///
    /// # Errors
    /// The storage cannot be read.
    pub fn lineages(&self) -> Result<Vec<String>> {
        let listed = self.storage.list(&self.keys.log())?;
        Ok(listed.into_iter().filter(|entry| entry.bytes.is_none()).map(|e| e.name).collect())
    }
}
