//! Plans over logs that exist in memory only: timelines, gaps, windows.

use super::*;
use crate::wal;
use chrono::TimeZone;
use errors::Result;
use formats::{SystemIdentifier, TimelineId, WalFile};
use std::collections::BTreeMap;
use stream::{Earliest, JobId, LogKey, PieceInfo, Position, TargetName, Totals};
use uuid::Uuid;

const SYSTEM: SystemIdentifier = SystemIdentifier::new(7710);
const SEGMENT: u64 = 16 << 20;

/// Pieces by key: when they were written, and what they hold.
#[derive(Default)]
struct Log(BTreeMap<LogKey, (DateTime<Utc>, Vec<u8>)>);

fn at(second: i64) -> DateTime<Utc> {
    Utc.timestamp_opt(1_700_000_000 + second, 0).unwrap()
}

fn segment(timeline: u32, number: u64) -> LogKey {
    let name = format!("{timeline:08X}{:08X}{:08X}", number / 256, number % 256);
    wal::key(&WalFile::parse(&name).unwrap(), SYSTEM)
}

impl Log {
    /// Segments of a timeline; the nth was last written to at second n × 10.
    fn with(mut self, timeline: u32, numbers: impl Iterator<Item = u64>) -> Self {
        for number in numbers {
            let second = i64::try_from(number).unwrap() * 10;
            self.0.insert(segment(timeline, number), (at(second), Vec::new()));
        }
        self
    }

    fn with_history(mut self, timeline: u32, text: &str) -> Self {
        let file = WalFile::History(TimelineId::new(timeline).unwrap());
        self.0.insert(wal::key(&file, SYSTEM), (at(0), text.as_bytes().to_vec()));
        self
    }

    fn part(&self, part: impl Fn(&LogKey) -> Option<&String>) -> Vec<String> {
        let mut parts: Vec<String> = self.0.keys().filter_map(|key| part(key).cloned()).collect();
        parts.sort();
        parts.dedup();
        parts
    }
}

impl LogView for Log {
    fn lanes(&self, lineage: &str) -> Result<Vec<String>> {
        Ok(self.part(|key| (key.lineage == lineage).then_some(&key.lane)))
    }

    fn shards(&self, lineage: &str, lane: &str) -> Result<Vec<String>> {
        Ok(self.part(|key| (key.lineage == lineage && key.lane == lane).then_some(&key.shard)))
    }

    fn names(&self, _lineage: &str, lane: &str, shard: &str) -> Result<Vec<String>> {
        Ok(self.part(|key| (key.lane == lane && key.shard == shard).then_some(&key.name)))
    }

    fn info(&self, key: &LogKey) -> Result<Option<PieceInfo>> {
        let info = |(written_at, _): &(DateTime<Utc>, _)| PieceInfo {
            length: SEGMENT,
            written_at: *written_at,
            facts: BTreeMap::new(),
        };
        Ok(self.0.get(key).map(info))
    }

    fn read_small(&self, key: &LogKey) -> Result<Option<Vec<u8>>> {
        Ok(self.0.get(key).map(|(_, bytes)| bytes.clone()))
    }
}

/// A full of a timeline: from the beginning of one segment to the middle of the next.
fn full(timeline: u32, first: u64, job: u64) -> Link {
    let (start, stop) = (Lsn(first * SEGMENT + 40), Lsn((first + 1) * SEGMENT + 4096));
    let state = State {
        system_identifier: SYSTEM,
        timeline: TimelineId::new(timeline).unwrap(),
        start,
        stop,
        major: 15,
        catalog_version: 0,
        control_version: 1300,
        segment_size: formats::SegmentSize::new(SEGMENT).unwrap(),
        block_size: 8192,
        data_checksums: true,
    };
    let time = at(i64::try_from(first + 1).unwrap() * 10);
    Link {
        version: 1,
        id: Uuid::new_v4(),
        parent: None,
        engine: "postgresql".into(),
        target: TargetName::new("t").unwrap(),
        unit: None,
        job: JobId::new(job),
        level: Level::Full,
        from: Position::new(0),
        to: Position::new(stop.0),
        base: BTreeMap::new(),
        earliest: Some(Earliest { position: Position::new(stop.0), time }),
        log_from: None,
        lineage: BTreeMap::new(),
        state: serde_json::to_value(state).unwrap(),
        roots: BTreeMap::new(),
        server: BTreeMap::new(),
        started_at: time,
        finished_at: time,
        totals: Totals::default(),
        log: Vec::new(),
        findings: Vec::new(),
    }
}

fn to(target: RecoveryTarget) -> RecoveryRequest {
    RecoveryRequest { target, inclusive: None, action: None, link: None }
}

fn lsn(number: u64) -> RecoveryTarget {
    RecoveryTarget::Position(Position::new(number))
}

#[test]
fn the_newest_backup_that_is_old_enough_serves() {
    let links = [full(1, 2, 1), full(1, 6, 2)];
    let log = Log::default().with(1, 2..=12);
    for (target, wanted) in [
        (RecoveryTarget::Latest, 1),
        (RecoveryTarget::Immediate, 1),
        (RecoveryTarget::Time(at(70)), 1),
        (RecoveryTarget::Time(at(69)), 0),
        (lsn(7 * SEGMENT + 4096), 1),
        (lsn(7 * SEGMENT + 4095), 0),
    ] {
        let made = plan(&links, &log, &to(target.clone())).unwrap();
        assert_eq!(made.chain, [links[wanted].id], "{target:?}");
    }
    let early = plan(&links, &log, &to(RecoveryTarget::Time(at(29)))).unwrap_err();
    assert_eq!(early.kind(), Kind::LogGap);
    assert_eq!(early.hints(), [format!("It begins at {}, LSN 0/3001000.", print_time(at(30)))]);
}

#[test]
fn the_log_must_reach_the_target() {
    let links = [full(1, 2, 1)];
    let log = Log::default().with(1, 2..=5);
    plan(&links, &log, &to(lsn(6 * SEGMENT))).unwrap();
    let beyond = plan(&links, &log, &to(lsn(6 * SEGMENT + 1))).unwrap_err();
    assert_eq!(
        beyond.message(),
        "the log does not reach LSN 0/6000001: it ends before the segment 000000010000000000000006"
    );
    plan(&links, &log, &to(RecoveryTarget::Time(at(50)))).unwrap();
    let beyond = plan(&links, &log, &to(RecoveryTarget::Time(at(51)))).unwrap_err();
    assert!(beyond.hints()[0].contains("LSN 0/6000000"), "{:?}", beyond.hints());
}

#[test]
fn a_gap_is_named_and_told_apart_from_the_end() {
    let links = [full(1, 2, 1)];
    let log = Log::default().with(1, (2..=5).chain(7..=300));
    let gap = plan(&links, &log, &to(lsn(8 * SEGMENT))).unwrap_err();
    assert!(
        gap.message()
            .ends_with("the segment 000000010000000000000006 is missing, later ones are there")
    );
    // What lies before it can still be reached; the plan tells of it.
    let made = plan(&links, &log, &to(lsn(5 * SEGMENT))).unwrap();
    assert!(made.notes.iter().any(|note| note.contains("000000010000000000000006 is missing")));
}

#[test]
fn the_log_of_the_backup_itself_must_be_there() {
    let links = [full(1, 2, 1)];
    let log = Log::default().with(1, std::iter::once(2));
    let error = plan(&links, &log, &to(RecoveryTarget::Immediate)).unwrap_err();
    assert_eq!(error.kind(), Kind::LogGap);
    assert!(error.message().contains("the segment 000000010000000000000003 is missing"));
}

#[test]
fn a_timeline_is_left_inside_a_segment() {
    // Timeline 2 leaves 1 in segment 5: that segment exists on both, and is read from the new one.
    let links = [full(1, 2, 1)];
    let log = Log::default()
        .with(1, 2..=9)
        .with(2, 5..=7)
        .with_history(2, "1\t0/5800000\tno recovery target\n");
    let made = plan(&links, &log, &to(RecoveryTarget::Latest)).unwrap();
    let spans: Vec<_> = made.log.iter().map(|span| (span.lane.as_str(), span.pieces)).collect();
    assert_eq!(spans, [("00000001", 3), ("00000002", 3)]);
    assert_eq!(made.log[1].first, "000000020000000000000005");
    assert_eq!(made.settings["timeline"], "2");
    assert_eq!(made.settings["reaches_lsn"], "0/8000000");
}

#[test]
fn a_timeline_that_forked_before_the_backup_ended_is_no_course() {
    let links = [full(1, 2, 1)];
    let log = Log::default()
        .with(1, 2..=6)
        .with(2, 3..=7)
        .with_history(2, "1\t0/3000800\tno recovery target\n");
    let made = plan(&links, &log, &to(RecoveryTarget::Latest)).unwrap();
    assert_eq!(made.settings["timeline"], "1");
}

#[test]
fn of_several_descendants_the_newest_is_followed_and_strangers_are_not() {
    let links = [full(1, 2, 1)];
    let log = Log::default()
        .with(1, 2..=6)
        .with(2, 4..=6)
        .with_history(2, "1\t0/4000100\tno recovery target\n")
        .with(3, 5..=8)
        .with_history(3, "1\t0/4000100\tx\n2\t0/5000100\ty\n")
        // 4 descends from a timeline that this backup is not on.
        .with(4, 5..=9)
        .with_history(4, "3\t0/5000200\tz\n");
    let made = plan(&links, &log, &to(RecoveryTarget::Latest)).unwrap();
    assert_eq!(made.settings["timeline"], "3");
    let lanes: Vec<_> = made.log.iter().map(|span| span.lane.as_str()).collect();
    assert_eq!(lanes, ["00000001", "00000002", "00000003"]);
    // The first consistent state lies before any fork.
    let made = plan(&links, &log, &to(RecoveryTarget::Immediate)).unwrap();
    assert_eq!(made.settings["timeline"], "1");
}

#[test]
fn without_a_target_the_server_ends_as_a_primary() {
    let links = [full(1, 2, 1)];
    let log = Log::default().with(1, 2..=6);
    let made = plan(&links, &log, &to(RecoveryTarget::Latest)).unwrap();
    assert_eq!(made.action, TargetAction::Promote);
    let made = plan(&links, &log, &to(RecoveryTarget::Time(at(50)))).unwrap();
    assert_eq!((made.action, made.inclusive), (TargetAction::Pause, true));
}
