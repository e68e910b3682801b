//! Records that the fixtures do not have.

use super::*;
use crate::wal::testing::{
    HEAP, Log, SEGMENT, TIME, TRANSACTION, XLOG, finish, list, main_data, restore_point,
};

fn micros(event: &Event) -> Option<i64> {
    match event {
        Event::Commit(end) | Event::Abort(end) => Some(end.time.timestamp_micros()),
        _ => None,
    }
}

/// The events of a log, but for its end.
fn events_of(log: Log) -> Vec<Event> {
    let bytes = log.segments().concat();
    let (records, stop, _) = walk(&bytes, 4099);
    assert_eq!(stop.map(|stop| stop.reason), Some(StopReason::Zeros));
    events(&records).into_iter().map(|(_, event)| event).collect()
}

#[test]
fn a_prepared_transaction_stands_behind_its_lists() {
    for major in fixture::MAJORS {
        let mut log = Log::new(major, 8192);
        let stats = if major < 18 { 12 } else { 16 };
        // Database, subtransactions, relations, statistics, invalidations, number, name, origin.
        let mut flags = 1 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6;
        let mut data = [vec![1; 8], list(3, 4), list(2, 12)].concat();
        if major >= 15 {
            flags |= 1 << 8;
            data.extend(list(2, stats));
        }
        data.extend([list(5, 16), 4711_u32.to_le_bytes().to_vec()].concat());
        data.extend(b"gid\0");
        data.extend([7; 16]);
        log.push(TRANSACTION, 0x30 | 0x80, 0, &finish(TIME, flags, &data));
        log.push(TRANSACTION, 0x40 | 0x80, 0, &finish(TIME + 1, 1 << 4, &4712_u32.to_le_bytes()));
        // 64 KiB and more of subtransactions: only the time is there.
        let long = [list(20_000, 4), 4713_u32.to_le_bytes().to_vec()].concat();
        log.push(TRANSACTION, 0x30 | 0x80, 0, &finish(TIME + 2, 1 << 1 | 1 << 4, &long));
        let origin = [&[253, 1, 0][..], &finish(TIME + 3, 0, &[])].concat();
        log.push(TRANSACTION, 0, 4714, &origin);
        let events = events_of(log);
        let found: Vec<_> = events
            .iter()
            .map(|event| match event {
                Event::Commit(end) => ("commit", end.xid.map(|xid| xid.0), end.prepared),
                Event::Abort(end) => ("abort", end.xid.map(|xid| xid.0), end.prepared),
                other => panic!("{other:?}"),
            })
            .collect();
        let expected = [
            ("commit", Some(4711), true),
            ("abort", Some(4712), true),
            ("commit", None, true),
            ("commit", Some(4714), false),
        ];
        assert_eq!(found, expected, "{major}");
        let times: Vec<_> = events.iter().filter_map(micros).collect();
        let first = TIME + 946_684_800_000_000;
        assert_eq!(times, [first, first + 1, first + 2, first + 3]);
    }
}

#[test]
fn records_of_the_log_itself() {
    let number = |number: u64| number.to_le_bytes();
    let timelines = [2_u32.to_le_bytes(), 1_u32.to_le_bytes()].concat();
    let time = TIME.to_le_bytes();
    for (major, level) in [(10, 16), (11, 16), (12, 20), (18, 20)] {
        let mut log = Log::new(major, 1024);
        log.push(XLOG, 0x90, 0, &main_data(&[&time[..], &timelines].concat()));
        log.push(XLOG, 0x80, 0, &main_data(&[0]));
        log.push(XLOG, 0xD0, 0, &main_data(&[number(0x28), time].concat()));
        let mut settings = vec![9; level];
        settings.extend([1, 0, 0, 0, 1, 0, 0, 0]);
        log.push(XLOG, 0x60, 0, &main_data(&settings));
        log.push(XLOG, 0xE0, 0, &main_data(&[1, 0, 0, 0]));
        log.push(XLOG, 0x70, 0, &restore_point(TIME, &"n".repeat(63)));
        let events = events_of(log);
        let [end, pages, lost, settings, redo, point] = &events[..] else { panic!("{events:?}") };
        assert!(matches!(end, Event::EndOfRecovery { timeline, previous, .. }
            if (timeline.get(), previous.get()) == (2, 1)));
        assert_eq!(*pages, Event::FullPageWrites { on: false });
        assert!(matches!(lost, Event::OverwriteContrecord { overwritten: Lsn(0x28), .. }));
        assert_eq!(*settings, Event::ParameterChange { wal_level: 1 });
        assert_eq!(*redo, Event::CheckpointRedo);
        assert!(matches!(point, Event::RestorePoint { name, .. } if name.len() == 63));
    }
}

#[test]
fn a_record_may_be_given_up_after_a_crash() {
    for cut in [8, 24, 4096] {
        let mut log = Log::new(15, 8192);
        log.push(XLOG, 0x20, 0, &main_data(&[0; 8]));
        log.fill(cut);
        // The rest of this record never came to the disk.
        let lost = log.record(HEAP, 0, 9, &main_data(&vec![1; 9000]));
        let (at, prev) = (log.at(), log.prev);
        log.put(&lost[..usize::try_from(cut).unwrap().min(8000)]);
        log.pad();
        log.flags = 8;
        log.prev = prev;
        let data = main_data(&[at.to_le_bytes(), TIME.to_le_bytes()].concat());
        let begin = log.push(XLOG, 0xD0, 0, &data);
        log.push(TRANSACTION, 0, 10, &finish(TIME, 0, &[]));
        let segments = log.segments();
        let (records, stop, _) = walk(&segments.concat(), usize::MAX);
        assert_eq!(stop.map(|stop| stop.reason), Some(StopReason::Zeros), "{cut}");
        let found = events(&records);
        assert!(
            matches!(found[0], (found, Event::OverwriteContrecord { overwritten, .. })
            if found == begin && overwritten == Lsn(at)),
            "{cut}: {found:?}"
        );
        assert_eq!(begin, Lsn(8 * SEGMENT + 40));

        let mut summary = Summary::new();
        for bytes in &segments {
            let mut scan = SegmentScan::new();
            scan.feed(bytes);
            let facts = scan.finish().unwrap();
            assert_eq!(facts.overwrites, facts.begin == Lsn(8 * SEGMENT));
            assert_eq!(summary.add(&facts), Ok(None), "{cut}");
        }
        assert_eq!(summary.finished, 1);
    }
}

#[test]
fn a_record_without_sense_ends_the_facts() {
    let bodies = [
        (TRANSACTION, 0x30, finish(TIME, 0, &[])),
        (TRANSACTION, 0, main_data(&[1, 2, 3])),
        (TRANSACTION, 0, finish(i64::MAX, 0, &[])),
        (TRANSACTION, 0, vec![255, 9]),
        (TRANSACTION, 0xB0, finish(TIME, 1 << 1 | 1 << 4, &u32::MAX.to_le_bytes())),
        (XLOG, 0x70, main_data(&[0; 71])),
        (XLOG, 0x90, main_data(&[0; 16])),
    ];
    for (rmgr, info, data) in bodies {
        let mut log = Log::new(16, 8192);
        log.push(XLOG, 0x20, 0, &main_data(&[0; 8]));
        let at = log.push(rmgr, info, 5, &data);
        log.push(TRANSACTION, 0, 6, &finish(TIME, 0, &[]));
        let mut scan = SegmentScan::new();
        scan.feed(&log.segments().concat());
        let facts = scan.finish().unwrap();
        assert_eq!(facts.end, SegmentEnd::Torn { at, reason: StopReason::Content });
        assert_eq!((facts.records, facts.finished, facts.times), (1, 0, None));
    }
}
