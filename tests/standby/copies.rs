//! Backups that are taken while something happens, and what comes back.

use crate::pair::{Pair, wait};
use crate::{STOCK, rows};
use fixtures::ScratchServer;
use fixtures::postgresql::Programs;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Several sessions write to the primary while its standby is backed up.
pub(crate) fn written_to(major: u16, programs: Programs) {
    let mut pair = Pair::new(major, programs, "");
    let (stop, commits) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| write_until(&pair, &stop, &commits));
        }
        wait("commits", || commits.load(Ordering::Relaxed) > 20);
        let before = commits.load(Ordering::Relaxed);
        let outcome = pair.backup(&[]);
        let during = commits.load(Ordering::Relaxed) - before;
        stop.store(true, Ordering::Relaxed);
        assert_eq!(outcome.code(), 0, "{major}: {}", outcome.stderr);
        assert!(during > 10, "{major}: {during} commits");
        assert!(!outcome.stderr.contains("page "), "{major}: {}", outcome.stderr);
    });
    let newest = pair.newest();
    assert_eq!(newest["server"]["role"], "standby", "{major}");
    assert!(pair.lab.run(&["list"]).out().contains("full, standby"), "{major}");
    let expected = rows(&pair.lab.server);
    let lsn = pair.lab.server.sql("SELECT pg_current_wal_insert_lsn()");
    let time = pair.lab.server.sql("SELECT clock_timestamp()");
    pair.lab
        .server
        .sql("DELETE FROM t WHERE n % 3 = 0; UPDATE t SET text = 'late' WHERE n % 3 = 1");
    let latest = rows(&pair.lab.server);
    pair.lab.archive();
    pair.lab.server.stop();
    pair.verify();
    let name = newest["job"].to_string();
    let targets = [("--target-time", &time), ("--target-lsn", &lsn)];
    let due = if major == STOCK { 2 } else { 1 };
    for (number, (flag, target)) in targets.into_iter().enumerate().take(due) {
        let words = [flag, target, "--target-action", "promote"];
        let server = pair.recover(&format!("at{number}"), &words);
        assert_eq!(rows(&server), expected, "{major}: {flag} from {name}");
    }
    if major == STOCK {
        assert_eq!(rows(&pair.recover("latest", &[])), latest, "{major}: the end of the log");
    }
}

fn write_until(pair: &Pair, stop: &AtomicBool, commits: &AtomicU32) {
    let session = pair.lab.server.session("postgres");
    while !stop.load(Ordering::Relaxed) {
        session.text(
            "INSERT INTO t (text) SELECT md5(n::text) FROM generate_series(1, 50) n;
             UPDATE t SET text = text || 'y' WHERE n IN (SELECT (random() * 20000)::int FROM generate_series(1, 20))",
        );
        commits.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_primary_that_is_gone_is_not_missed() {
    let mut pair = Pair::of_stock("");
    pair.lab.server.sql("INSERT INTO t (text) VALUES ('last')");
    pair.catch_up();
    let expected = rows(&pair.lab.server);
    let child = pair.begin_slowly();
    pair.lab.server.kill();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert_eq!(rows(&pair.recover("alone", &[])), expected);
    pair.verify();
}

#[test]
fn a_standby_that_is_behind_is_as_old_as_it_is() {
    let mut pair = Pair::of_stock("");
    pair.lab.server.sql("INSERT INTO t (text) VALUES ('seen')");
    pair.catch_up();
    let seen = rows(&pair.lab.server);
    let between = pair.lab.server.sql("SELECT clock_timestamp()");
    pair.standby.configure("recovery_min_apply_delay = '1h'\n");
    pair.standby.reload();
    pair.standby.wait_until("SELECT current_setting('recovery_min_apply_delay') = '1h'");
    pair.lab.server.sql("INSERT INTO t (text) VALUES ('not yet seen')");
    let all = rows(&pair.lab.server);
    let lsn = pair.lab.server.sql("SELECT pg_current_wal_flush_lsn()");
    pair.standby.wait_until(&format!("pg_last_wal_receive_lsn() >= '{lsn}'"));
    pair.backup(&[]).ok();
    assert_eq!(rows(&pair.standby), seen, "the standby was not behind");
    // What it has received and not replayed is there all the same; no delay is restored with it.
    pair.lab.server.sql("INSERT INTO t (text) VALUES ('later')");
    let later = rows(&pair.lab.server);
    pair.lab.archive();
    let backup = pair.newest()["job"].to_string();
    let words = ["--backup", &backup, "--target-action", "promote", "--target-time", &between];
    assert_eq!(rows(&pair.recover("between", &words)), seen, "before what it had not seen");
    assert_eq!(rows(&pair.recover("latest", &["--backup", &backup])), later);
    assert_ne!(all, later);
}

#[test]
fn the_program_finds_a_standby_fit_for_a_backup() {
    let pair = Pair::of_stock("");
    let checked = pair.lab.run(&["check", &pair.standby.url(), "--target", "pg-main"]);
    // Warnings at most: the servers of the tests do without fsync.
    assert!(checked.code() <= 1, "{}{}", checked.stdout, checked.stderr);
    let checked = checked.stdout;
    assert!(checked.contains("the server is a standby"), "{checked}");
    assert!(checked.contains("archives nothing on a standby: a backup looks for log"), "{checked}");
}

#[test]
fn a_log_backup_of_a_standby_takes_what_is_whole() {
    let mut pair = Pair::of_stock("");
    pair.backup(&[]).ok();
    let ends = |pair: &Pair| {
        let link = pair.newest();
        (link["from"].to_string(), link["to"].to_string())
    };
    let (_, full) = ends(&pair);
    pair.lab.server.sql("INSERT INTO t (text) VALUES ('logged')");
    pair.lab.archive();
    pair.lab.server.sql("INSERT INTO t (text) VALUES ('in a segment that is not whole')");
    pair.catch_up();
    pair.backup(&["--level", "log"]).ok();
    assert_eq!(pair.newest()["level"], "log");
    let (from, to) = ends(&pair);
    assert!(from == full && to > from, "{from} {to}");
    pair.backup(&["--level", "log"]).ok();
    assert_eq!(ends(&pair), (to.clone(), to));
    pair.verify();
}
