//! Plans over logs that exist in memory only: timelines, gaps, windows.

mod carried;
mod log;
mod recorded;

use super::*;
use chrono::TimeZone;
use formats::{SystemIdentifier, TimelineId};
use log::Log;
use std::collections::BTreeMap;
use stream::{Earliest, JobId, Level, Position, TargetName, Totals};
use uuid::Uuid;

const SYSTEM: SystemIdentifier = SystemIdentifier::new(7710);
const SEGMENT: u64 = 16 << 20;

fn at(second: i64) -> DateTime<Utc> {
    Utc.timestamp_opt(1_700_000_000 + second, 0).unwrap()
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
        standby: false,
        last_record: None,
        carried: None,
        configuration: None,
        tablespace_in_place: false,
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
    RecoveryRequest { target, inclusive: None, action: None, link: None, history: None }
}

fn lsn(number: u64) -> RecoveryTarget {
    RecoveryTarget::Position(Position::new(number))
}

/// Both halves of the planning.
fn plan(links: &[Link], log: &dyn LogView, request: &RecoveryRequest) -> Result<Plan> {
    prove(&choose(links, request)?, log, request)
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
        let request = to(target.clone());
        let chains = choose(&links, &request).unwrap();
        let routes = route::routes(&chains, &log, &request).unwrap();
        assert_eq!(routes[0].link.id, links[wanted].id, "{target:?}");
    }
    let early = plan(&links, &log, &to(RecoveryTarget::Time(at(29)))).unwrap_err();
    assert_eq!(early.kind(), Kind::LogGap);
    assert_eq!(early.hints(), [format!("It begins at {}, LSN 0/3001000.", exact_time(&at(30)))]);
}

#[test]
fn a_target_that_is_not_in_the_log_is_refused_with_what_is() {
    let links = [full(1, 2, 1)];
    let log = Log::default().with(1, 2..=5);
    let beyond = plan(&links, &log, &to(lsn(6 * SEGMENT + 1))).unwrap_err();
    assert_eq!(
        beyond.message(),
        "the log does not reach LSN 0/6000001: it ends before the segment 000000010000000000000006"
    );
    // The last transaction ended at second 50: so recovery cannot be asked to stop there, only
    // before.
    let late = plan(&links, &log, &to(RecoveryTarget::Time(at(50)))).unwrap_err();
    assert!(late.message().starts_with("the log does not reach 2023-11-14T22:14:10Z: it ends"));
    let wanted = "The last transaction ended at 2023-11-14T22:14:10Z: the latest second that can be \
                  recovered is 2023-11-14T22:14:09Z.";
    assert!(late.hints().iter().any(|hint| hint == wanted), "{:?}", late.hints());
    let other = plan(&links, &log, &to(RecoveryTarget::Name("x".to_owned()))).unwrap_err();
    assert!(other.message().starts_with("there is no restore point \"x\" in the log"));
    let other = plan(&links, &log, &to(RecoveryTarget::Transaction("9".to_owned()))).unwrap_err();
    assert!(other.message().starts_with("transaction 9 is not in the log"));
    let wide = plan(&links, &log, &to(RecoveryTarget::Transaction((1_u64 << 32).to_string())))
        .unwrap_err();
    assert_eq!(wide.kind(), Kind::Usage);
}

#[test]
fn a_gap_is_named_and_told_apart_from_the_end() {
    let links = [full(1, 2, 1)];
    let log = Log::default().with(1, (2..=5).chain(8..=300));
    let gap = plan(&links, &log, &to(lsn(9 * SEGMENT))).unwrap_err();
    assert!(
        gap.message()
            .ends_with("the segment 000000010000000000000006 is missing, later ones are there")
    );
    // What lies before it can still be reached; the plan tells of it.
    let made = plan(&links, &log, &to(RecoveryTarget::Latest)).unwrap();
    assert!(made.notes.iter().any(|note| note.contains("000000010000000000000006 is missing")));
    let window = window(&links[0], &log, None).unwrap();
    let gap = window.gap.unwrap();
    assert_eq!(
        (gap.first.as_str(), gap.last.as_str(), gap.pieces, gap.resumes),
        ("000000010000000000000006", "000000010000000000000007", 2, Some(at(80)))
    );
    assert_eq!((window.last, window.latest), (Some(at(50)), Some(at(49))));
    assert_eq!(window.to.value(), u128::from(6 * SEGMENT));
}

#[test]
fn the_log_of_the_backup_itself_must_be_there() {
    let links = [full(1, 2, 1)];
    let log = Log::default().with(1, std::iter::once(2));
    let error = plan(&links, &log, &to(RecoveryTarget::Immediate)).unwrap_err();
    assert_eq!(error.kind(), Kind::LogGap);
    assert!(error.message().contains("the segment 000000010000000000000003 is missing"));
    assert!(!window(&links[0], &log, None).unwrap().is_whole);
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
    // The old timeline went on for longer, and can be asked for.
    let wanted = RecoveryRequest { history: Some("1".into()), ..to(RecoveryTarget::Latest) };
    let made = plan(&links, &log, &wanted).unwrap();
    assert_eq!((made.settings["timeline"].as_str(), made.log.len()), ("1", 1));
    assert_eq!(made.settings["reaches_lsn"], "0/A000000");
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
    let wanted = RecoveryRequest { history: Some("2".into()), ..to(RecoveryTarget::Latest) };
    let error = plan(&links, &log, &wanted).unwrap_err();
    assert!(error.message().contains("no backup lies on timeline 2"), "{}", error.message());
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
    let wanted = RecoveryRequest { history: Some("current".into()), ..to(RecoveryTarget::Latest) };
    assert_eq!(plan(&links, &log, &wanted).unwrap().settings["timeline"], "1");
}

#[test]
fn ancestry_decides_which_backup_serves_and_not_its_position() {
    // The second backup was taken on timeline 1 after 2 had begun: recovery to the newest timeline
    // must not begin with it, however young it is.
    let links = [full(1, 2, 1), full(1, 7, 2)];
    let log = Log::default()
        .with(1, 2..=12)
        .with(2, 5..=8)
        .with_history(2, "1\t0/5800000\tno recovery target\n");
    let made = plan(&links, &log, &to(RecoveryTarget::Latest)).unwrap();
    assert_eq!((made.chain[0], made.settings["timeline"].as_str()), (links[0].id, "2"));
    let wanted = RecoveryRequest { history: Some("1".into()), ..to(RecoveryTarget::Latest) };
    let made = plan(&links, &log, &wanted).unwrap();
    assert_eq!((made.chain[0], made.settings["timeline"].as_str()), (links[1].id, "1"));
}

#[test]
fn an_older_cluster_of_the_target_stays_restorable() {
    let mut newer = full(1, 2, 2);
    let other =
        State { system_identifier: SystemIdentifier::new(7711), ..State::of(&newer).unwrap() };
    newer.state = serde_json::to_value(other).unwrap();
    newer.earliest.as_mut().unwrap().time = at(500);
    let links = [full(1, 6, 1), newer];
    let log = Log::default().with(1, 6..=12).with_other(7711, 1, 2..=9);
    let made = plan(&links, &log, &to(RecoveryTarget::Latest)).unwrap();
    assert_eq!((made.chain[0], made.settings["lineage"].as_str()), (links[1].id, "7711"));
    let request = to(RecoveryTarget::Time(at(80)));
    let chains = choose(&links, &request).unwrap();
    let routes = route::routes(&chains, &log, &request).unwrap();
    assert_eq!((routes.len(), routes[0].link.id), (1, links[0].id));
}

#[test]
fn without_a_target_the_server_ends_as_a_primary() {
    let links = [full(1, 2, 1)];
    let log = Log::default().with(1, 2..=6);
    let made = plan(&links, &log, &to(RecoveryTarget::Latest)).unwrap();
    assert_eq!(made.action, TargetAction::Promote);
    let made = plan(&links, &log, &to(RecoveryTarget::Immediate)).unwrap();
    assert_eq!((made.action, made.inclusive), (TargetAction::Pause, true));
}

#[test]
fn a_request_that_cannot_be_read_is_refused_with_the_links_alone() {
    let links = [full(1, 2, 1)];
    for number in ["x", "-1", "0x10", "4294967296"] {
        let request = to(RecoveryTarget::Transaction(number.to_owned()));
        assert_eq!(choose(&links, &request).unwrap_err().kind(), Kind::Usage, "{number}");
    }
    for history in ["newest", "0", "-1"] {
        let request =
            RecoveryRequest { history: Some(history.into()), ..to(RecoveryTarget::Latest) };
        assert_eq!(choose(&links, &request).unwrap_err().kind(), Kind::Usage, "{history}");
    }
}
