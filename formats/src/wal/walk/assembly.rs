//! One record while its bytes arrive. Its checksum is computed on the way, so only its beginning is
//! kept.

use crate::bytes::u32_at;
use crate::wal::record::{CHECKED_BYTES, HEADER_BYTES, RecordHeader, Rmgr};
use crate::{Lsn, TimelineId};

/// Bytes of its length, which stand first and are never parted: records begin at multiples of 8.
const LENGTH_BYTES: usize = 4;

/// Kept of a record that may have an event. Beyond it lie only long lists of subtransactions,
/// dropped files and invalidations.
const KEPT_BYTES: usize = 64 << 10;

/// Kept of other records: 33 block references of 27 bytes at most, and the headers around them.
const KEPT_BYTES_OTHERS: usize = 1 << 10;

/// The record that is being read.
#[derive(Clone, Debug)]
pub(crate) struct Assembly {
    pub(crate) begin: Lsn,
    pub(crate) timeline: TimelineId,
    /// Length as the record says; its header's until that is known.
    pub(crate) length: u32,
    /// Bytes so far.
    pub(crate) got: u32,
    /// CRC-32C of the bytes so far that come after the header.
    pub(crate) crc: u32,
    pub(crate) kept: Vec<u8>,
}

/// How far a record has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More bytes are needed before anything can be said.
    Waiting,
    /// The length has come.
    Length,
    /// The header has come.
    Header,
    /// All of it has come.
    Whole,
}

impl Assembly {
    pub(crate) fn new(timeline: TimelineId) -> Self {
        let (begin, length) = (Lsn::INVALID, 0);
        Self { begin, timeline, length, got: 0, crc: 0, kept: Vec::new() }
    }

    /// Begins another record.
    pub(crate) fn restart(&mut self, begin: Lsn, timeline: TimelineId) {
        self.begin = begin;
        self.timeline = timeline;
        (self.length, self.got, self.crc) = (0, 0, 0);
        self.kept.clear();
    }

    /// Takes bytes up to the next thing that can be checked, and says how many.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> (usize, Progress) {
        let got = usize::try_from(self.got).unwrap_or(usize::MAX);
        let (until, progress) = match got {
            0..LENGTH_BYTES => (LENGTH_BYTES, Progress::Length),
            LENGTH_BYTES..HEADER_BYTES => (HEADER_BYTES, Progress::Header),
            _ => (usize::try_from(self.length).unwrap_or(usize::MAX), Progress::Whole),
        };
        let used = until.saturating_sub(got).min(bytes.len());
        let taken = bytes.get(..used).unwrap_or_default();
        let room = self.keeps().saturating_sub(self.kept.len());
        self.kept.extend_from_slice(taken.get(..room.min(used)).unwrap_or_default());
        if got >= HEADER_BYTES {
            self.crc = crc32c::crc32c_append(self.crc, taken);
        }
        self.got = self.got.saturating_add(u32::try_from(used).unwrap_or(u32::MAX));
        if self.got == u32::try_from(LENGTH_BYTES).unwrap_or(u32::MAX) {
            self.length = u32_at(&self.kept, 0).unwrap_or(0);
        }
        (used, if got + used == until { progress } else { Progress::Waiting })
    }

    fn keeps(&self) -> usize {
        match self.header() {
            Some(header) if !matches!(header.rmgr, Rmgr::XLOG | Rmgr::TRANSACTION) => {
                KEPT_BYTES_OTHERS
            }
            _ => KEPT_BYTES,
        }
    }

    /// The header, once it has come.
    pub(crate) fn header(&self) -> Option<RecordHeader> {
        RecordHeader::read(&self.kept)
    }

    /// Bytes still to come.
    pub(crate) const fn left(&self) -> u32 {
        self.length.saturating_sub(self.got)
    }

    /// Whether the checksum of the whole record is right.
    pub(crate) fn is_intact(&self) -> bool {
        checksum(self.crc, &self.kept) == self.header().map(|header| header.crc)
    }
}

/// A record's checksum, from that of the bytes after its header, and its header.
pub(crate) fn checksum(body: u32, header: &[u8]) -> Option<u32> {
    Some(crc32c::crc32c_append(body, header.get(..CHECKED_BYTES)?))
}
