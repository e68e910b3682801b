//! What makes a standby's backup useless leaves none.

use crate::pair::Pair;
use fixtures::run;
use std::process::Command;

#[test]
fn promotion_in_the_middle_leaves_no_backup() {
    let mut pair = Pair::of_stock("");
    let before = pair.backups();
    let child = pair.begin_slowly();
    pair.standby.sql("SELECT pg_promote()");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("the standby was promoted"), "{said}");
    assert_eq!(pair.backups(), before);
}

#[test]
fn a_primary_without_full_page_writes_is_told_in_the_servers_words() {
    let mut pair = Pair::of_stock("");
    pair.lab.server.configure("full_page_writes = off\n");
    pair.lab.server.reload();
    pair.lab.server.sql("CHECKPOINT; INSERT INTO t (text) VALUES ('unsafe'); CHECKPOINT");
    pair.catch_up();
    pair.standby.sql("CHECKPOINT");
    let before = pair.backups();
    let outcome = pair.backup(&[]);
    assert_eq!(outcome.code(), 26, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("full_page_writes=off"), "{}", outcome.stderr);
    assert_eq!(pair.backups(), before);
}

#[test]
fn a_copy_of_the_standby_is_not_the_standby() {
    let mut pair = Pair::of_stock("");
    let copy = pair.lab.scratch.join("copy");
    run(Command::new("cp").arg("-a").arg(pair.standby.data()).arg(&copy)).ok();
    pair.lab.server.sql("INSERT INTO t (text) VALUES ('newer'); CHECKPOINT");
    pair.catch_up();
    pair.standby.sql("CHECKPOINT");
    let setting = format!("data_directory={}", copy.display());
    let outcome = pair.backup(&["--set", &setting]);
    assert_eq!(outcome.code(), 22, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("is not the standby's data directory"), "{}", outcome.stderr);
}

#[test]
fn log_that_nobody_has_is_waited_for_and_then_missed() {
    let mut pair = Pair::of_stock("");
    // The primary's archiver is stuck, and the standby has lost a segment that it needs.
    pair.lab.server.configure("archive_command = 'false'\n");
    pair.lab.server.reload();
    pair.lab.server.sql("INSERT INTO t (text) VALUES ('x'); CHECKPOINT");
    pair.catch_up();
    pair.standby.sql("CHECKPOINT");
    let start = pair.standby.sql("SELECT redo_lsn FROM pg_control_checkpoint()");
    let name = pair.lab.server.sql(&format!("SELECT pg_walfile_name('{start}')"));
    pair.lab.server.sql("SELECT pg_switch_wal(); INSERT INTO t (text) VALUES ('y')");
    pair.catch_up();
    std::fs::rename(pair.standby.data().join("pg_wal").join(&name), pair.lab.scratch.join("lost"))
        .unwrap();
    let before = pair.backups();
    let words = ["--set", "archive_timeout_secs=2", "--set", "require_archiving=false"];
    let outcome = pair.backup(&words);
    assert_eq!(outcome.code(), 24, "{}", outcome.stderr);
    for said in [name.as_str(), "pg_switch_wal() on the primary", "archive_timeout_secs"] {
        assert!(outcome.stderr.contains(said), "{said}: {}", outcome.stderr);
    }
    assert_eq!(pair.backups(), before);
}
