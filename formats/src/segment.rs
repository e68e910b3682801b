//! WAL segments: fixed-size pieces of the log, named by timeline and number.

mod wal_file;

use serde::{Deserialize, Serialize};

use crate::{Lsn, TimelineId};

pub use wal_file::{RawSegment, WalFile};

/// Bytes in one WAL segment, a power of two from 1 MiB to 1 GiB (`IsValidWalSegSize`).
///
/// Chosen at `initdb`, so it differs between clusters and is never a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct SegmentSize(u64);

/// The number of bytes is no WAL segment size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} bytes is no WAL segment size (a power of two from 1 MiB to 1 GiB)")]
pub struct SegmentSizeError {
    bytes: u64,
}

impl SegmentSize {
    /// The size, if servers allow it.
    pub const fn new(bytes: u64) -> Option<Self> {
        let allowed = bytes >= 1 << 20 && bytes <= 1 << 30 && bytes.is_power_of_two();
        if allowed { Some(Self(bytes)) } else { None }
    }

    /// The size in bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// Segments per 4 GiB of log: how many low parts of a name follow each other before the middle
    /// part counts up (`XLogSegmentsPerXLogId`).
    pub const fn per_xlogid(self) -> u64 {
        (1 << 32) / self.0
    }
}

impl TryFrom<u64> for SegmentSize {
    type Error = SegmentSizeError;

    fn try_from(bytes: u64) -> Result<Self, SegmentSizeError> {
        Self::new(bytes).ok_or(SegmentSizeError { bytes })
    }
}

impl From<SegmentSize> for u64 {
    fn from(size: SegmentSize) -> Self {
        size.0
    }
}

/// A segment's place in the log, counted from 0 in segments of the cluster's size (`XLogSegNo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentNumber(u64);

impl SegmentNumber {
    /// The segment that holds the byte at `lsn` (`XLByteToSeg`).
    pub const fn of(lsn: Lsn, size: SegmentSize) -> Self {
        Self(lsn.0 / size.0)
    }

    /// The segment that holds the byte before `lsn` (`XLByteToPrevSeg`): the last one needed by a
    /// backup that stops at `lsn`. A stop on a boundary belongs to the segment before it.
    pub const fn of_last_byte(lsn: Lsn, size: SegmentSize) -> Self {
        Self(lsn.0.saturating_sub(1) / size.0)
    }

    /// The segment of that number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The segment after this one. Numbers are at most 2^44, so this does not run out.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The segment before this one; the first has none and is its own.
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The position of the first byte. A number that was made with a larger segment size saturates
    /// at the end of all positions.
    pub const fn first_lsn(self, size: SegmentSize) -> Lsn {
        Lsn(self.0.saturating_mul(size.0))
    }
}

/// A segment on a timeline, which is what a file name says once the segment size is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentName {
    /// The timeline whose history the segment belongs to.
    pub timeline: TimelineId,
    /// Its place in the log.
    pub number: SegmentNumber,
}

impl SegmentName {
    /// Reads 24 upper-case hexadecimal digits: timeline, 4 GiB of log, segment in those. `None` for
    /// other text, and for a low part that segments of this size never reach.
    pub fn parse(name: &str, size: SegmentSize) -> Option<Self> {
        match WalFile::parse(name)? {
            WalFile::Segment(raw) => raw.with_size(size),
            _ => None,
        }
    }

    /// The file name (`XLogFileName`).
    pub fn name(&self, size: SegmentSize) -> String {
        let (number, per_xlogid) = (self.number.0, size.per_xlogid());
        let (log, seg) = (number / per_xlogid, number % per_xlogid);
        format!("{}{log:08X}{seg:08X}", self.timeline.hex8())
    }

    /// The position of the segment's first byte.
    pub const fn first_lsn(&self, size: SegmentSize) -> Lsn {
        self.number.first_lsn(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mebibytes(count: u64) -> SegmentSize {
        SegmentSize::new(count << 20).unwrap()
    }

    #[test]
    fn sizes_are_powers_of_two_in_range() {
        for bytes in [0, 1 << 19, (1 << 20) + 1, 3 << 20, 1 << 31, u64::MAX] {
            assert_eq!(SegmentSize::new(bytes), None, "{bytes}");
        }
        assert_eq!(mebibytes(16).per_xlogid(), 256);
        assert_eq!(mebibytes(1024).per_xlogid(), 4);
        assert_eq!(serde_json::to_string(&mebibytes(16)).unwrap(), "16777216");
        assert!(serde_json::from_str::<SegmentSize>("16777217").is_err());
        assert_eq!(serde_json::from_str::<SegmentSize>("16777216").unwrap(), mebibytes(16));
    }

    #[test]
    fn a_boundary_belongs_to_both_sides() {
        let size = mebibytes(16);
        let boundary = Lsn(3 << 24);
        assert_eq!(SegmentNumber::of(boundary, size).get(), 3);
        assert_eq!(SegmentNumber::of_last_byte(boundary, size).get(), 2);
        assert_eq!(SegmentNumber::of_last_byte(Lsn((3 << 24) + 1), size).get(), 3);
        assert_eq!(SegmentNumber::of_last_byte(Lsn::INVALID, size).get(), 0);
        assert_eq!(SegmentNumber::of(boundary, size).next().first_lsn(size), Lsn(4 << 24));
        assert_eq!(SegmentNumber::of(Lsn(u64::MAX), mebibytes(1)).get(), (1 << 44) - 1);
    }

    #[test]
    fn names_depend_on_the_size() {
        let lsn = Lsn(0x0000_0002_0040_0000);
        let name = |mib| {
            let number = SegmentNumber::of(lsn, mebibytes(mib));
            let segment = SegmentName { timeline: TimelineId::new(26).unwrap(), number };
            assert!(segment.first_lsn(mebibytes(mib)) <= lsn);
            let name = segment.name(mebibytes(mib));
            assert_eq!(SegmentName::parse(&name, mebibytes(mib)), Some(segment));
            name
        };
        assert_eq!(name(1), "0000001A0000000200000004");
        assert_eq!(name(16), "0000001A0000000200000000");
        assert_eq!(name(1024), "0000001A0000000200000000");
    }

    #[test]
    fn the_low_part_stays_below_the_segments_per_xlogid() {
        let last = "0000000100000000000000FF";
        assert_eq!(SegmentName::parse(last, mebibytes(16)).unwrap().number.get(), 255);
        assert_eq!(SegmentName::parse("000000010000000000000100", mebibytes(16)), None);
        assert_eq!(
            SegmentName::parse("000000010000000000000100", mebibytes(1)).unwrap().number.get(),
            256
        );
        assert_eq!(SegmentName::parse(last, mebibytes(1024)), None);
        let highest = SegmentName::parse("FFFFFFFFFFFFFFFF00000003", mebibytes(1024)).unwrap();
        assert_eq!(highest.first_lsn(mebibytes(1024)), Lsn(u64::MAX << 30));
        assert_eq!(highest.number.next().first_lsn(mebibytes(1024)), Lsn(u64::MAX));
    }
}
