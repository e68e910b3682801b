//! The write-ahead log: what is said of a segment does not depend on how its bytes came.

use std::collections::BTreeMap;

use crate::bytes::u32_at;
use crate::wal::{SegmentEnd, SegmentFacts, SegmentScan, StopReason, Summary, Xid};
use crate::{FirstPage, SegmentNumber};

/// Bytes of a record's header, the last four of which are its checksum.
const HEADER_BYTES: usize = 24;

/// A segment's facts are the same in one piece and in many, and the same as text.
pub fn wal_segment(data: &[u8]) {
    let mut bytes = data.to_vec();
    // Each round gives one more record the right checksum, so that the walk gets further.
    for _ in 0..64 {
        let Some(facts) = facts_of(&bytes) else { return };
        if mend(&mut bytes, &facts).is_none() {
            return;
        }
    }
}

fn facts_of(bytes: &[u8]) -> Option<SegmentFacts> {
    let scan = |chunk| {
        let mut scan = SegmentScan::new();
        bytes.chunks(chunk).for_each(|chunk| scan.feed(chunk));
        scan.finish()
    };
    let facts = scan(bytes.len().max(1));
    assert_eq!(scan(97), facts);
    let facts = facts.ok()?;
    same_as_text(&facts);
    let end = facts.begin.0.saturating_add(facts.size.bytes());
    if let SegmentEnd::Torn { at, .. } = facts.end {
        assert!((facts.begin.0..=end).contains(&at.0));
        assert!(facts.last.is_none_or(|(_, last)| last <= at));
    }
    let mut summary = Summary::new();
    assert_eq!(summary.add(&facts), Ok(None));
    assert_eq!((summary.finished, summary.times), (facts.finished, facts.times));
    Some(facts)
}

fn same_as_text(facts: &SegmentFacts) {
    assert_eq!(SegmentFacts::from_facts(&facts.to_facts()).as_ref(), Ok(facts));
}

/// Gives the record a right checksum that ended the walk with a wrong one, if it lies in one page.
fn mend(bytes: &mut [u8], facts: &SegmentFacts) -> Option<()> {
    let SegmentEnd::Torn { at, reason: StopReason::Checksum } = facts.end else { return None };
    let first = FirstPage::parse(bytes).ok()?;
    let block = usize::try_from(first.block_size).ok()?;
    let mut begin = usize::try_from(at.0.checked_sub(facts.begin.0)?).ok()?;
    if begin.is_multiple_of(block) {
        begin += if begin == 0 { 40 } else { 24 };
    }
    let length = usize::try_from(u32_at(bytes, begin)?).ok()?;
    let room = block - begin % block;
    let record = bytes.get_mut(begin..begin.checked_add(length.min(room))?)?;
    let (header, body) = record.split_at_mut_checked(HEADER_BYTES).filter(|_| length <= room)?;
    let (checked, crc) = header.split_at_mut_checked(HEADER_BYTES - 4)?;
    let right = crc32c::crc32c_append(crc32c::crc32c(body), checked);
    crc.copy_from_slice(&right.to_le_bytes());
    Some(())
}

/// Facts that were read read the same when they are written again, and join or are refused.
///
/// The input has one `key=value` per line and an empty line between segments; a tab stands for a
/// line's end in a value.
pub fn segment_facts(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let mut summary = Summary::new();
    for segment in text.split("\n\n") {
        let entries = segment.lines().filter_map(|line| line.split_once('='));
        let facts: BTreeMap<_, _> =
            entries.map(|(key, value)| (key.to_owned(), value.replace('\t', "\n"))).collect();
        let Ok(facts) = SegmentFacts::from_facts(&facts) else { continue };
        same_as_text(&facts);
        let number = SegmentNumber::of(facts.begin, facts.size);
        assert_eq!(number.first_lsn(facts.size), facts.begin);
        let before = summary.clone();
        match summary.add(&facts) {
            Ok(None) => {}
            Ok(Some(crossing)) => assert!(crossing.event.is_none() || crossing.header.is_some()),
            Err(_) => {
                let same = (before.finished, before.range());
                assert_eq!((summary.finished, summary.range()), same);
            }
        }
    }
    if let Some(range) = summary.xids.first().and_then(|xids| xids.range) {
        assert!(summary.xids.iter().any(|xids| xids.may_contain(range.oldest)));
        assert!(summary.xids.iter().any(|xids| xids.may_contain(Xid(range.newest.0))));
    }
}
