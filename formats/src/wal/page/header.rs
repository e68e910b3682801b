//! The part of the header that every page has.

use crate::Lsn;
use crate::bytes::{u16_at, u32_at, u64_at};

/// Bytes of `XLogPageHeaderData` with its padding (`SizeOfXLogShortPHD`).
pub(crate) const SHORT_BYTES: usize = 24;

/// Bytes of `XLogLongPageHeaderData` (`SizeOfXLogLongPHD`).
pub(crate) const LONG_BYTES: usize = 40;

/// `XLP_FIRST_IS_CONTRECORD`: the page begins inside a record.
const CONTINUES: u16 = 0x0001;

/// `XLP_LONG_HEADER`: the fields that identify the segment are there.
pub(crate) const LONG_HEADER: u16 = 0x0002;

/// `XLP_FIRST_IS_OVERWRITE_CONTRECORD`: the record that reached up to this page was lost in a crash.
/// In 15 from the beginning, in 10 to 14 from the minor versions of November 2021 on.
const OVERWRITES: u16 = 0x0008;

/// `XLP_ALL_FLAGS`: the flags any server sets; `XLP_BKP_REMOVABLE` is the fourth.
pub(crate) const ALL_FLAGS: u16 = 0x000F;

/// `XLogPageHeaderData`, the fields of a short and a long header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageHeader {
    pub(crate) magic: u16,
    pub(crate) info: u16,
    /// 0 where no server wrote it.
    pub(crate) timeline: u32,
    pub(crate) address: Lsn,
    /// Bytes still to come, counted from this page on, of the record that began before it.
    pub(crate) rest: u32,
}

impl PageHeader {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            magic: u16_at(bytes, 0)?,
            info: u16_at(bytes, 2)?,
            timeline: u32_at(bytes, 4)?,
            address: Lsn(u64_at(bytes, 8)?),
            rest: u32_at(bytes, 16)?,
        })
    }

    /// Bytes of the header of the page at `offset` of its segment.
    pub(crate) const fn bytes(offset: u64) -> usize {
        if offset == 0 { LONG_BYTES } else { SHORT_BYTES }
    }

    /// Whether it has no flag of an unknown meaning, and is as long as it must be at its place.
    pub(crate) const fn flags_fit(&self, is_first: bool) -> bool {
        self.info & !ALL_FLAGS == 0 && (self.info & LONG_HEADER != 0) == is_first
    }

    pub(crate) const fn continues(&self) -> bool {
        self.info & CONTINUES != 0
    }

    pub(crate) const fn overwrites(&self) -> bool {
        self.info & OVERWRITES != 0
    }
}
