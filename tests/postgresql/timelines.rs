//! Recovery after recovery after recovery, and log that does not belong together.

use crate::PROGRAM;
use crate::diverged::{found, piece};
use fixtures::postgresql::PostgreSql;
use fixtures::{Lab, ScratchServer};
use std::fs;
use std::path::PathBuf;

fn rows(server: &PostgreSql) -> String {
    server.sql("SELECT coalesce(string_agg(n::text, ',' ORDER BY n), '') FROM t")
}

/// Writes a row and answers the time after it.
fn write(lab: &Lab, row: u32) -> String {
    lab.server.sql(&format!("INSERT INTO t VALUES ({row})"));
    let time = lab.server.sql("SELECT clock_timestamp()");
    std::thread::sleep(std::time::Duration::from_millis(30));
    time
}

/// The server goes back to a moment and lives on from there, on a timeline of its own.
fn go_back(lab: &mut Lab, name: &str, words: &[&str]) {
    lab.archive();
    let words = [words, &["--target-action", "promote", "--keep-archiving"]].concat();
    let restored = lab.restore(name, &words);
    lab.server.stop();
    let mut next = lab.start(restored);
    next.wait_until("NOT pg_is_in_recovery()");
    std::mem::swap(&mut lab.server, &mut next);
}

fn recovered(lab: &Lab, name: &str, words: &[&str]) -> String {
    let mut server = lab.start(lab.restore(name, words));
    server.wait_until("NOT pg_is_in_recovery()");
    rows(&server)
}

/// 1, 2, back to 1, then 10, 20, back to 10, then 100 and a backup, then 200.
fn three_timelines() -> (Lab, Vec<String>) {
    let mut lab = Lab::new(PROGRAM);
    lab.server.sql("CREATE TABLE t (n int PRIMARY KEY)");
    let _ = lab.backup();
    let mut times = vec![write(&lab, 1), write(&lab, 2)];
    // Numbers of transactions that no other timeline reaches.
    for _ in 0..50 {
        lab.server.sql("SELECT pg_current_xact_id()");
    }
    let _ = write(&lab, 3);
    go_back(&mut lab, "second", &["--target-time", &times[0]]);
    times.extend([write(&lab, 10), write(&lab, 20)]);
    let _ = write(&lab, 30);
    go_back(&mut lab, "third", &["--target-time", &times[2]]);
    times.push(write(&lab, 100));
    let _ = lab.backup();
    let _ = write(&lab, 200);
    lab.archive();
    (lab, times)
}

#[test]
fn recovery_after_recovery_after_recovery() {
    let (lab, times) = three_timelines();
    assert_eq!(lab.server.sql("SELECT timeline_id FROM pg_control_checkpoint()"), "3");
    assert_eq!(recovered(&lab, "newest", &[]), "1,10,100,200");
    // Other branches are still there, and each is told apart from the others.
    let branch = |name: &str, time: &str, timeline: &str| {
        let words = ["--target-time", time, "--target-timeline", timeline];
        recovered(&lab, name, &[&words[..], &["--target-action", "promote"]].concat())
    };
    assert_eq!(branch("one", &times[1], "1"), "1,2");
    assert_eq!(branch("two", &times[3], "2"), "1,10,20");
    // The newest timeline does not have that moment of timeline 2; who has it is said.
    let to = lab.scratch.join("nowhere");
    let words = ["restore", "--to", to.to_str().unwrap(), "--target-lsn", "0/FF000000"];
    let refused = lab.run(&words);
    assert_eq!(refused.code(), 24, "{}", refused.stderr);
    let verified = lab.run(&["wal", "verify"]);
    assert_eq!(verified.code(), 0, "{}", verified.stdout);
    // The second backup is on timeline 3 only.
    let newest = lab.json(&["list"])["items"][1]["backup"].as_str().unwrap().to_owned();
    let words = ["restore", "--to", to.to_str().unwrap(), "--target-timeline", "2"];
    let refused = lab.run(&[&words[..], &["--backup", &newest]].concat());
    assert!(refused.stderr.contains("is not on timeline 2"), "{}", refused.stderr);
}

#[test]
fn a_point_on_another_timeline_is_named() {
    let (lab, _) = three_timelines();
    // Row 2 was undone: its transaction is on timeline 1 alone.
    let one = recovered_server(&lab, "one", "1");
    let xid = one.sql("SELECT xmin FROM t WHERE n = 3");
    drop(one);
    let to = lab.scratch.join("nowhere");
    let words = ["restore", "--to", to.to_str().unwrap(), "--dry-run", "--target-xid", &xid];
    let answer = lab.run(&words);
    // Never another history than the newest unasked.
    assert_eq!(answer.code(), 24, "{}{}", answer.stdout, answer.stderr);
    let offered = answer.stderr.contains("Timeline 1 has it: --target-timeline 1");
    assert!(offered, "{}", answer.stderr);
    let answer = lab.run(&[&words[..], &["--target-timeline", "1"]].concat()).out();
    assert!(answer.contains(&format!("commit of transaction {xid} at")), "{answer}");
}

fn recovered_server(lab: &Lab, name: &str, timeline: &str) -> PostgreSql {
    let mut server = lab.start(lab.restore(name, &["--target-timeline", timeline]));
    server.wait_until("NOT pg_is_in_recovery()");
    server
}

#[test]
fn what_does_not_hang_together_is_found() {
    let (lab, _) = three_timelines();
    let shelf = lab.scratch.make_dir("shelf");
    let histories = lab.objects("targets/pg-main/log");
    let is_history = |path: &&PathBuf| path.extension().is_some_and(|end| end == "history");
    let second =
        histories.iter().filter(is_history).find(|path| path.ends_with("00000002.history"));
    let second = second.unwrap_or_else(|| panic!("{histories:#?}")).clone();

    // A history that is gone: nobody can follow that timeline.
    fs::rename(&second, shelf.join("history")).unwrap();
    assert_eq!(found(&lab), (30, vec!["wal-history-missing".to_owned()]));
    fs::rename(shelf.join("history"), &second).unwrap();
    assert_eq!(found(&lab), (0, vec![]));

    // The first segment of timeline 2, gone: it begins later than its history says.
    let names: Vec<String> = lab
        .objects("targets/pg-main/log")
        .iter()
        .filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
        .filter(|name| name.len() == 24 && name.starts_with("00000002"))
        .collect();
    let first = piece(&lab, "pg-main", &names[0]);
    fs::rename(&first, shelf.join("first")).unwrap();
    let (code, ids) = found(&lab);
    let no_later_ones = names.len() == 1;
    assert!(no_later_ones || (code == 24 && ids == ["wal-gap"]), "{code} {ids:?}");

    fs::rename(shelf.join("first"), &first).unwrap();

    // Another segment in its place, under its name.
    let other = piece(&lab, "pg-main", &names[0].replacen("00000002", "00000001", 1));
    let own = fs::read(&first).unwrap();
    fs::write(&first, fs::read(&other).unwrap()).unwrap();
    let (code, ids) = found(&lab);
    assert_eq!((code, ids[0].as_str()), (30, "wal-damaged"));
    fs::write(&first, own).unwrap();
    assert_eq!(found(&lab), (0, vec![]));
}
