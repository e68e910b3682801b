//! What `backup --dry-run` sees.

use serde_json::{Value, json};
use std::sync::{Mutex, PoisonError};
use stream::{FileKind, VirtualFile};

/// Names and sizes of files.
#[derive(Debug, Default)]
pub(crate) struct DryRun {
    seen: Mutex<(String, Vec<Value>)>,
}

impl DryRun {
    /// Remembers a file, if it has a body.
    pub(crate) fn see(&self, file: &VirtualFile) {
        let bytes = file.known_size().unwrap_or(0);
        if matches!(file.kind, FileKind::File | FileKind::Log(_)) {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.0.push_str(&format!("{bytes:>12}  {}/{}\n", file.root, file.path));
            seen.1.push(json!({"root": file.root, "path": file.path, "bytes": bytes}));
        }
    }

    /// What would have been read: for people, and as items.
    pub(crate) fn take(self) -> (String, Vec<Value>) {
        self.seen.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
