//! Recovery to a moment, a position, the first consistent state, the end of the log.

use crate::PROGRAM;
use fixtures::postgresql::{PostgreSql, program};
use fixtures::{Lab, ScratchServer, run};
use std::fs;
use std::path::Path;

/// Rows of the table that the tests write to.
fn rows(server: &PostgreSql) -> String {
    server.sql("SELECT coalesce(string_agg(n::text, ',' ORDER BY n), '') FROM t")
}

/// A server with a backup between the rows 1 and 2, and the moments and positions after each.
struct History {
    lab: Lab,
    times: Vec<String>,
    positions: Vec<String>,
}

fn history() -> History {
    let mut lab = Lab::new(PROGRAM);
    lab.server.sql("CREATE TABLE t (n int PRIMARY KEY); INSERT INTO t VALUES (1)");
    let _ = lab.backup();
    let (mut times, mut positions) = (Vec::new(), Vec::new());
    for row in 2..=4 {
        lab.server.sql(&format!("INSERT INTO t VALUES ({row})"));
        positions.push(lab.server.sql("SELECT pg_current_wal_insert_lsn()"));
        times.push(lab.server.sql("SELECT clock_timestamp()"));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    lab.server.sql("DROP TABLE t");
    lab.archive();
    History { lab, times, positions }
}

/// Stock pg_verifybackup must accept a restored directory.
pub(crate) fn verify_with_stock_tool(restored: &Path) {
    run(program("pg_verifybackup").arg(restored)).ok();
}

#[test]
fn to_a_second_before_the_table_was_dropped() {
    let History { lab, times, .. } = history();
    for (number, wanted) in [(0, "1,2"), (1, "1,2,3"), (2, "1,2,3,4")] {
        let time = &times[number];
        let words = ["--target-time", time, "--target-action", "promote"];
        let restored = lab.restore(&format!("time{number}"), &words);
        verify_with_stock_tool(&restored);
        let mut server = lab.start(restored);
        server.wait_until("NOT pg_is_in_recovery()");
        assert_eq!(rows(&server), wanted, "at {time}");
        assert_eq!(server.sql("SHOW archive_mode"), "off", "a clone must not archive");
    }
}

#[test]
fn to_a_position_with_a_pause() {
    let History { lab, positions, .. } = history();
    let restored = lab.restore("lsn", &["--target-lsn", &positions[1]]);
    let mut server = lab.start(restored);
    server.wait_until("pg_get_wal_replay_pause_state() = 'paused'");
    assert_eq!(rows(&server), "1,2,3");
}

#[test]
fn to_the_first_consistent_state() {
    let History { lab, .. } = history();
    let words = ["--target-immediate", "--target-action", "promote"];
    let mut server = lab.start(lab.restore("immediate", &words));
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(rows(&server), "1");
}

#[test]
fn to_the_end_of_the_log() {
    let History { mut lab, .. } = history();
    lab.server.sql("CREATE TABLE t (n int); INSERT INTO t VALUES (9)");
    lab.archive();
    let mut server = lab.start(lab.restore("latest", &[]));
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(rows(&server), "9");
}

#[test]
fn a_backup_is_whole_without_any_archive() {
    let History { lab, .. } = history();
    let restored = lab.restore("alone", &["--target-immediate", "--target-action", "promote"]);
    // Nothing can be fetched any more.
    fs::rename(lab.repo(), lab.scratch.join("gone")).unwrap();
    let conf = restored.join("postgresql.auto.conf");
    let text = fs::read_to_string(&conf).unwrap();
    let kept = text.lines().filter(|line| !line.starts_with("restore_command"));
    fs::write(
        &conf,
        kept.map(|line| format!("{line}\n")).collect::<String>() + "restore_command = 'false'\n",
    )
    .unwrap();
    let mut server = lab.start(restored);
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(rows(&server), "1");
}

#[test]
fn an_exclusive_position_leaves_its_record_out() {
    let mut lab = Lab::new(PROGRAM);
    lab.server.sql("CREATE TABLE t (n int)");
    let _ = lab.backup();
    lab.server.sql("INSERT INTO t VALUES (1)");
    // The record that begins here is the insertion of 2.
    let begin = lab.server.sql("SELECT pg_current_wal_insert_lsn()");
    lab.server.sql("INSERT INTO t VALUES (2)");
    lab.archive();
    let words = ["--target-lsn", &begin, "--exclusive", "--target-action", "promote"];
    let mut server = lab.start(lab.restore("exclusive", &words));
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(rows(&server), "1");
}

#[test]
fn along_the_new_timeline_after_a_recovery() {
    let History { mut lab, times, .. } = history();
    let restored = lab.restore(
        "second",
        &["--target-time", &times[0], "--target-action", "promote", "--keep-archiving"],
    );
    let mut second = lab.start(restored);
    second.wait_until("NOT pg_is_in_recovery()");
    second.sql("INSERT INTO t VALUES (20)");
    std::mem::swap(&mut lab.server, &mut second);
    lab.archive();
    second.kill();
    // The newest timeline that descends from the backup's is followed.
    let mut third = lab.start(lab.restore("third", &[]));
    third.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(rows(&third), "1,2,20");
    assert_eq!(third.sql("SELECT timeline_id FROM pg_control_checkpoint()"), "3");
}

#[test]
fn a_backup_of_a_restored_server_restores() {
    let History { mut lab, times, .. } = history();
    let words = ["--target-time", &times[0], "--target-action", "promote", "--keep-archiving"];
    let mut second = lab.start(lab.restore("second", &words));
    second.wait_until("NOT pg_is_in_recovery()");
    std::mem::swap(&mut lab.server, &mut second);
    second.kill();
    // Its settings still speak of the recovery that it came from: only one target is allowed.
    let backup = lab.backup();
    lab.server.sql("INSERT INTO t VALUES (30)");
    let lsn = lab.server.sql("SELECT pg_current_wal_insert_lsn()");
    lab.archive();
    let words = ["--backup", &backup, "--target-lsn", &lsn, "--target-action", "promote"];
    let restored = lab.restore("third", &words);
    assert!(restored.join("pg_wal/00000002.history").exists());
    let mut third = lab.start(restored);
    third.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(rows(&third), "1,2,30");
}

#[test]
fn a_transaction_prepared_before_the_backup_can_be_committed_after_the_restore() {
    let mut lab = Lab::with(PROGRAM, &[], "max_prepared_transactions = 2\n");
    lab.server.sql("CREATE TABLE t (n int PRIMARY KEY); INSERT INTO t VALUES (1)");
    lab.server.sql("BEGIN; INSERT INTO t VALUES (2); PREPARE TRANSACTION 'held'");
    // Its state leaves the log for a file of its own.
    lab.server.sql("CHECKPOINT");
    let _ = lab.backup();
    lab.archive();
    lab.server.stop();
    let mut server = lab.start(lab.restore("held", &[]));
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(rows(&server), "1");
    assert_eq!(server.sql("SELECT gid FROM pg_prepared_xacts"), "held");
    server.sql("COMMIT PREPARED 'held'");
    assert_eq!(rows(&server), "1,2");
}

#[test]
fn a_dry_run_prints_the_plan_and_writes_nothing() {
    let History { lab, times, .. } = history();
    let to = lab.scratch.join("dry");
    let to = to.to_str().unwrap();
    let text = lab.run(&["restore", "--to", to, "--target-time", &times[1], "--dry-run"]).out();
    for word in ["backup", "data", "log", "target", "then", "pause"] {
        assert!(text.contains(word), "{word} in\n{text}");
    }
    assert!(!Path::new(to).exists() && !lab.scratch.join("dry.seawall.json").exists());
}

#[test]
fn the_marker_beside_the_directory_tells_what_was_restored() {
    let lab = Lab::new(PROGRAM);
    let backup = lab.backup();
    let restored = lab.restore("marked", &[]);
    let text = fs::read_to_string(restored.with_extension("seawall.json")).unwrap();
    let marker: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(marker["link"], backup.as_str());
    assert!(marker["finished_at"].is_string());
}

#[test]
fn to_places_that_are_not_there_yet_and_to_disks_of_their_own() {
    let lab = Lab::new(PROGRAM);
    let _ = lab.backup();
    let deep = lab.restore("new/and/deep", &[]);
    assert!(
        deep.join("global/pg_control").exists() && deep.with_extension("seawall.json").exists()
    );
    // A mounted disk: its directory is ours, what lies beside it is not.
    let outer = lab.scratch.join("outer");
    fs::create_dir_all(outer.join("disk")).unwrap();
    lab.scratch.give(&outer.join("disk"));
    let to = outer.join("disk");
    let outcome = lab.run(&["restore", "--to", to.to_str().unwrap(), "--quiet"]);
    assert_eq!(outcome.code(), 0, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("no marker is written"), "{}", outcome.stderr);
    verify_with_stock_tool(&to);
}
