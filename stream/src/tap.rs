//! Taps: an engine's eye on the bytes that a worker reads.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Looks at a body as it passes, on the thread that reads it.
pub trait Tap: Send {
    /// The next bytes, in order; `offset` is their place in the whole body.
    fn bytes(&mut self, offset: u64, bytes: &[u8]);

    /// What was seen, once everything of this body (or of this part of it) has passed.
    fn findings(self: Box<Self>) -> Vec<Finding>;

    /// What is to stand in the head of a piece of log, once all of it has passed.
    fn facts(&mut self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// Another tap for a part of the same body that another worker reads; parts begin at multiples
    /// of 1 MiB. `None` when this tap must see all bytes in order: then nobody else reads.
    fn fork(&self) -> Option<Box<dyn Tap>>;
}

/// Something that a tap or a reader noticed about one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable name: `page-checksum`, `cut-short`.
    pub id: String,
    /// Where in the file, in bytes.
    pub offset: u64,
    /// A lowercase fact that names the file.
    pub text: String,
}
