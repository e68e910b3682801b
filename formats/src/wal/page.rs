//! The page header at the beginning of every segment, which says what the segment is.

mod header;

use crate::bytes::{u16_at, u32_at, u64_at};
use crate::{Lsn, SegmentName, SegmentSize, SystemIdentifier, TimelineId};

pub(crate) use header::PageHeader;
use header::{ALL_FLAGS, LONG_HEADER};

/// Bytes of `XLogLongPageHeaderData`, the same in 10 to 18.
const HEADER_BYTES: usize = header::LONG_BYTES;

/// `XLOG_PAGE_MAGIC` of each major version, from the server's headers; seen in files of 10 to 18.
pub(super) const MAGICS: [(u16, u16); 9] = [
    (0xD097, 10),
    (0xD098, 11),
    (0xD101, 12),
    (0xD106, 13),
    (0xD10D, 14),
    (0xD110, 15),
    (0xD113, 16),
    (0xD116, 17),
    (0xD118, 18),
];

/// The header of a segment's first page (`XLogLongPageHeaderData`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstPage {
    /// The page magic as stored.
    pub magic: u16,
    /// The server's major version, 10 to 18, which the magic stands for.
    pub major: u16,
    /// Flag bits (`XLP_…`).
    pub info: u16,
    /// Timeline of the first record on the page: older than the file's own right after a switch.
    pub timeline: TimelineId,
    /// Position of the page, which is the segment's first byte.
    pub page_address: Lsn,
    /// The cluster that wrote it.
    pub system_identifier: SystemIdentifier,
    /// The cluster's segment size.
    pub segment_size: SegmentSize,
    /// Bytes in one WAL page.
    pub block_size: u32,
}

/// Why bytes are not the beginning of a segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FirstPageError {
    /// Fewer bytes than the header has.
    #[error("a WAL segment begins with a header of {HEADER_BYTES} bytes, here are {bytes}")]
    TooShort {
        /// How many there are.
        bytes: usize,
    },
    /// No server of 10 to 18 writes this magic.
    #[error("{magic:#06X} is the WAL page magic of no supported server")]
    UnknownMagic {
        /// The magic found.
        magic: u16,
    },
    /// The header is that of a later page, or has flags of an unknown meaning.
    #[error("WAL page flags {info:#06X} are not those of a segment's first page")]
    Flags {
        /// The flags found.
        info: u16,
    },
    /// A field holds what no server writes there.
    #[error("the WAL page header holds {field} {value}")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// What it holds.
        value: u64,
    },
}

/// Why a segment is not the one its name or its archive promises.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FirstPageMismatch {
    /// The segment lies elsewhere in the log.
    #[error("the segment begins at {found}, its name says {named}")]
    Address {
        /// Position in the header.
        found: Lsn,
        /// Position that follows from the name.
        named: Lsn,
    },
    /// The segment's records are newer than the timeline in its name.
    #[error("the segment holds timeline {found}, its name says {named}")]
    Timeline {
        /// Timeline in the header.
        found: TimelineId,
        /// Timeline in the name.
        named: TimelineId,
    },
    /// The segment belongs to another cluster.
    #[error("the segment belongs to system {found}, expected {expected}")]
    System {
        /// System identifier in the header.
        found: SystemIdentifier,
        /// System identifier asked for.
        expected: SystemIdentifier,
    },
}

impl FirstPage {
    /// Reads the header from a segment's first bytes; 40 are enough.
    ///
    /// # Errors
    ///
    /// Where the bytes are not the beginning of a segment of a server from 10 to 18.
    pub fn parse(bytes: &[u8]) -> Result<Self, FirstPageError> {
        RawHeader::read(bytes).ok_or(FirstPageError::TooShort { bytes: bytes.len() })?.checked()
    }

    /// Whether the segment is the one named, of the cluster expected.
    ///
    /// The page's timeline may be older than the name's: the first segment after a switch begins
    /// with a copy of the old timeline's records.
    ///
    /// # Errors
    ///
    /// What differs first: cluster, position, timeline.
    pub fn check(
        &self,
        name: &SegmentName,
        expected: Option<SystemIdentifier>,
    ) -> Result<(), FirstPageMismatch> {
        let found = self.system_identifier;
        if let Some(expected) = expected.filter(|&expected| expected != found) {
            return Err(FirstPageMismatch::System { found, expected });
        }
        let named = name.first_lsn(self.segment_size);
        if self.page_address != named {
            return Err(FirstPageMismatch::Address { found: self.page_address, named });
        }
        if self.timeline > name.timeline {
            let (found, named) = (self.timeline, name.timeline);
            return Err(FirstPageMismatch::Timeline { found, named });
        }
        Ok(())
    }
}

/// The header before its fields are believed.
struct RawHeader {
    magic: u16,
    info: u16,
    timeline: u32,
    page_address: u64,
    system_identifier: u64,
    segment_size: u32,
    block_size: u32,
}

impl RawHeader {
    fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            magic: u16_at(bytes, 0)?,
            info: u16_at(bytes, 2)?,
            timeline: u32_at(bytes, 4)?,
            page_address: u64_at(bytes, 8)?,
            system_identifier: u64_at(bytes, 24)?,
            segment_size: u32_at(bytes, 32)?,
            block_size: u32_at(bytes, 36)?,
        })
    }

    fn checked(&self) -> Result<FirstPage, FirstPageError> {
        let field = |field, value: u64| FirstPageError::Field { field, value };
        let known = MAGICS.iter().find(|(magic, _)| *magic == self.magic);
        let &(magic, major) = known.ok_or(FirstPageError::UnknownMagic { magic: self.magic })?;
        if self.info & LONG_HEADER == 0 || self.info & !ALL_FLAGS != 0 {
            return Err(FirstPageError::Flags { info: self.info });
        }
        let timeline = TimelineId::new(self.timeline).ok_or(field("timeline", 0))?;
        let size = u64::from(self.segment_size);
        let segment_size = SegmentSize::new(size).ok_or(field("segment size", size))?;
        if !self.page_address.is_multiple_of(size) {
            return Err(field("page address", self.page_address));
        }
        // configure --with-wal-blocksize allows 1 to 64 KiB.
        if !self.block_size.is_power_of_two() || !(1 << 10..=1 << 16).contains(&self.block_size) {
            return Err(field("block size", u64::from(self.block_size)));
        }
        Ok(FirstPage {
            magic,
            major,
            info: self.info,
            timeline,
            page_address: Lsn(self.page_address),
            system_identifier: SystemIdentifier::new(self.system_identifier),
            segment_size,
            block_size: self.block_size,
        })
    }
}

#[cfg(test)]
mod tests;
