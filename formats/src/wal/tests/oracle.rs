//! What the servers said about their own log: `oracle.tsv` of every major.

use super::*;

fn rows(folder: &str) -> Vec<Vec<String>> {
    let table = fixture::text(&format!("{folder}/oracle.tsv"));
    let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
    table.lines().skip(1).map(cells).collect()
}

fn time(time: chrono::DateTime<chrono::Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string()
}

fn lsn(cell: &str) -> Lsn {
    cell.parse().unwrap()
}

/// Whether the events have what a row of the table says.
fn is_there(row: &[String], records: &[Kept]) -> bool {
    let [kind, xid, at, before, after, name, value] = row else { panic!("{row:?}") };
    let ends = |wanted: &dyn Fn(&Event) -> bool, exact: bool| {
        records.iter().any(|record| {
            let end = if exact { record.end == lsn(after) } else { record.end <= lsn(after) };
            end && record.event.as_ref().is_some_and(wanted)
        })
    };
    let number = || Xid(xid.parse().unwrap());
    match kind.as_str() {
        "commit_prepared"
        | "commit"
        | "create_table_commit"
        | "commit_subxact"
        | "create_table_in_tablespace_commit"
        | "truncate_commit" => {
            let prepared = kind == "commit_prepared";
            let wanted = |event: &Event| {
                matches!(event, Event::Commit(end) if end.xid == Some(number())
                    && time(end.time) == *at && end.prepared == prepared)
            };
            ends(&wanted, true)
        }
        "abort" => {
            let clock = value.rsplit_once("rollback ").unwrap().1;
            let wanted = |event: &Event| {
                matches!(event, Event::Abort(end) if end.xid == Some(number())
                    && *time(end.time) >= *clock)
            };
            ends(&wanted, true)
        }
        "prepare" => {
            let clock = value.strip_prefix("prepared ").unwrap();
            let wanted = |event: &Event| {
                matches!(event, Event::Prepare { xid, time: at, gid } if *xid == number()
                    && gid == name.as_bytes() && clock == time(*at))
            };
            ends(&wanted, true)
        }
        "restore_point" => {
            let wanted = |event: &Event| {
                matches!(event, Event::RestorePoint { name: found, .. }
                    if found == name.as_bytes())
            };
            ends(&wanted, true)
        }
        "switch_wal" => ends(&|event| *event == Event::Switch, true),
        "backup_stop" => ends(&|event| matches!(event, Event::BackupEnd { .. }), true),
        "checkpoint" => records.iter().any(|record| {
            let redo = lsn(value.strip_prefix("redo ").unwrap());
            record.begin == lsn(after)
                && matches!(record.event, Some(Event::Checkpoint { redo: found, .. })
                    if found == redo)
        }),
        _ => {
            assert!(at.is_empty() && (before.is_empty() || kind == "wal_summary"), "{row:?}");
            true
        }
    }
}

#[test]
fn what_every_server_said_is_in_its_log() {
    let majors = fixture::MAJORS.map(|major| major.to_string());
    let mut checked = 0;
    for folder in majors.iter().map(String::as_str).chain(["15/segsize1"]) {
        let mut records = Vec::new();
        for (at, name) in fixture::wal_files() {
            if at == folder {
                records.extend(walk(&fixture::wal(folder, &name), 64 << 10).0);
            }
        }
        let rows = rows(folder);
        for row in &rows {
            assert!(is_there(row, &records), "{folder}: {row:?}");
            checked += usize::from(!row[2].is_empty());
        }
        let finished =
            events(&records).iter().filter(|(_, event)| matches!(event, Event::Commit(_))).count();
        let known = rows.iter().filter(|row| !row[2].is_empty()).count();
        assert_eq!(finished, known, "{folder}: commits that the server does not know");
    }
    assert_eq!(checked, 9 * 8 + 6);
}

#[test]
fn the_facts_of_two_segments_follow_each_other_on_every_server() {
    for major in fixture::MAJORS {
        let folder = major.to_string();
        let rows = rows(&folder);
        let mut summary = Summary::new();
        for name in ["000000010000000000000002", "000000010000000000000003"] {
            let mut scan = SegmentScan::new();
            for chunk in fixture::wal(&folder, name).chunks(10_007) {
                scan.feed(chunk);
            }
            let facts = scan.finish().unwrap();
            assert_eq!(facts.major, major);
            assert!(matches!(facts.end, SegmentEnd::Switch { .. }), "{folder}: {:?}", facts.end);
            assert_eq!(SegmentFacts::from_facts(&facts.to_facts()), Ok(facts.clone()));
            assert_eq!(summary.add(&facts), Ok(None), "{folder}");
        }
        let of = |kind: &str| rows.iter().find(|row| row[0] == kind).unwrap();
        let times = summary.times.unwrap();
        assert_eq!(time(times.earliest), of("create_table_commit")[2]);
        assert_eq!(time(times.latest), rows.iter().map(|row| row[2].as_str()).max().unwrap());
        let [point] = &summary.restore_points[..] else { panic!("{folder}") };
        assert_eq!(point.name, b"rp fixture 1");
        assert_eq!(point.end, lsn(&of("restore_point")[4]));
        let xid = |kind: &str| Xid(of(kind)[1].parse().unwrap());
        assert!(summary.xids[0].may_contain(xid("commit_prepared")));
        assert!(!summary.xids[1].may_contain(xid("commit_prepared")));
        assert_eq!(summary.range(), Some((Lsn(2 << 24), Lsn(4 << 24))));
    }
}

#[test]
fn a_timeline_begins_inside_a_segment() {
    let facts = |name| {
        let mut scan = SegmentScan::new();
        scan.feed(&fixture::wal("15/timeline", name));
        scan.finish().unwrap()
    };
    let old = facts("000000010000000000000003.partial");
    assert!(matches!(old.end, SegmentEnd::Torn { reason: StopReason::Zeros, at }
        if at == Lsn(0x0300_64B8)));
    assert!(!old.is_complete() && old.forks.is_empty());
    let new = facts("000000020000000000000003");
    let numbers = (new.timelines.0.get(), new.timelines.1.get());
    assert_eq!(numbers, (1, 2));
    let [fork] = new.forks[..] else { panic!("{:?}", new.forks) };
    assert_eq!((fork.at, fork.from.get(), fork.to.get()), (Lsn(0x0300_6250), 1, 2));
    assert_eq!(new.restore_points, old.restore_points);
    assert!(new.is_complete());
    assert_eq!(SegmentFacts::from_facts(&new.to_facts()), Ok(new));
}
