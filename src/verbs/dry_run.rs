//! A sink that keeps nothing: for `backup --dry-run`.

use errors::{Error, Kind, Result};
use serde_json::{Value, json};
use std::sync::{Mutex, PoisonError};
use stream::{Durability, FileKind, Link, LogKey, Outcome, Receipt, Sink, VirtualFile};

/// Remembers names and sizes; reads nothing.
#[derive(Debug, Default)]
pub(crate) struct DryRun {
    seen: Mutex<(String, Vec<Value>)>,
}

impl DryRun {
    /// What would have been read: for people, and as items.
    pub(crate) fn take(self) -> (String, Vec<Value>) {
        self.seen.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for DryRun {
    fn lanes(&self) -> usize {
        1
    }

    fn reads(&self) -> bool {
        false
    }

    fn put(&self, file: VirtualFile) -> Result<Receipt> {
        let bytes = file.known_size().unwrap_or(0);
        if matches!(file.kind, FileKind::File | FileKind::Log(_)) {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.0.push_str(&format!("{bytes:>12}  {}/{}\n", file.root, file.path));
            seen.1.push(json!({"root": file.root, "path": file.path, "bytes": bytes}));
        }
        let (writer, receipt) = stream::receipt();
        writer.fill(Ok(Outcome { bytes, ..Outcome::default() }));
        Ok(receipt)
    }

    fn has_log(&self, keys: &[LogKey]) -> Result<Vec<bool>> {
        Ok(vec![false; keys.len()])
    }

    fn settle(&self) -> Result<()> {
        Ok(())
    }

    fn durable(&self) -> Result<Durability> {
        Ok(Durability::CannotSay)
    }

    fn finish(self: Box<Self>, _link: Link) -> Result<()> {
        Err(Error::new(Kind::Bug, "a dry run makes no link"))
    }
}
