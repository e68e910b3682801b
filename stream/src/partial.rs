//! Partial files: a data child carries some ranges of a file, and its parent has the rest.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A run of bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "(u64, u64)", into = "(u64, u64)")]
pub struct ByteRange {
    /// Where it begins in the file, in bytes.
    pub offset: u64,
    /// Its bytes.
    pub length: u64,
}

/// What a body holds of a file, where that is not all of it: ranges, one after another. All other
/// bytes of the file are those that the parent link has at the same offsets of its file of the same
/// root and path. No range: nothing has changed but the file's metadata and, perhaps, its size.
///
/// A file that is shorter than the parent's loses its end. One that is longer has all bytes beyond
/// the parent's end in its own ranges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked", into = "Unchecked")]
pub struct PartialFile {
    size_bytes: u64,
    carried_bytes: u64,
    /// Sorted, not empty, not overlapping, within the size.
    ranges: Arc<[ByteRange]>,
}

/// Why ranges make no [`PartialFile`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidRanges {
    /// A range without bytes.
    Empty(ByteRange),
    /// A range that begins before the end of the one before it.
    OutOfOrder(ByteRange),
    /// A range that ends behind the end of the file.
    BeyondTheEnd(ByteRange),
    /// More than [`PartialFile::MAX_RANGES`]; how many.
    TooMany(usize),
    /// A piece with more bytes than all pieces together; how many.
    MoreThanCarried(u64),
}

impl PartialFile {
    /// More ranges than that are refused, so that one file takes at most a megabyte of memory. An
    /// engine that has more puts neighbours together, and carries what lies between them. It is
    /// every second page of 8 KiB of a file of 1 GiB.
    pub const MAX_RANGES: usize = 1 << 16;

    /// Some ranges of a file of `size_bytes`. Ranges may touch.
    ///
    /// # Errors
    /// Ranges that are empty, not sorted, overlapping, beyond the end of the file, or too many.
    pub fn new(
        size_bytes: u64,
        ranges: impl Into<Arc<[ByteRange]>>,
    ) -> Result<Self, InvalidRanges> {
        let ranges = ranges.into();
        if ranges.len() > Self::MAX_RANGES {
            return Err(InvalidRanges::TooMany(ranges.len()));
        }
        let mut end = 0;
        for &range in &*ranges {
            if range.length == 0 {
                return Err(InvalidRanges::Empty(range));
            }
            if range.offset < end {
                return Err(InvalidRanges::OutOfOrder(range));
            }
            match range.offset.checked_add(range.length) {
                Some(its_end) if its_end <= size_bytes => end = its_end,
                _ => return Err(InvalidRanges::BeyondTheEnd(range)),
            }
        }
        let carried_bytes = ranges.iter().map(|range| range.length).sum();
        Ok(Self { size_bytes, carried_bytes, ranges })
    }

    /// Bytes of the whole file, as it is in this link.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// The ranges, sorted.
    #[must_use]
    pub fn ranges(&self) -> &[ByteRange] {
        &self.ranges
    }

    /// Bytes of all ranges that the link has of the file. More than those of this body, where it is
    /// one of several [pieces](Self::pieces): so that a missing one is noticed.
    #[must_use]
    pub fn carried_bytes(&self) -> u64 {
        self.carried_bytes
    }

    /// Bytes of these ranges: those of the body.
    #[must_use]
    pub fn body_bytes(&self) -> u64 {
        // They do not overlap, and lie within the size.
        self.ranges.iter().map(|range| range.length).sum()
    }

    /// The same file in pieces of at most so many ranges and bytes (at least 1 of each), in order.
    /// A range that is too long for a piece is cut. At least one piece, even without ranges.
    #[must_use]
    pub fn pieces(&self, max_ranges: usize, max_bytes: u64) -> Vec<Self> {
        let mut pieces = Vec::new();
        let (mut piece, mut bytes) = (Vec::new(), 0);
        for &(mut range) in &*self.ranges {
            while range.length > 0 {
                let room = max_bytes.max(1) - bytes;
                if room == 0 || piece.len() >= max_ranges.max(1) {
                    pieces.push(self.piece(std::mem::take(&mut piece)));
                    bytes = 0;
                    continue;
                }
                let length = range.length.min(room);
                piece.push(ByteRange { length, ..range });
                bytes += length;
                range = ByteRange { offset: range.offset + length, length: range.length - length };
            }
        }
        if !piece.is_empty() || pieces.is_empty() {
            pieces.push(self.piece(piece));
        }
        pieces
    }

    fn piece(&self, ranges: Vec<ByteRange>) -> Self {
        Self { ranges: ranges.into(), ..*self }
    }
}

impl ByteRange {
    /// The first byte behind it.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(self.length)
    }
}

impl From<(u64, u64)> for ByteRange {
    fn from((offset, length): (u64, u64)) -> Self {
        Self { offset, length }
    }
}

impl From<ByteRange> for (u64, u64) {
    fn from(range: ByteRange) -> Self {
        (range.offset, range.length)
    }
}

/// As a row has it.
#[derive(Serialize, Deserialize)]
struct Unchecked {
    of: u64,
    carried: u64,
    ranges: Vec<ByteRange>,
}

impl TryFrom<Unchecked> for PartialFile {
    type Error = InvalidRanges;

    fn try_from(unchecked: Unchecked) -> Result<Self, InvalidRanges> {
        let Unchecked { of, carried, ranges } = unchecked;
        let piece = Self::new(of, ranges)?;
        match piece.body_bytes() <= carried {
            true => Ok(Self { carried_bytes: carried, ..piece }),
            false => Err(InvalidRanges::MoreThanCarried(piece.body_bytes())),
        }
    }
}

impl From<PartialFile> for Unchecked {
    fn from(partial: PartialFile) -> Self {
        let (of, carried) = (partial.size_bytes, partial.carried_bytes);
        Self { of, carried, ranges: partial.ranges.to_vec() }
    }
}

impl fmt::Display for InvalidRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (range, why) = match self {
            Self::Empty(range) => (range, "is empty"),
            Self::OutOfOrder(range) => (range, "overlaps the one before it, or is not sorted"),
            Self::BeyondTheEnd(range) => (range, "ends behind the end of the file"),
            Self::TooMany(count) => {
                return write!(f, "{count} ranges, {} are allowed", PartialFile::MAX_RANGES);
            }
            Self::MoreThanCarried(bytes) => {
                return write!(f, "{bytes} bytes in one piece, and fewer in all of them");
            }
        };
        write!(f, "the range of {} bytes at byte {} {why}", range.length, range.offset)
    }
}

impl std::error::Error for InvalidRanges {}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(pairs: &[(u64, u64)]) -> Vec<ByteRange> {
        pairs.iter().copied().map(ByteRange::from).collect()
    }

    fn partial(size_bytes: u64, pairs: &[(u64, u64)]) -> PartialFile {
        PartialFile::new(size_bytes, ranges(pairs)).unwrap()
    }

    #[test]
    fn ranges_are_checked() {
        use InvalidRanges::{BeyondTheEnd, Empty, OutOfOrder, TooMany};
        let error = |size, pairs: &[_]| PartialFile::new(size, ranges(pairs)).unwrap_err();
        let at = |offset, length| ByteRange { offset, length };
        assert_eq!(error(9, &[(3, 0)]), Empty(at(3, 0)));
        assert_eq!(error(9, &[(3, 2), (4, 1)]), OutOfOrder(at(4, 1)));
        assert_eq!(error(9, &[(3, 2), (0, 1)]), OutOfOrder(at(0, 1)));
        assert_eq!(error(9, &[(3, 7)]), BeyondTheEnd(at(3, 7)));
        assert_eq!(error(u64::MAX, &[(2, u64::MAX)]), BeyondTheEnd(at(2, u64::MAX)));
        let many: Vec<_> = (0..=1 << 16).map(|number| at(2 * number, 1)).collect();
        assert_eq!(PartialFile::new(1 << 20, many).unwrap_err(), TooMany(65_537));

        let good = partial(9, &[(0, 3), (3, 1), (8, 1)]);
        assert_eq!((good.size_bytes(), good.body_bytes(), good.ranges().len()), (9, 5, 3));
        assert_eq!(partial(0, &[]).body_bytes(), 0);
    }

    #[test]
    fn json_is_checked_too() {
        let good = partial(73_728, &[(8192, 8192), (65_536, 8192)]);
        let json = serde_json::to_string(&good).unwrap();
        assert_eq!(json, "{\"of\":73728,\"carried\":16384,\"ranges\":[[8192,8192],[65536,8192]]}");
        for partial in good.pieces(1, 1000).into_iter().chain([good]) {
            let json = serde_json::to_string(&partial).unwrap();
            assert_eq!(serde_json::from_str::<PartialFile>(&json).unwrap(), partial);
        }
        for bad in ["[[0,0]]", "[[5,2],[6,1]]", "[[9,2]]", "[[-1,2]]", "[[1]]", "[1,2]", "{}"] {
            let json = format!("{{\"of\":10,\"carried\":99,\"ranges\":{bad}}}");
            assert!(serde_json::from_str::<PartialFile>(&json).is_err(), "{bad}");
        }
        let carried = |bytes: u64| {
            let json = format!("{{\"of\":10,\"carried\":{bytes},\"ranges\":[[0,4],[6,2]]}}");
            serde_json::from_str::<PartialFile>(&json).is_ok()
        };
        assert!(carried(6) && carried(7) && !carried(5));
    }

    #[test]
    fn pieces_hold_the_same_bytes_in_order() {
        let whole = partial(100, &[(0, 10), (20, 1), (22, 1), (30, 25), (60, 40)]);
        for (max_ranges, max_bytes) in [(1, 1), (2, 10), (3, 7), (9, 1000), (0, 0), (2, 1000)] {
            let pieces = whole.pieces(max_ranges, max_bytes);
            let mut bytes = Vec::new();
            for piece in &pieces {
                assert_eq!((piece.size_bytes(), piece.carried_bytes()), (100, 77));
                assert!(piece.ranges().len() <= max_ranges.max(1));
                assert!(piece.body_bytes() <= max_bytes.max(1));
                // Each piece is what the constructor accepts.
                PartialFile::new(100, piece.ranges().to_vec()).unwrap();
                bytes.extend(piece.ranges().iter().flat_map(|range| range.offset..range.end()));
            }
            let wanted = whole.ranges().iter().flat_map(|range| range.offset..range.end());
            assert!(wanted.eq(bytes), "{max_ranges} {max_bytes}");
        }
        assert_eq!(whole.pieces(9, 1000), [whole]);
        assert_eq!(partial(7, &[]).pieces(5, 5), [partial(7, &[])]);
    }
}
