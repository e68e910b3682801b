//! Configuration files outside the data directory, each under its absolute path.

use super::Listing;
use super::look::followed;
use crate::configuration;
use errors::{Context, Kind, Result};
use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use stream::RelPath;

impl Listing<'_> {
    /// The files, and the directories above them: whoever may read a restored file must also reach
    /// it.
    ///
    /// # Errors
    /// As [`Listing::data`].
    pub(crate) fn configuration(&mut self, files: &[impl AsRef<Path>]) -> Result<()> {
        let root = configuration::root()?;
        let mut given = BTreeSet::new();
        for file in files.iter().map(AsRef::as_ref) {
            let mut above: Vec<&Path> = file.ancestors().skip(1).collect();
            above.reverse();
            for dir in above {
                let (Some(below), Some(metadata)) = (below(dir)?, followed(dir)?) else { continue };
                if given.insert(dir.to_owned()) {
                    self.give_directory(&root, &below, &metadata)?;
                }
            }
            if let (Some(below), Some(metadata)) = (below(file)?, followed(file)?) {
                self.give_file(&root, &below, file, &metadata, None)?;
            }
        }
        Ok(())
    }
}

/// An absolute path, as a path below the root; `None` for `/`.
fn below(path: &Path) -> Result<Option<RelPath>> {
    let bytes = path.as_os_str().as_bytes();
    let bytes = bytes.strip_prefix(b"/").unwrap_or(bytes);
    if bytes.is_empty() {
        return Ok(None);
    }
    let below = RelPath::new(bytes);
    below.map(Some).or_kind(Kind::SourceFiles, || format!("name {}", path.display()))
}
