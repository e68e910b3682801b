//! What a link holds of a file, and the restore side of the stream.

use crate::{FileKind, LinkName, Owner, PartialFile, RelPath, RootName};
use chrono::{DateTime, Utc};
use errors::Result;
use std::io::Read;
use uuid::Uuid;

/// A file, or what one member of a link's volumes holds of it: one row.
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
    /// Which bytes of the file the body holds.
    pub extent: Extent,
    /// Bytes of the body.
    pub length: u64,
    /// CRC-32C of the body.
    pub crc32c: u32,
}

/// Which bytes of a file a body holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// All of them.
    Whole,
    /// A part of a file that was cut. All parts of it are in the same link.
    Part {
        /// Where it begins in the file, in bytes.
        offset: u64,
        /// Bytes of the whole file, where that was known when the part was written.
        of: Option<u64>,
    },
    /// Ranges of a partial file, perhaps not all that the link has: what is in none of them is the
    /// parent's.
    Ranges(PartialFile),
}

impl FilePart {
    /// Bytes of the whole file, where they are known.
    #[must_use]
    pub fn size_bytes(&self) -> Option<u64> {
        match &self.extent {
            Extent::Whole => Some(self.length),
            Extent::Part { of, .. } => *of,
            Extent::Ranges(partial) => Some(partial.size_bytes()),
        }
    }

    /// CRC-32C of the whole file, where the body is all of it.
    #[must_use]
    pub fn whole_crc32c(&self) -> Option<u32> {
        (self.extent == Extent::Whole).then_some(self.crc32c)
    }
}

/// What earlier links hold of each file, where the place of a job keeps that.
pub trait ParentRows: Send + Sync {
    /// Calls `act` with each row of a link: for a file that was cut, and for a partial one, with
    /// each of its parts, in no order. Nothing is kept in memory. `false`: no rows of such a link
    /// are kept here; whoever needs them makes a full.
    ///
    /// # Errors
    /// The rows are damaged, or cannot be read: what `act` learned is not to be used then. Or
    /// `act`'s own.
    fn rows(&self, link: Uuid, act: &mut dyn FnMut(&FilePart) -> Result<()>) -> Result<bool>;
}

/// Takes files from any source, in any order, from several workers.
///
/// One link is put as it is. A chain is laid down newest first, so that each byte is written once:
/// [`open`](Self::open) each link, ask whether it [`wants`](Self::wants) each part and
/// [`put`](Self::put) those, and at the end [`close`](Self::close). The newest link says which files there are, and their sizes and
/// metadata; of the older ones only those bytes are taken that no newer link has.
pub trait TreeWriter: Send + Sync {
    /// Begins the next link of a chain, the newest first. All parts of the one before have been
    /// put.
    ///
    /// # Errors
    /// `restore-check`: the link before lacks bytes that no older link can have.
    fn open(&self, link: LinkName) -> Result<()>;

    /// Whether a part is needed; one that is not need not be put. In a chain it is asked once of
    /// each part of a link, before the part is put, so that a missing part is noticed.
    ///
    /// # Errors
    /// `restore-check`: the part contradicts other parts of its file.
    fn wants(&self, part: &FilePart) -> Result<bool>;

    /// Writes a part where it belongs.
    ///
    /// # Errors
    /// The place cannot be written, or the body ends early. Whether the bytes are those that were
    /// backed up is checked by whoever gives them. `restore-check`: the part contradicts other
    /// parts of its file, or is of a partial file outside of a chain.
    fn put(&self, part: &FilePart, body: &mut dyn Read) -> Result<()>;

    /// All links of the chain have come. What is put from now on is written as it is.
    ///
    /// # Errors
    /// `restore-check`, naming a file that is not whole, and its first missing byte.
    fn close(&self) -> Result<()>;

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
