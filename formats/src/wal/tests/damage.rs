//! Damaged logs: what is delivered is the undamaged beginning, and nothing panics.

use super::*;
use crate::wal::testing::Random;

const PAGE: usize = 8192;

fn page() -> Vec<u8> {
    let mut bytes = fixture::wal("15", "000000010000000000000003");
    bytes.truncate(PAGE);
    bytes
}

fn scan(bytes: &[u8]) -> SegmentFacts {
    let mut scan = SegmentScan::new();
    scan.feed(bytes);
    scan.finish().unwrap()
}

#[test]
fn every_flipped_bit_of_a_record_is_noticed() {
    let good = page();
    let (records, stop, _) = walk(&good, PAGE);
    assert_eq!(records.len(), 4);
    assert_eq!(stop, None, "the page ends with a switch");
    for (index, record) in records.iter().enumerate() {
        let begin = usize::try_from(record.begin.0 % (1 << 24)).unwrap();
        let length = usize::try_from(record.header.length).unwrap();
        for at in begin..begin + length {
            for bit in 0..8 {
                let mut bytes = good.clone();
                bytes[at] ^= 1 << bit;
                let (found, _, _) = walk(&bytes, PAGE);
                assert_eq!(found, records[..index], "bit {bit} of byte {at}");
            }
        }
    }
}

#[test]
fn every_flipped_bit_of_a_page_header_is_noticed() {
    let segment = fixture::wal("15", "000000010000000000000002");
    let good = &segment[..3 * PAGE];
    let (records, _, _) = walk(good, usize::MAX);
    for at in (PAGE..PAGE + 20).chain(2 * PAGE..2 * PAGE + 20) {
        for bit in 0..8 {
            // XLP_BKP_REMOVABLE says nothing about records; a newer timeline may begin at any page.
            let harmless = (at % PAGE == 2 && bit == 2) || (4..8).contains(&(at % PAGE));
            let mut bytes = good.to_vec();
            bytes[at] ^= 1 << bit;
            let (found, stop, _) = walk(&bytes, usize::MAX);
            assert!(harmless || stop.is_some() || found.len() < records.len(), "{at} {bit}");
        }
    }
}

#[test]
fn a_page_may_end_anywhere() {
    let good = page();
    let (records, ..) = walk(&good, PAGE);
    for length in 40..PAGE {
        let (found, stop, _) = walk(&good[..length], PAGE);
        assert_eq!(found, records[..found.len()]);
        assert_eq!(stop, None, "{length}");
        let facts = scan(&good[..length]);
        assert!(matches!(facts.end, SegmentEnd::Torn { reason: StopReason::Short, .. }));
    }
    for length in 0..40 {
        let mut scan = SegmentScan::new();
        scan.feed(&good[..length]);
        assert_eq!(scan.finish(), Err(FirstPageError::TooShort { bytes: length }));
    }
}

#[test]
fn a_half_copied_segment_is_torn() {
    let good = fixture::wal("15", "000000010000000000000002");
    let whole = scan(&good);
    let SegmentEnd::Switch { at, .. } = whole.end else { panic!("{:?}", whole.end) };
    let records_end = usize::try_from(at.0 % (1 << 24)).unwrap();
    for end in (4096..records_end).step_by(4096).chain([records_end]) {
        let mut bytes = good.clone();
        bytes[end..].fill(0);
        let facts = scan(&bytes);
        let SegmentEnd::Torn { at, reason } = facts.end else { panic!("{end}: {:?}", facts.end) };
        assert!(at <= Lsn((2 << 24) + end as u64) && facts.records < whole.records, "{end}");
        let reasons = [StopReason::Zeros, StopReason::Checksum];
        assert!(reasons.contains(&reason), "{end}: {reason:?}");
        assert_eq!(SegmentFacts::from_facts(&facts.to_facts()), Ok(facts));
    }
    let facts = scan(&[&good[..], &[0]].concat());
    assert!(matches!(facts.end, SegmentEnd::Torn { reason: StopReason::Long, .. }));
    let facts = scan(&good[..good.len() - 1]);
    assert!(matches!(facts.end, SegmentEnd::Torn { reason: StopReason::Short, .. }));
}

#[test]
fn pages_from_an_earlier_use_of_the_file_are_torn() {
    let good = fixture::wal("15", "000000010000000000000002");
    for page in [1, 2, 20] {
        let mut bytes = good.clone();
        for old in bytes[page * PAGE..].chunks_mut(PAGE) {
            // As if the segment before had lain in the file.
            old[11] = old[11].wrapping_sub(1);
        }
        let facts = scan(&bytes);
        let SegmentEnd::Torn { at, reason } = facts.end else { panic!("{:?}", facts.end) };
        assert_eq!(reason, StopReason::PageAddress);
        assert!(at <= Lsn((2 << 24) + (page * PAGE) as u64));
    }
}

#[test]
fn random_damage_never_panics_and_never_adds_records() {
    let good = fixture::wal("18", "000000010000000000000002")[..16 * PAGE].to_vec();
    let (records, ..) = walk(&good, PAGE);
    let mut random = Random(0x5EA_3A11);
    for _ in 0..300 {
        let mut bytes = good.clone();
        for _ in 0..=random.below(3) {
            let from = usize::try_from(random.below(bytes.len() as u64)).unwrap().max(40);
            let to = (from + usize::try_from(random.below(5000)).unwrap()).min(bytes.len());
            match random.below(3) {
                0 => bytes[from..to].fill(0),
                1 => bytes[from..to].rotate_left((to - from) / 3),
                _ => bytes[from] ^= 1 << random.below(8),
            }
        }
        let chunk = usize::try_from(1 + random.below(20_000)).unwrap();
        let (found, ..) = walk(&bytes, chunk);
        assert!(found.len() <= records.len());
        assert_eq!(found, records[..found.len()]);
        let facts = scan(&bytes);
        assert_eq!(SegmentFacts::from_facts(&facts.to_facts()), Ok(facts));
    }
}
