//! The small texts of the tools, which have either of two names.

use std::fs;
use std::path::Path;

/// The text in a directory, and its name there.
pub(crate) fn read_either(dir: &Path, names: [&'static str; 2]) -> Option<(&'static str, Vec<u8>)> {
    names.into_iter().find_map(|name| Some((name, fs::read(dir.join(name)).ok()?)))
}
