//! Windows, and the proof of a target before a byte is written.

use crate::PROGRAM;
use fixtures::postgresql::PostgreSql;
use fixtures::{Lab, Outcome};
use serde_json::Value;
use std::fs;

const TARGET: &str = "pg-main";

fn rows(server: &PostgreSql) -> String {
    server.sql("SELECT coalesce(string_agg(n::text, ',' ORDER BY n), '') FROM t")
}

/// A backup, then the rows 1 to 3, each with what is known of its commit, then a named point.
struct History {
    lab: Lab,
    xids: Vec<String>,
    /// Of the commits, as the server keeps them.
    times: Vec<String>,
    named: String,
}

fn history() -> History {
    let mut lab = Lab::with(PROGRAM, &[], "track_commit_timestamp = on\n");
    lab.server.sql("CREATE TABLE t (n int PRIMARY KEY)");
    let _ = lab.backup();
    let (mut xids, mut times) = (Vec::new(), Vec::new());
    for row in 1..=3 {
        let insert = format!("INSERT INTO t VALUES ({row}) RETURNING pg_current_xact_id()");
        let xid = lab.server.sql(&insert);
        let time = format!("SELECT pg_xact_commit_timestamp('{xid}'::xid)");
        times.push(lab.server.sql(&time));
        xids.push(xid);
        // A commit per second, so that seconds tell them apart.
        std::thread::sleep(std::time::Duration::from_millis(1050));
    }
    let named = lab.server.sql("SELECT pg_create_restore_point('before the deed')");
    lab.server.sql("INSERT INTO t VALUES (4)");
    lab.archive();
    History { lab, xids, times, named }
}

fn recovered(lab: &Lab, name: &str, words: &[&str]) -> String {
    let words = [words, &["--target-action", "promote"]].concat();
    let mut server = lab.start(lab.restore(name, &words));
    server.wait_until("NOT pg_is_in_recovery()");
    rows(&server)
}

/// What a restore would do, or why it is refused.
fn dry_run(lab: &Lab, words: &[&str]) -> Outcome {
    let to = lab.scratch.join("nowhere");
    let words = [&["restore", "--to", to.to_str().unwrap(), "--dry-run"], words].concat();
    let outcome = lab.run(&words);
    assert!(!to.exists());
    outcome
}

#[test]
fn to_a_transaction_to_a_name_and_to_the_end() {
    let History { lab, xids, .. } = history();
    assert_eq!(recovered(&lab, "xid", &["--target-xid", &xids[1]]), "1,2");
    assert_eq!(recovered(&lab, "before", &["--target-xid", &xids[1], "--exclusive"]), "1");
    assert_eq!(recovered(&lab, "name", &["--target-name", "before the deed"]), "1,2,3");
    let mut server = lab.start(lab.restore("end", &[TARGET, "--target", "latest"]));
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(rows(&server), "1,2,3,4");
}

#[test]
fn the_plan_says_before_which_commit_recovery_stops() {
    let History { lab, xids, times, .. } = history();
    let plan = dry_run(&lab, &["--target-time", &times[1]]).out();
    let stop = format!("commit of transaction {} at", xids[2]);
    assert!(plan.contains(&stop), "{plan}");
    // Exactly at a commit's time: kept, or not, as the operator says.
    let plan = dry_run(&lab, &["--target-time", &times[1], "--exclusive"]).out();
    assert!(plan.contains(&format!("commit of transaction {} at", xids[1])), "{plan}");
    assert_eq!(recovered(&lab, "with", &["--target-time", &times[1]]), "1,2");
    assert_eq!(recovered(&lab, "without", &["--target-time", &times[1], "--exclusive"]), "1");
}

#[test]
fn a_target_that_no_log_holds_is_refused_before_a_byte_is_written() {
    let History { mut lab, .. } = history();
    let last = lab.server.sql(
        "SELECT to_char(max(pg_xact_commit_timestamp(xmin)) AT TIME ZONE 'UTC', \
         'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM t",
    );
    let refused = dry_run(&lab, &["--target-time", &last]);
    assert_eq!(refused.code(), 24, "{}", refused.stderr);
    assert!(refused.stderr.contains("the log does not reach"), "{}", refused.stderr);
    let second = format!("{}Z", last.split('.').next().unwrap());
    assert!(
        refused.stderr.contains(&format!("the latest second that can be recovered is {second}")),
        "{last}: {}",
        refused.stderr
    );
    // What is offered is true.
    dry_run(&lab, &["--target-time", &second]).ok();
    assert_eq!(dry_run(&lab, &["--target-xid", "4000000"]).code(), 24);
    assert_eq!(dry_run(&lab, &["--target-name", "before"]).code(), 24);
    assert_eq!(dry_run(&lab, &["--target-lsn", "7/0"]).code(), 24);
    let shown = lab.json(&["list"]);
    assert_eq!(shown["items"][0]["window"]["latest"], second, "{shown}");
    // Once a later transaction is archived, the same target is fine.
    lab.server.sql("INSERT INTO t VALUES (5)");
    lab.archive();
    dry_run(&lab, &["--target-time", &last]).ok();
}

#[test]
fn restore_points_are_listed() {
    let History { lab, named, .. } = history();
    let shown = lab.json(&["show", "--restore-points"]);
    let point = &shown["items"][0];
    assert_eq!(point["name"], "before the deed", "{shown}");
    let text = lab.run(&["show", "--restore-points"]).out();
    assert!(text.contains(&named), "{named} in {text}");
}

#[test]
fn a_gap_is_shown_with_its_ends_and_ends_the_window() {
    let History { mut lab, .. } = history();
    let segment = lab.server.sql("SELECT pg_walfile_name(pg_current_wal_insert_lsn())");
    lab.server.sql("INSERT INTO t VALUES (6)");
    lab.archive();
    lab.server.sql("INSERT INTO t VALUES (7)");
    lab.archive();
    let behind = lab.server.sql("SELECT xmin FROM t WHERE n = 7");
    let behind = lab.server.sql(&format!("SELECT pg_xact_commit_timestamp('{behind}'::xid)"));
    let whole = lab.json(&["list"])["items"][0]["window"].clone();
    assert_eq!(whole["gap"], Value::Null, "{whole}");
    lab.run(&["wal", "verify"]).ok();

    let lost = lab.objects("targets/pg-main/log");
    let lost = lost.iter().find(|path| path.ends_with(&segment)).unwrap();
    fs::remove_file(lost).unwrap();
    let broken = lab.json(&["list"])["items"][0]["window"].clone();
    assert_eq!(broken["gap"]["first"], segment, "{broken}");
    assert_eq!(
        (&broken["gap"]["last"], &broken["gap"]["pieces"]),
        (&broken["gap"]["first"], &1.into())
    );
    assert!(broken["last"].as_str() < whole["last"].as_str(), "{broken} {whole}");
    let text = lab.run(&["show"]).out();
    assert!(text.contains(&format!("{segment} to {segment} (1 missing)")), "{text}");
    let verified = lab.run(&["wal", "verify"]);
    assert_eq!(verified.code(), 24, "{}", verified.stdout);
    assert!(verified.stdout.contains("wal-gap"), "{}", verified.stdout);
    assert!(verified.stdout.contains(&segment), "{}", verified.stdout);
    let refused = dry_run(&lab, &["--target-time", &behind, "--exclusive"]);
    assert_eq!(refused.code(), 24);
    assert!(refused.stderr.contains(&segment), "{}", refused.stderr);
}
