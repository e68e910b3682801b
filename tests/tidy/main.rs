//! The house keeps its own rules: sizes, rooms, dependencies, documents.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod dependencies;
mod documents;
mod rooms;
mod sizes;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

/// The top of the tree.
fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file: path below the top, and text.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    walk(top(), &mut found);
    assert!(found.len() > 100, "the tree was not found");
    found
}

fn walk(dir: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if name == "target" || name.to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path.strip_prefix(top()).unwrap().to_owned(), text));
        }
    }
}
