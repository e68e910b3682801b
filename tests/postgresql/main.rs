//! PostgreSQL: backups of a real server, and recoveries of it.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod archive;
mod configuration;
mod diverged;
mod excluded;
mod files;
mod lineage;
mod links;
mod log_level;
mod proof;
mod recovery;
mod session;
mod tablespaces;
mod timelines;
mod window;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_seawall");

/// Relative paths of all files and directories below a directory.
fn tree(dir: &Path) -> BTreeSet<String> {
    fn walk(dir: &Path, below: &str, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(dir).unwrap().flatten() {
            let name = format!("{below}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &format!("{name}/"), found);
            }
            found.insert(name);
        }
    }
    let mut found = BTreeSet::new();
    walk(dir, "", &mut found);
    found
}
