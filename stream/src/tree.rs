//! The restore side of the stream.

use crate::{FileKind, Owner, RelPath, RootName};
use chrono::{DateTime, Utc};
use errors::Result;
use std::io::Read;

/// A file, or one part of a file that was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// The tree it belongs to.
    pub root: RootName,
    /// Its place in that tree.
    pub path: RelPath,
    /// What it is.
    pub kind: FileKind,
    /// Permission bits.
    pub mode: u32,
    /// Whose it was.
    pub owner: Owner,
    /// Last modification.
    pub mtime: DateTime<Utc>,
    /// Where the part begins in the file, in bytes.
    pub offset: u64,
    /// Bytes of the part.
    pub length: u64,
    /// CRC-32C of the part's bytes.
    pub crc32c: u32,
}

/// Takes files from any source, in any order, from several workers.
pub trait TreeWriter: Send + Sync {
    /// Writes a part where it belongs.
    ///
    /// # Errors
    /// The place cannot be written, or the body ends early. Whether the bytes are those that were
    /// backed up is checked by whoever gives them.
    fn put(&self, part: &FilePart, body: &mut dyn Read) -> Result<()>;

    /// Makes everything durable, but holds back what would let a server start.
    ///
    /// # Errors
    /// Something could not be made durable.
    fn settle(&self) -> Result<()>;

    /// Puts in place what was held back: from now on a server may start.
    ///
    /// # Errors
    /// Something could not be made durable; then a server still cannot start.
    fn finish(self: Box<Self>) -> Result<()>;
}
