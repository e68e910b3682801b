//! Records that cross segments, cut at every place where a server can cut them.

use super::*;
use crate::wal::testing::{
    HEAP, Log, Random, SEGMENT, TIME, TRANSACTION, XLOG, finish, list, main_data, restore_point,
};
use crate::wal::xid::Xid;

/// Resource manager, info, transaction, data.
type Made = (u8, u8, u32, Vec<u8>);

/// Every record whose rest may matter.
fn records() -> Vec<Made> {
    let origin = |data: Vec<u8>| [&[253, 3, 0][..], &data].concat();
    let number = 4711_u32.to_le_bytes();
    let lists = [vec![1; 8], list(40, 4), list(3, 12), list(90, 16)].concat();
    let long = [vec![1; 8], list(40, 4), list(3, 12), list(2000, 16)].concat();
    let prepared = [&lists[..], &number, b"gid\0", &[7; 16]].concat();
    vec![
        (TRANSACTION, 0, 735, finish(TIME, 0, &[])),
        (TRANSACTION, 0x20, 735, finish(TIME, 0, &[])),
        (TRANSACTION, 0x80, 735, finish(TIME, 1 << 1, &list(9, 4))),
        (TRANSACTION, 0x80, 735, finish(TIME, 0x0F, &lists)),
        (TRANSACTION, 0x80, 735, finish(TIME, 0x0F, &long)),
        (TRANSACTION, 0x80, 735, origin(finish(TIME, 1 << 5, &[4; 16]))),
        (TRANSACTION, 0xA0, 735, origin(finish(TIME, 0x0F, &lists))),
        (TRANSACTION, 0xB0, 0, finish(TIME, 1 << 4, &number)),
        (TRANSACTION, 0xC0, 0, finish(TIME, 1 << 4, &number)),
        (TRANSACTION, 0xB0, 0, finish(TIME, 0x3F | 1 << 7, &prepared)),
        (XLOG, 0x70, 0, restore_point(TIME, "before the change")),
        (XLOG, 0x70, 0, restore_point(TIME, &"n".repeat(63))),
        (XLOG, 0x70, 0, restore_point(TIME, "")),
    ]
}

/// A log in which a record begins `cut` bytes before the end of a segment.
fn cut_log(cut: u64, (rmgr, info, xid, data): &Made) -> Vec<Vec<u8>> {
    let mut log = Log::new(16, 8192);
    log.push(XLOG, 0x20, 0, &main_data(&[0; 8]));
    log.fill(cut);
    let begin = log.push(*rmgr, *info, *xid, data);
    assert_eq!(begin.0 % SEGMENT, SEGMENT - cut);
    log.push(TRANSACTION, 0, 740, &finish(TIME + 1, 0, &[]));
    log.segments()
}

#[test]
fn a_crossing_record_is_read_as_if_it_did_not_cross() {
    for record in records() {
        let length = 24 + record.3.len() as u64;
        for cut in (8..length.min(4000)).step_by(8) {
            let segments = cut_log(cut, &record);
            let (summary, crossings) = joined(&segments);
            let [crossing] = &crossings[..] else { panic!("{cut}: {crossings:?}") };
            let (begin, end, event) = &walked(&segments)[0];
            assert_eq!((crossing.begin, crossing.end), (*begin, *end));
            assert!(crossing.verified, "{cut} of {length}");
            assert_eq!(summary.finished, 1 + u64::from(record.0 == TRANSACTION));
            let found = crossing.event.as_ref().unwrap();
            match (found, event) {
                (Event::Commit(found), Event::Commit(finish)) if found.xid.is_none() => {
                    assert_eq!((found.time, found.prepared), (finish.time, true));
                    assert!(cut > 16 && finish.prepared, "{cut} of {length}");
                    assert!(summary.xids[0].may_contain(Xid(4711)));
                }
                (Event::Abort(found), Event::Abort(finish)) if found.xid.is_none() => {
                    assert!(found.time == finish.time && cut > 16 && finish.prepared);
                }
                (found, event) => assert_eq!(found, event, "{cut} of {length}"),
            }
        }
    }
}

#[test]
fn a_switch_may_be_cut_inside_its_header() {
    for cut in [8, 16] {
        let mut log = Log::new(16, 8192);
        log.fill(cut);
        let begin = log.push(XLOG, 0x40, 0, &[]);
        log.pad();
        log.push(TRANSACTION, 0, 740, &finish(TIME, 0, &[]));
        let segments = log.segments();
        // Alone it looks as if it ended there.
        let alone = facts(&segments[1]);
        assert!(matches!(alone.end, SegmentEnd::Torn { reason: StopReason::Zeros, .. }));
        let (summary, crossings) = joined(&segments);
        assert_eq!(crossings[0].event, Some(Event::Switch), "{cut}");
        assert_eq!(crossings[0].begin, begin);
        assert!(crossings[0].verified);
        assert_eq!(summary.finished, 1);
    }
}

#[test]
fn a_record_may_be_longer_than_segments() {
    let rows = vec![0x33; 3 << 20];
    let lists = list(700_000, 4);
    for (rmgr, data) in [(HEAP, main_data(&rows)), (TRANSACTION, finish(TIME, 2, &lists))] {
        for cut in [8, 24, 48, 4096] {
            let info = if rmgr == HEAP { 0 } else { 0x80 };
            let mut log = Log::new(16, 8192);
            log.fill(cut);
            let begin = log.push(rmgr, info, 735, &data);
            log.push(TRANSACTION, 0, 740, &finish(TIME + 1, 0, &[]));
            let segments = log.segments();
            assert!(segments.len() >= 4);
            let (summary, crossings) = joined(&segments);
            let [crossing] = &crossings[..] else { panic!("{crossings:?}") };
            assert_eq!(crossing.begin, begin);
            // Without its header, which is kept only where it might matter.
            assert_eq!(crossing.verified, rmgr == TRANSACTION || cut >= 24, "{cut}");
            assert_eq!(summary.finished, if rmgr == HEAP { 1 } else { 2 });
            // From the middle of the record on as well.
            assert_eq!(joined(&segments[1..]).0.finished, 1);
            // A segment is missing.
            let mut summary = Summary::new();
            summary.add(&facts(&segments[0])).unwrap();
            let gap = summary.add(&facts(&segments[2])).unwrap_err();
            assert!(matches!(gap, JoinError::Gap { .. }), "{gap}");
        }
    }
}

#[test]
fn parts_of_two_records_are_not_taken_for_one() {
    let commit = |xid, time| (TRANSACTION, 0, xid, finish(time, 0, &[]));
    for cut in [8, 16, 24, 32] {
        let one = cut_log(cut, &commit(735, TIME));
        let other = cut_log(cut, &commit(736, TIME + (1 << 50)));
        let mut summary = Summary::new();
        summary.add(&facts(&one[0])).unwrap();
        let error = summary.clone().add(&facts(&other[1])).unwrap_err();
        assert!(matches!(error, JoinError::Checksum { .. }), "{cut}: {error}");
        let shifted = cut_log(cut + 8, &(TRANSACTION, 0x80, 735, finish(TIME, 2, &list(5, 4))));
        let error = summary.clone().add(&facts(&shifted[1])).unwrap_err();
        assert!(matches!(error, JoinError::Continuation { .. }), "{cut}: {error}");
        assert!(summary.add(&facts(&one[1])).unwrap().is_some(), "an error changes nothing");
    }
}

/// Rows of users: text, numbers, zeros, and pages.
#[test]
fn facts_carry_no_rows() {
    let mut random = Random(0xC0FF_EE00);
    let mut kept = 0;
    for _ in 0..1500 {
        let length = 8 + random.below(400);
        let mark = b"a secret of a user, 4711 Elm Street; ";
        let row: Vec<u8> =
            (0..length).map(|at| mark[usize::try_from(at).unwrap() % mark.len()]).collect();
        let cut = 8 + random.below(length + 20) / 8 * 8;
        let segments = cut_log(cut, &(HEAP, 0, 9, main_data(&row)));
        let (tail, opens) = (facts(&segments[0]).tail, facts(&segments[1]).opens);
        assert!(tail.is_none_or(|tail| tail.bytes.len() <= 24));
        kept += usize::from(opens.is_some_and(|opens| !opens.bytes.is_empty()));
    }
    assert_eq!(kept, 0);
}
