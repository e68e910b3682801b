//! Records: a header, what the record says about blocks, and its main data.

mod blocks;
mod header;

use crate::{Lsn, TimelineId};

pub use blocks::{BlockReference, Parts};
pub(crate) use header::{CHECKED_BYTES, HEADER_BYTES};
pub use header::{RecordHeader, Rmgr};

/// A record's checksum is right, and its content is not what its kind must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a WAL record holds what no server writes")]
pub struct Malformed;

/// A record whose checksum is right, and that follows the one before it where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Position of its first byte.
    pub begin: Lsn,
    /// Position after its last byte and padding: where the next one begins, unless a page header
    /// stands there first. What servers call a record's end (`EndRecPtr`), but for a switch, which
    /// servers let end with its segment.
    pub end: Lsn,
    /// Timeline of the page on which it begins.
    pub timeline: TimelineId,
    /// Major version of the server that wrote it.
    pub major: u16,
    /// Its header.
    pub header: RecordHeader,
    /// The record's first bytes, header included: 64 KiB of what events are made of, and all
    /// block references of the others.
    pub kept: &'a [u8],
}

impl Record<'_> {
    /// The blocks it changes, and where its main data lies.
    ///
    /// # Errors
    ///
    /// Where the headers of blocks and data do not fit the record.
    pub fn parts(&self) -> Result<Parts, Malformed> {
        Parts::read(self.kept, self.header.length, self.major)
    }
}
