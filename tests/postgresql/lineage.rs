//! Another cluster under the same target: refused, until an operator says that it continues it.

use crate::PROGRAM;
use fixtures::postgresql::PostgreSql;
use fixtures::{Lab, ScratchServer};

const TARGET: &str = "pg-main";

/// A backed up server gives way to a new cluster in its place.
fn reborn() -> (Lab, String, String) {
    let mut lab = Lab::new(PROGRAM);
    lab.server.sql("CREATE TABLE t AS SELECT 'old' AS what");
    let old = lab.backup();
    lab.server.sql("INSERT INTO t VALUES ('late')");
    let late = lab.server.sql("SELECT clock_timestamp()");
    lab.server.sql("INSERT INTO t VALUES ('too late')");
    lab.archive();
    lab.server.stop();
    lab.server = PostgreSql::init(&lab.scratch, "reborn", &[]);
    let command = format!(
        "{} wal push %p --repo {} --target {TARGET}",
        lab.program().display(),
        lab.repo().display()
    );
    lab.server.configure(&format!("archive_mode = on\narchive_command = '{command}'\n"));
    lab.server.start();
    lab.server.sql("CREATE TABLE t AS SELECT 'new' AS what");
    (lab, old, late)
}

fn rows(server: &PostgreSql) -> String {
    server.sql("SELECT string_agg(what, ',' ORDER BY ctid) FROM t")
}

fn recovered(lab: &Lab, name: &str, words: &[&str]) -> String {
    let mut server = lab.start(lab.restore(name, words));
    server.wait_until("NOT pg_is_in_recovery()");
    rows(&server)
}

#[test]
fn a_new_cluster_continues_a_target_after_one_explicit_word() {
    let (mut lab, old, late) = reborn();
    let url = lab.server.url();
    let backup = ["backup", &url, "--target", TARGET];
    let refused = lab.run(&backup);
    assert_eq!(refused.code(), 22, "{}", refused.stderr);
    assert!(refused.stderr.contains("seawall accept"), "{}", refused.stderr);
    lab.server.sql("SELECT pg_create_restore_point('x'), pg_switch_wal()");
    lab.server.wait_until("SELECT failed_count > 0 FROM pg_stat_archiver");

    let dry = lab.run(&["accept", &url, "--target", TARGET, "--dry-run"]).out();
    assert!(dry.contains("would accept"), "{dry}");
    assert_eq!(lab.run(&backup).code(), 22, "a dry run changes nothing");
    let accepted = lab.run(&["accept", &url, "--target", TARGET]).out();
    assert!(accepted.contains("take a full backup now"), "{accepted}");
    let checked = lab.run(&["check", &url, "--target", TARGET]).stdout;
    assert!(checked.contains("may be backed up as pg-main"), "{checked}");
    let again = lab.run(&["accept", &url, "--target", TARGET]).out();
    assert!(again.contains("was accepted for pg-main before"), "{again}");

    let new = lab.backup();
    lab.server.sql("INSERT INTO t VALUES ('newer')");
    lab.archive();
    // Each history is still there, and a moment finds the one that it belongs to.
    assert_eq!(recovered(&lab, "newest", &[]), "new,newer");
    assert_eq!(recovered(&lab, "of-new", &["--backup", &new]), "new,newer");
    assert_eq!(recovered(&lab, "of-old", &["--backup", &old]), "old,late,too late");
    let at = ["--target-time", &late, "--target-action", "promote"];
    assert_eq!(recovered(&lab, "then", &at), "old,late");
    lab.run(&["verify"]).ok();
    lab.run(&["wal", "verify"]).ok();
}

#[test]
fn the_old_cluster_does_not_come_back_unnoticed() {
    let (lab, ..) = reborn();
    lab.run(&["accept", &lab.server.url(), "--target", TARGET]).ok();
    let _ = lab.backup();
    // Somebody starts the old server and its old job.
    let mut old = PostgreSql::at(&lab.scratch, lab.scratch.join("pg"));
    old.start();
    for level in ["full", "log"] {
        let refused = lab.run(&["backup", &old.url(), "--target", TARGET, "--level", level]);
        assert_eq!(refused.code(), 22, "{level}: {}", refused.stderr);
    }
    assert_eq!(lab.json(&["list"])["items"].as_array().unwrap().len(), 2);
    let odd = lab.run(&["accept", &old.url(), "--target", TARGET, "--lineage", "../x"]);
    assert_eq!(odd.code(), 2, "{}", odd.stderr);
}
