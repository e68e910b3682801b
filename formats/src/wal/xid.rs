//! Transaction numbers, which wrap around.

use std::fmt;

/// A transaction's number (`TransactionId`): 32 bits that start again after the last, so that one is
/// older than another only within half of them. 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Xid(pub u32);

impl Xid {
    /// Whether it is a transaction's.
    pub const fn is_valid(self) -> bool {
        self.0 != 0
    }

    /// Whether it was given out before `other` (`TransactionIdPrecedes` of two normal ones).
    pub const fn precedes(self, other: Self) -> bool {
        let ahead = other.0.wrapping_sub(self.0);
        ahead != 0 && ahead < 1 << 31
    }
}

impl fmt::Display for Xid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// From the oldest to the newest of some transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XidRange {
    /// The oldest.
    pub oldest: Xid,
    /// The newest; smaller as a number where they wrapped around in between.
    pub newest: Xid,
}

impl XidRange {
    /// The range of one.
    pub const fn of(xid: Xid) -> Self {
        Self { oldest: xid, newest: xid }
    }

    /// The range that has `xid` as well.
    pub const fn with(self, xid: Xid) -> Self {
        let Self { oldest, newest } = self;
        if xid.precedes(oldest) {
            Self { oldest: xid, newest }
        } else if newest.precedes(xid) {
            Self { oldest, newest: xid }
        } else {
            self
        }
    }

    /// Whether `xid` lies in it: then it may be among them, otherwise it is not.
    pub const fn contains(self, xid: Xid) -> bool {
        xid.0.wrapping_sub(self.oldest.0) <= self.newest.0.wrapping_sub(self.oldest.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_is_up_to_half_a_round_behind() {
        assert!(Xid(3).precedes(Xid(4)) && !Xid(4).precedes(Xid(3)) && !Xid(4).precedes(Xid(4)));
        assert!(Xid(u32::MAX).precedes(Xid(3)) && !Xid(3).precedes(Xid(u32::MAX)));
        assert!(Xid(3).is_valid() && !Xid(0).is_valid());
    }

    #[test]
    fn a_range_goes_around() {
        let range = XidRange::of(Xid(u32::MAX)).with(Xid(5)).with(Xid(u32::MAX - 2)).with(Xid(3));
        assert_eq!(range, XidRange { oldest: Xid(u32::MAX - 2), newest: Xid(5) });
        let inside = [u32::MAX - 2, u32::MAX, 3, 5];
        assert!(inside.iter().all(|&number| range.contains(Xid(number))));
        let outside = [u32::MAX - 3, 6, 1 << 31];
        assert!(!outside.iter().any(|&number| range.contains(Xid(number))));
        assert!(XidRange::of(Xid(7)).contains(Xid(7)) && !XidRange::of(Xid(7)).contains(Xid(8)));
    }
}
