//! What `backup --dry-run` sees.

use serde_json::{Value, json};
use std::sync::{Mutex, PoisonError};
use stream::{FileKind, UnitName, VirtualFile};

/// Names and sizes of files.
#[derive(Debug, Default)]
pub(crate) struct DryRun {
    seen: Mutex<(String, Vec<Value>)>,
}

impl DryRun {
    /// Remembers a file, if it has a body.
    pub(crate) fn see(&self, unit: Option<&UnitName>, file: &VirtualFile) {
        let bytes = file.known_size().unwrap_or(0);
        if matches!(file.kind, FileKind::File | FileKind::Log(_)) {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let of = unit.map_or_else(String::new, |unit| format!("{unit}: "));
            seen.0.push_str(&format!("{bytes:>12}  {of}{}/{}\n", file.root, file.path));
            let mut item = json!({"root": file.root, "path": file.path, "bytes": bytes});
            if let (Some(unit), Value::Object(fields)) = (unit, &mut item) {
                fields.insert("unit".to_owned(), json!(unit));
            }
            seen.1.push(item);
        }
    }

    /// What would have been read: for people, and as items.
    pub(crate) fn take(self) -> (String, Vec<Value>) {
        self.seen.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
