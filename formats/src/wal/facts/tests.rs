//! Facts of one segment, as text and joined with their neighbours.

mod crossing;
mod stored;

use super::*;
use crate::wal::event::Event;
use crate::wal::page::FirstPage;
use crate::wal::record::Record;
use crate::wal::walk::Walker;

/// The facts of a segment, by way of text.
fn facts(segment: &[u8]) -> SegmentFacts {
    let mut scan = SegmentScan::new();
    for chunk in segment.chunks(99_991) {
        scan.feed(chunk);
    }
    let facts = scan.finish().unwrap();
    let text = facts.to_facts();
    let bytes: usize = text.iter().map(|(key, value)| key.len() + value.len()).sum();
    assert!(bytes < 56 << 10, "{bytes} bytes");
    assert_eq!(SegmentFacts::from_facts(&text), Ok(facts.clone()));
    facts
}

/// What the joined facts say, and the crossing records.
fn joined(segments: &[Vec<u8>]) -> (Summary, Vec<Crossing>) {
    let mut summary = Summary::new();
    let crossings = segments.iter().filter_map(|segment| summary.add(&facts(segment)).unwrap());
    let crossings = crossings.collect();
    (summary, crossings)
}

/// What a walk over all segments at once says.
fn walked(segments: &[Vec<u8>]) -> Vec<(Lsn, Lsn, Event)> {
    let mut walker = Walker::new(&FirstPage::parse(&segments[0]).unwrap());
    let mut events = Vec::new();
    for segment in segments {
        let stop = walker.feed(segment, &mut |record: &Record<'_>| {
            let event = record.event().unwrap();
            events.extend(event.map(|event| (record.begin, record.end, event)));
        });
        assert!(stop.is_ok() || segment == segments.last().unwrap(), "{stop:?}");
    }
    events
}
