//! What is still missing of a file.

use std::collections::BTreeMap;
use stream::ByteRange;

/// The bytes that nobody has supplied yet, as ranges: begin and end. There is at most one more of
/// them than ranges were taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holes(BTreeMap<u64, u64>);

impl Holes {
    /// All of a file of so many bytes.
    pub(super) fn all(size_bytes: u64) -> Self {
        Self((size_bytes > 0).then_some((0, size_bytes)).into_iter().collect())
    }

    /// Takes a range out; adds to `taken` what of it was missing.
    pub(super) fn take(&mut self, range: ByteRange, taken: &mut Vec<ByteRange>) {
        let (begin, end) = (range.offset, range.end());
        while let Some((hole, hole_end)) = self.first_in(begin, end) {
            self.0.remove(&hole);
            let (from, to) = (hole.max(begin), hole_end.min(end));
            if hole < from {
                self.0.insert(hole, from);
            }
            if to < hole_end {
                self.0.insert(to, hole_end);
            }
            taken.push(ByteRange { offset: from, length: to - from });
        }
    }

    /// Whether something of a range is missing.
    pub(super) fn has(&self, range: ByteRange) -> bool {
        self.first_in(range.offset, range.end()).is_some()
    }

    /// The file ends here after all: nothing behind it is missing.
    pub(super) fn end_at(&mut self, end: u64) {
        self.take(ByteRange { offset: end, length: u64::MAX - end }, &mut Vec::new());
    }

    /// The first missing bytes, from `from` on.
    pub(super) fn first_from(&self, from: u64) -> Option<ByteRange> {
        let (hole, end) = self.first_in(from, u64::MAX)?;
        let offset = hole.max(from);
        Some(ByteRange { offset, length: end - offset })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first hole that has bytes between two offsets.
    fn first_in(&self, begin: u64, end: u64) -> Option<(u64, u64)> {
        let around = self.0.range(..=begin).next_back().filter(|(_, hole_end)| **hole_end > begin);
        let found = around.or_else(|| self.0.range(begin..).next())?;
        (begin < end && *found.0 < end).then_some((*found.0, *found.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(offset: u64, end: u64) -> ByteRange {
        ByteRange { offset, length: end - offset }
    }

    fn take(holes: &mut Holes, offset: u64, end: u64) -> Vec<ByteRange> {
        let mut taken = Vec::new();
        holes.take(range(offset, end), &mut taken);
        taken
    }

    #[test]
    fn every_byte_is_taken_once() {
        let mut holes = Holes::all(100);
        assert_eq!(take(&mut holes, 10, 20), [range(10, 20)]);
        assert_eq!(take(&mut holes, 40, 60), [range(40, 60)]);
        assert_eq!(take(&mut holes, 15, 50), [range(20, 40)]);
        assert_eq!(take(&mut holes, 5, 90), [range(5, 10), range(60, 90)]);
        assert_eq!(holes.first_from(0), Some(range(0, 5)));
        assert_eq!(holes.first_from(3), Some(range(3, 5)));
        assert_eq!(holes.first_from(5), Some(range(90, 100)));
        assert!(holes.has(range(0, 1)) && holes.has(range(4, 95)) && !holes.has(range(5, 90)));
        assert!(!holes.has(range(3, 3)));
        assert_eq!(take(&mut holes, 0, 1000), [range(0, 5), range(90, 100)]);
        assert!(holes.is_empty() && Holes::all(0).is_empty());
        assert_eq!(take(&mut holes, 0, 100), []);
    }

    #[test]
    fn the_end_may_be_learned_late() {
        let mut holes = Holes::all(u64::MAX);
        assert_eq!(take(&mut holes, 0, 7), [range(0, 7)]);
        assert!(!holes.is_empty());
        holes.end_at(9);
        assert_eq!(holes.first_from(0), Some(range(7, 9)));
        assert_eq!(take(&mut holes, 7, 9), [range(7, 9)]);
        assert!(holes.is_empty());
    }

    /// Against a map of single bytes.
    #[test]
    fn random_ranges_agree_with_a_model() {
        let mut state = 7_u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for _ in 0..300 {
            let size = next(60);
            let (mut holes, mut model) = (Holes::all(size), vec![true; 60]);
            model.iter_mut().skip(usize::try_from(size).unwrap()).for_each(|byte| *byte = false);
            for _ in 0..12 {
                let begin = next(60);
                let end = begin + next(61 - begin);
                let wanted: Vec<u64> =
                    (begin..end).filter(|&at| model[usize::try_from(at).unwrap()]).collect();
                assert_eq!(holes.has(range(begin, end)), !wanted.is_empty());
                let taken = take(&mut holes, begin, end);
                assert!(taken.iter().flat_map(|range| range.offset..range.end()).eq(wanted));
                for at in begin..end {
                    model[usize::try_from(at).unwrap()] = false;
                }
            }
            assert_eq!(holes.is_empty(), !model.contains(&true));
            let first = model.iter().position(|missing| *missing).map(|at| at as u64);
            assert_eq!(holes.first_from(0).map(|range| range.offset), first);
        }
    }
}
