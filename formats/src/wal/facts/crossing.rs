//! Records that begin in one segment and end in another: what each segment keeps of them.
//!
//! The facts of a segment may lie in clear beside encrypted content, so they must not carry rows. A
//! segment knows what kind of record it ends with and keeps the bytes of those alone that have an
//! [`Event`]. Of the record it begins with it knows only the rest, and keeps it where it looks like
//! the rest of a transaction's end, a restore point or a switch. For all others a checksum is kept,
//! which is enough to prove that the two parts belong together.

mod rest;

use super::join;
use crate::Lsn;
use crate::wal::event::{self, Event, LogKind, Operation};
use crate::wal::record::{HEADER_BYTES, RecordHeader, Rmgr};
use crate::wal::walk::{Assembly, Foreign, checksum};

/// Most bytes that one segment keeps of a crossing record.
pub(super) const KEPT_BYTES: usize = 8 << 10;

/// The record with which a segment ends, and which ends later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Where it begins.
    pub begin: Lsn,
    /// Its whole length in bytes.
    pub length: u32,
    /// Bytes of it in this segment.
    pub here: u32,
    /// CRC-32C of those that come after its header.
    pub crc: u32,
    /// The first of them: at most 8 KiB of a record that has an [`Event`], and no more than the
    /// header of any other.
    pub bytes: Vec<u8>,
}

/// The record with which a segment begins, and which began earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Bytes of it from this segment on.
    pub length: u32,
    /// How many of them lie in this segment.
    pub here: u32,
    /// CRC-32C of those.
    pub crc: u32,
    /// The first of those, at most 8 KiB, as far as they may belong to a record that has an
    /// [`Event`].
    pub bytes: Vec<u8>,
    /// What becomes of it here.
    pub outcome: Outcome,
}

/// What becomes of a record in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ends at this position.
    Ends(Lsn),
    /// It goes on after the segment.
    Passes,
    /// It was lost in a crash.
    Abandoned,
}

/// A record that was put together from several segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// Where it begins.
    pub begin: Lsn,
    /// Where it ends.
    pub end: Lsn,
    /// Its header, where that was kept.
    pub header: Option<RecordHeader>,
    /// What it says, if anything, and if enough of it was kept.
    pub event: Option<Event>,
    /// Whether its checksum was computed, and is right. A wrong one is an error, so `false` means
    /// that the header was not kept.
    pub verified: bool,
}

impl Tail {
    pub(super) fn of(record: &Assembly) -> Self {
        let limit = match record.header() {
            Some(header) if event::matters(&header) => KEPT_BYTES,
            _ => HEADER_BYTES,
        };
        let bytes = record.kept.get(..limit).unwrap_or(&record.kept).to_vec();
        let Assembly { begin, length, got, crc, .. } = *record;
        Self { begin, length, here: got, crc, bytes }
    }
}

impl Opening {
    pub(super) fn of(foreign: &Foreign) -> Self {
        let keep = rest::bytes_that_matter(&foreign.kept, foreign.length);
        let outcome = match foreign.end {
            _ if foreign.abandoned => Outcome::Abandoned,
            Some(end) => Outcome::Ends(end),
            None => Outcome::Passes,
        };
        let bytes = foreign.kept.get(..keep).unwrap_or(&foreign.kept).to_vec();
        let Foreign { length, got, crc, .. } = *foreign;
        Self { length, here: got, crc, bytes, outcome }
    }
}

impl Crossing {
    /// Whether it ends a transaction or is a restore point, and too little of it was kept.
    pub(super) fn is_unread(&self) -> bool {
        let Some(header) = self.header.filter(|_| self.event.is_none()) else { return false };
        match header.rmgr {
            Rmgr::XLOG => LogKind::of(header.kind()) == Some(LogKind::RestorePoint),
            Rmgr::TRANSACTION => {
                Operation::of(header.kind()).is_some_and(|kind| kind != Operation::Prepare)
            }
            _ => false,
        }
    }
}

/// A crossing record while the facts of its segments are joined.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) begin: Lsn,
    length: u32,
    got: u32,
    /// CRC-32C of the bytes after the header so far, while it can be known.
    crc: Option<u32>,
    /// The record's first bytes without a gap.
    bytes: Vec<u8>,
}

impl Pending {
    pub(super) fn of(tail: &Tail) -> Self {
        let bytes = tail.bytes.clone();
        Self { begin: tail.begin, length: tail.length, got: tail.here, crc: Some(tail.crc), bytes }
    }

    /// Bytes that must still come.
    pub(super) const fn left(&self) -> u32 {
        self.length.saturating_sub(self.got)
    }

    /// Adds what the next segment has of it.
    pub(super) fn add(&mut self, opening: &Opening) {
        let header_left =
            HEADER_BYTES.saturating_sub(usize::try_from(self.got).unwrap_or(usize::MAX));
        let here = usize::try_from(opening.here).unwrap_or(usize::MAX);
        let body = here.saturating_sub(header_left);
        self.crc = match (self.crc, opening.bytes.get(..header_left)) {
            (Some(crc), _) if header_left == 0 => {
                Some(crc32c::crc32c_combine(crc, opening.crc, here))
            }
            // A checksum of two parts is the first one's, moved along the second, xor the second's.
            (Some(_), Some(header)) => {
                let moved = crc32c::crc32c_combine(crc32c::crc32c(header), 0, body);
                Some(opening.crc ^ moved)
            }
            _ => None,
        };
        if u32::try_from(self.bytes.len()) == Ok(self.got) {
            let room = KEPT_BYTES.saturating_mul(2).saturating_sub(self.bytes.len());
            let bytes = opening.bytes.get(..room).unwrap_or(&opening.bytes);
            self.bytes.extend_from_slice(bytes);
        }
        self.got = self.got.saturating_add(opening.here);
    }

    /// The record, which ends at `end`.
    pub(super) fn crossing(
        &self,
        end: Lsn,
        last: Option<Lsn>,
        major: u16,
    ) -> Result<Crossing, join::JoinError> {
        let header = RecordHeader::read(&self.bytes);
        if let (Some(header), Some(expected)) = (header, last)
            && header.prev != expected
        {
            return Err(join::JoinError::Previous { at: self.begin, found: header.prev, expected });
        }
        let computed = self.crc.and_then(|crc| checksum(crc, &self.bytes));
        let verified = match (header, computed) {
            (Some(header), Some(computed)) if header.crc == computed => true,
            (Some(_), Some(_)) => return Err(join::JoinError::Checksum { at: self.begin }),
            _ => false,
        };
        let event = header.and_then(|header| event::decode(&header, &self.bytes, major).ok()?);
        Ok(Crossing { begin: self.begin, end, header, event, verified })
    }
}
