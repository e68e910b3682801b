//! Facts as text, and summaries of segments that do not belong together.

use super::*;
use crate::wal::testing::{
    Log, SEGMENT, TIME, TRANSACTION, XLOG, finish, main_data, restore_point,
};

/// A log of three segments that are full.
fn log() -> Vec<Vec<u8>> {
    let mut log = Log::new(15, 8192);
    for xid in 100..103 {
        log.push(TRANSACTION, 0, xid, &finish(TIME + i64::from(xid), 0, &[]));
        log.push(XLOG, 0x70, 0, &restore_point(TIME, "name, 100 %\n"));
        log.fill(24);
        log.push(TRANSACTION, 0, xid + 50, &finish(TIME - i64::from(xid), 0, &[]));
    }
    log.segments()
}

#[test]
fn the_text_is_this() {
    let text = facts(&log()[1]).to_facts();
    let lines: Vec<_> = text.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let point = "2026-11-20T13:25:50.679967Z name%2C%20100%20%25%0A";
    let header = "2200000097000000c80080000000000000010000cbfb90e2";
    let expected = [
        "wal.begin=0/800000".to_owned(),
        "wal.end=full".to_owned(),
        "wal.finished=1".to_owned(),
        "wal.first=0/800038 0/7FFFE8".to_owned(),
        "wal.last=0/8000C8 0/8FFFE8".to_owned(),
        "wal.major=15".to_owned(),
        "wal.opens=10 10 4135c9f8 0/800038 ff083b5393f3b3030300".to_owned(),
        "wal.records=3".to_owned(),
        format!("wal.restore_points=0/800060 0/8000C8 {point}"),
        "wal.size=1048576".to_owned(),
        "wal.system=99".to_owned(),
        format!("wal.tail=0/8FFFE8 34 24 00000000 {header}"),
        "wal.timelines=1 1".to_owned(),
        "wal.times=2026-11-20T13:25:50.680068Z 2026-11-20T13:25:50.680068Z".to_owned(),
        "wal.xids=101 101".to_owned(),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn damaged_text_is_refused_and_strange_keys_are_not() {
    let good = facts(&log()[1]);
    let text = good.to_facts();
    let with = |key: &str, value: &str| {
        let mut text = text.clone();
        text.insert(key.to_owned(), value.to_owned());
        SegmentFacts::from_facts(&text)
    };
    assert_eq!(with("wal.later", "x"), Ok(good));
    for key in ["wal.begin", "wal.size", "wal.system", "wal.major", "wal.timelines", "wal.end"] {
        let mut text = text.clone();
        text.remove(key);
        assert_eq!(SegmentFacts::from_facts(&text), Err(FactsError::Missing { key }));
    }
    for (key, value) in [
        ("wal.begin", "0/800001"),
        ("wal.size", "1048577"),
        ("wal.major", "19"),
        ("wal.timelines", "0 1"),
        ("wal.timelines", "1"),
        ("wal.records", "-1"),
        ("wal.first", "0/1 0/1 0/1"),
        ("wal.times", "2026-11-20T13:25:50.680068Z 2026-11-20T13:25:50.680067Z"),
        ("wal.times", "2026-11-20T13:25:50Z 2026-11-20T13:25:50Z"),
        ("wal.xids", "1 2 3"),
        ("wal.restore_points", ""),
        ("wal.restore_points", "0/1 0/2 2026-11-20T13:25:50.680068Z %4"),
        ("wal.restore_points", "0/1 0/2 2026-11-20T13:25:50.680068Z %\u{e9}"),
        ("wal.forks", "0/1 1"),
        ("wal.overwrites", "no"),
        ("wal.opens", "10 11 00000000 passes -"),
        ("wal.opens", "10 9 00000000 0/800038 -"),
        ("wal.opens", "10 9 0000000 passes -"),
        ("wal.tail", "0/8FFFE8 34 34 00000000 -"),
        ("wal.tail", "0/8FFFE8 34 1 00000000 0000"),
        ("wal.end", "torn 0/800038 tired"),
        ("wal.end", "switch 0/800038"),
        ("wal.end", ""),
    ] {
        let error = with(key, value).unwrap_err();
        assert!(matches!(error, FactsError::Invalid { key: found } if found == key), "{value}");
    }
    let none = SegmentFacts::from_facts(&std::collections::BTreeMap::new());
    assert_eq!(none, Err(FactsError::Missing { key: "wal.size" }));
}

#[test]
fn a_summary_joins_segments_in_their_order() {
    let segments = log();
    let (summary, crossings) = joined(&segments);
    assert_eq!((summary.finished, crossings.len(), summary.restore_points.len()), (6, 3, 3));
    let micros = |time: DateTime<Utc>| time.timestamp_micros() - 946_684_800_000_000 - TIME;
    let times = summary.times.unwrap();
    assert_eq!((micros(times.earliest), micros(times.latest)), (-102, 102));
    assert_eq!(summary.restore_points[0].name, b"name, 100 %\n");
    assert!(summary.unread.is_empty());
    let numbers = |xid| {
        let may = |xids: &&SegmentXids| xids.may_contain(crate::wal::Xid(xid));
        summary.xids.iter().filter(may).map(|xids| xids.segment.0 / SEGMENT).collect::<Vec<_>>()
    };
    assert_eq!(numbers(100), [7]);
    assert_eq!(numbers(152), [10], "the end of the record counts");
    assert_eq!(numbers(99), [0_u64; 0]);
    let (begin, end) = summary.range().unwrap();
    assert_eq!((begin, end > Lsn(10 * SEGMENT)), (Lsn(7 * SEGMENT), true));

    let error = summary.clone().add(&facts(&segments[0])).unwrap_err();
    assert_eq!(error, JoinError::Ended { at: end });
    let error = joined(&segments[..1]).0.add(&facts(&segments[2])).unwrap_err();
    let (expected, found) = (Lsn(8 * SEGMENT), Lsn(9 * SEGMENT));
    assert_eq!(error, JoinError::Gap { expected, found });
    let mut other = facts(&segments[1]);
    other.major = 16;
    let error = joined(&segments[..1]).0.add(&other).unwrap_err();
    assert_eq!(error, JoinError::Identity { at: Lsn(8 * SEGMENT) });
    let mut other = facts(&segments[1]);
    other.first = Some((Lsn(8 * SEGMENT + 56), Lsn(5)));
    let error = joined(&segments[..1]).0.add(&other).unwrap_err();
    assert!(matches!(error, JoinError::Previous { found: Lsn(5), .. }), "{error}");
}

#[test]
fn a_list_of_restore_points_is_bounded() {
    for (count, name, listed) in [(300, "x", 200), (150, "\u{1}\u{1}\u{1}\u{1}", 150)] {
        let mut log = Log::new(15, 8192);
        for _ in 0..count {
            log.push(XLOG, 0x70, 0, &restore_point(TIME, name));
        }
        let facts = facts(&log.segments()[0]);
        assert_eq!(facts.restore_points.len(), listed);
        assert_eq!(facts.more_restore_points, count > listed);
    }
    let mut log = Log::new(15, 8192);
    for _ in 0..200 {
        log.push(XLOG, 0x70, 0, &restore_point(TIME, &"\u{1}".repeat(63)));
    }
    log.push(XLOG, 0x20, 0, &main_data(&[0; 8]));
    let facts = facts(&log.segments()[0]);
    assert!(facts.more_restore_points && facts.restore_points.len() < 100);
}
