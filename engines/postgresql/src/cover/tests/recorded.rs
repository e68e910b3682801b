//! Targets in log that a real server wrote: see `fixtures/postgresql/ORIGIN.md`.

use super::log::{Log, Piece};
use crate::cover::facts::Segments;
use crate::cover::proof::{Proof, Sought, search};
use crate::wal;
use chrono::{DateTime, TimeDelta, Utc};
use formats::wal::{SegmentScan, Xid};
use formats::{Lsn, SegmentName, SegmentSize, SystemIdentifier, WalFile};
use std::collections::BTreeMap;
use std::path::Path;

/// What the server said about its events: kind, transaction, time, position before and after.
struct Oracle(Vec<Vec<String>>);

struct Recorded {
    log: Log,
    system: SystemIdentifier,
    size: SegmentSize,
    names: Vec<SegmentName>,
    oracle: Oracle,
}

impl Recorded {
    /// With facts in the heads, or as an older program left them.
    fn new(folder: &str, names: &[&str], with_facts: bool) -> Self {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/postgresql").join(folder);
        let mut log = Log::default();
        let mut identity = None;
        for name in names {
            let stored = std::fs::read(folder.join(format!("wal-{name}.zst"))).unwrap();
            let bytes = zstd::decode_all(stored.as_slice()).unwrap();
            let mut scan = SegmentScan::new();
            scan.feed(&bytes);
            let facts = scan.finish().unwrap();
            identity = Some((facts.system_identifier, facts.size));
            let facts = if with_facts { facts.to_facts() } else { BTreeMap::new() };
            let key = wal::key(&WalFile::parse(name).unwrap(), identity.unwrap().0);
            log = log.with_piece(key, Piece { facts, bytes });
        }
        let (system, size) = identity.unwrap();
        let names = names.iter().map(|name| SegmentName::parse(name, size).unwrap()).collect();
        let text = std::fs::read_to_string(folder.join("oracle.tsv")).unwrap();
        let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
        Self { log, system, size, names, oracle: Oracle(text.lines().skip(1).map(cells).collect()) }
    }

    fn search(&self, sought: &Sought) -> Proof {
        let segments = Segments { log: &self.log, system: self.system, size: self.size };
        search(segments, self.names.iter().copied(), sought).unwrap()
    }

    fn stop(&self, sought: &Sought) -> Option<Lsn> {
        self.search(sought).stop.map(|stop| stop.begin)
    }
}

impl Oracle {
    fn row(&self, kind: &str, xid: &str) -> (DateTime<Utc>, Lsn, Lsn) {
        let row = self.0.iter().find(|row| row[0] == kind && row[1] == xid).unwrap();
        let time = DateTime::parse_from_str(&row[2], "%Y-%m-%d %H:%M:%S%.f%#z");
        (time.unwrap_or_default().into(), row[3].parse().unwrap(), row[4].parse().unwrap())
    }
}

const FIFTEEN: &[&str] = &["000000010000000000000002", "000000010000000000000003"];

#[test]
fn times_stop_before_the_first_transaction_that_ended_later() {
    for with_facts in [true, false] {
        let recorded = Recorded::new("15", FIFTEEN, with_facts);
        for (kind, xid) in [("commit", "729"), ("commit_prepared", "731"), ("commit", "737")] {
            let (time, before, after) = recorded.oracle.row(kind, xid);
            let within = |lsn: Lsn| lsn >= before && lsn < after;
            let just_before = time - TimeDelta::microseconds(1);
            let sought = Sought::Time { time: just_before, or_at: false };
            assert!(within(recorded.stop(&sought).unwrap()), "{xid}");
            let sought = Sought::Time { time, or_at: true };
            assert!(within(recorded.stop(&sought).unwrap()), "{xid}, exclusive");
            let sought = Sought::Time { time, or_at: false };
            assert!(recorded.stop(&sought).is_none_or(|lsn| lsn >= after), "{xid}, inclusive");
        }
        let (time, ..) = recorded.oracle.row("commit", "737");
        let proof = recorded.search(&Sought::Time { time, or_at: false });
        assert_eq!((proof.stop, proof.latest, proof.broken), (None, Some(time), None));
    }
}

#[test]
fn the_last_transaction_that_is_kept_is_told() {
    let recorded = Recorded::new("15", FIFTEEN, true);
    let (kept, ..) = recorded.oracle.row("commit", "736");
    let (time, ..) = recorded.oracle.row("commit", "737");
    let proof = recorded.search(&Sought::Time { time, or_at: true });
    assert_eq!(proof.last, Some(kept), "from the segment before");
    let (time, ..) = recorded.oracle.row("commit", "736");
    let (kept, ..) = recorded.oracle.row("truncate_commit", "735");
    let proof = recorded.search(&Sought::Time { time, or_at: true });
    assert_eq!(proof.last, Some(kept), "from the same segment");
    assert!(proof.stop.unwrap().what.starts_with("commit of transaction 736 at 2026-11-20T"));
}

#[test]
fn transactions_names_and_positions_are_found_where_the_server_put_them() {
    let recorded = Recorded::new("15", FIFTEEN, true);
    for (kind, xid) in [("commit", "729"), ("abort", "730"), ("commit_prepared", "731")] {
        let (_, before, after) = recorded.oracle.row(kind, xid);
        let found = recorded.stop(&Sought::Transaction(Xid(xid.parse().unwrap()))).unwrap();
        assert!(found >= before && found < after, "{xid}");
    }
    // A savepoint's number is not the transaction's.
    assert_eq!(recorded.stop(&Sought::Transaction(Xid(733))), None);
    let (_, before, after) = recorded.oracle.row("restore_point", "");
    let found = recorded.stop(&Sought::Name(b"rp fixture 1".to_vec())).unwrap();
    assert!(found >= before && found < after);
    assert_eq!(recorded.stop(&Sought::Name(b"rp fixture".to_vec())), None);
    let (_, _, end) = recorded.oracle.row("commit", "729");
    assert_eq!(recorded.stop(&Sought::Position(end)), Some(end), "a record begins there");
    assert!(recorded.stop(&Sought::Position(Lsn(end.0 + 1))).unwrap() > end);
    assert_eq!(recorded.stop(&Sought::Position(Lsn(0x0400_0000))), None, "nothing begins there");
}

#[test]
fn along_a_timeline_the_other_ones_transaction_of_the_same_number_does_not_count() {
    let recorded = Recorded::new("15/timeline", &["000000020000000000000003"], true);
    let found = recorded.search(&Sought::Transaction(Xid(726))).stop.unwrap();
    // On timeline 1 that number was given out too, for something that timeline 2 does not have.
    let rows: Vec<_> = recorded.oracle.0.iter().filter(|row| row[1] == "726").collect();
    let (before, after): (Lsn, Lsn) = (rows[1][3].parse().unwrap(), rows[1][4].parse().unwrap());
    assert!(found.begin >= before && found.begin < after, "{}", found.begin);
    assert!(recorded.search(&Sought::Name(b"switch one".to_vec())).stop.is_some());
}
