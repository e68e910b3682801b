//! Backups of level `log`, for servers whose archiver fills a directory.

use crate::PROGRAM;
use fixtures::postgresql::PostgreSql;
use fixtures::{Lab, Outcome, ScratchServer};
use serde_json::Value;
use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

const TARGET: &str = "pg-main";

/// A server whose archiver copies into a directory, with a full.
fn lab() -> Lab {
    let settings = "archive_command = 'mkdir -p ../archive && cp %p ../archive/%f'\n\
                    min_wal_size = 2MB\nmax_wal_size = 2MB\nwal_keep_size = 0\n";
    let lab = Lab::with(PROGRAM, &["--wal-segsize=1"], settings);
    lab.server.sql("CREATE TABLE t (n int PRIMARY KEY, text text)");
    let _ = lab.backup();
    lab
}

fn archive(lab: &Lab) -> PathBuf {
    lab.scratch.join("archive")
}

fn run_log(lab: &Lab, more: &[&str]) -> Outcome {
    let (url, dir) = (lab.server.url(), format!("wal_archive_dir={}", archive(lab).display()));
    let words = ["backup", &url, "--target", TARGET, "--level", "log", "--set", &dir];
    lab.run(&[&words[..], more].concat())
}

/// A backup of level log that must succeed; its link.
fn log(lab: &Lab) -> Value {
    let answer = run_log(lab, &["--output", "json", "--quiet"]).out();
    serde_json::from_str::<Value>(&answer).unwrap()["link"].clone()
}

fn insert(lab: &Lab, row: u32) {
    lab.server.sql(&format!("INSERT INTO t VALUES ({row}, repeat('x', 3000))"));
}

fn rows(server: &PostgreSql) -> String {
    server.sql("SELECT coalesce(string_agg(n::text, ',' ORDER BY n), '') FROM t")
}

/// The server and what it archived are lost; what comes back.
fn recovered(lab: &mut Lab) -> String {
    lab.server.kill();
    let _ = fs::rename(archive(lab), lab.scratch.join("lost"));
    let mut server = lab.start(lab.restore("recovered", &[]));
    server.wait_until("NOT pg_is_in_recovery()");
    rows(&server)
}

fn segments(lab: &Lab) -> Vec<String> {
    let objects = lab.objects("targets/pg-main/log");
    objects.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn nothing_between_two_jobs_is_lost_and_an_idle_server_writes_nothing() {
    let mut lab = lab();
    insert(&lab, 1);
    // A place that keeps nothing, as a daemon's stream: the pieces themselves are given to it.
    let segment = lab.server.sql("SELECT pg_walfile_name(pg_current_wal_insert_lsn())");
    let plan = run_log(&lab, &["--dry-run", "--output", "json", "--quiet"]).out();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    assert_eq!((&plan["level"], plan["bytes"].as_u64() > Some(0)), (&"log".into(), true), "{plan}");
    assert!(plan["items"].to_string().contains(&format!("pg_wal/{segment}")), "{plan}");
    let first = log(&lab);
    lab.server.sql(
        "INSERT INTO t SELECT g, (SELECT string_agg(md5(g || ' ' || i), '') FROM generate_series(1, 60) i) \
         FROM generate_series(2, 1999) g",
    );
    let second = log(&lab);
    assert_eq!((&second["from"], &second["parent"]), (&first["to"], &first["id"]));
    assert!(second["log"][0]["pieces"].as_array().unwrap().len() > 2, "{second}");

    // Nothing happens; the server's own checkpoints are nothing.
    lab.server.sql("CHECKPOINT");
    let before = segments(&lab);
    let third = log(&lab);
    assert_eq!((&third["from"], &third["to"]), (&second["to"], &second["to"]));
    assert_eq!((third["totals"]["bytes"].as_u64(), &third["parent"]), (Some(0), &second["id"]));
    lab.server.sql("CHECKPOINT");
    let fourth = log(&lab);
    assert_eq!(fourth["to"], second["to"]);
    assert_eq!(segments(&lab), before);

    insert(&lab, 2000);
    let fifth = log(&lab);
    assert_eq!(fifth["from"], second["to"]);
    let all: Vec<String> = (1..=2000).map(|row| row.to_string()).collect();
    assert_eq!(recovered(&mut lab), all.join(","));
    lab.run(&["verify"]).ok();
    lab.run(&["wal", "verify"]).ok();
}

#[test]
fn the_file_behind_a_switch_need_not_be_there_yet() {
    let lab = Lab::new(PROGRAM);
    let _ = lab.backup();
    let first = log(&lab);
    assert_eq!(first["totals"]["bytes"].as_u64(), Some(0), "{first}");
    let second = log(&lab);
    assert_eq!((&second["from"], &second["to"]), (&first["to"], &first["to"]));
}

#[test]
fn a_segment_counts_when_it_is_complete_and_not_when_it_looks_so() {
    let mut lab = lab();
    insert(&lab, 1);
    let segment = lab.server.sql("SELECT pg_walfile_name(pg_current_wal_insert_lsn())");
    lab.archive();
    // Gone from pg_wal: only the archive has it.
    for _ in 0..6 {
        insert(&lab, 100 + u32::try_from(segments(&lab).len()).unwrap());
        lab.server.sql("DELETE FROM t WHERE n >= 100; CHECKPOINT");
        lab.archive();
    }
    lab.server.sql("CHECKPOINT");
    assert!(!lab.server.data().join("pg_wal").join(&segment).exists(), "{segment} is still there");
    let path = archive(&lab).join(&segment);
    let whole = fs::read(&path).unwrap();

    // A copy that has just begun: the right size, the right first page, half of the bytes.
    let half = File::create(&path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&half, &whole[..whole.len() / 64], 0).unwrap();
    half.set_len(whole.len() as u64).unwrap();
    let refused = run_log(&lab, &[]);
    assert_eq!(refused.code(), 24, "{}", refused.stderr);
    assert!(refused.stderr.contains(&segment), "{}", refused.stderr);
    assert!(refused.stderr.contains("only zeros follow"), "{}", refused.stderr);
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(run_log(&lab, &[]).code(), 24, "short");
    fs::remove_file(&path).unwrap();
    let refused = run_log(&lab, &[]);
    assert!(refused.stderr.contains("is nowhere"), "{}", refused.stderr);
    assert_eq!(
        lab.json(&["list"])["items"].as_array().unwrap().len(),
        1,
        "no link of any of these"
    );

    // Whole again, and as old as can be: its age says nothing.
    fs::write(&path, &whole).unwrap();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    insert(&lab, 2);
    let link = log(&lab);
    assert!(link.to_string().contains(&segment), "{link}");
    assert_eq!(recovered(&mut lab), "1,2");
}

#[test]
fn a_parent_beyond_a_fork_is_refused_and_one_before_it_continues() {
    let mut lab = lab();
    insert(&lab, 1);
    let early = lab.server.sql("SELECT clock_timestamp()");
    std::thread::sleep(Duration::from_millis(50));
    insert(&lab, 2);
    let parent = log(&lab);
    insert(&lab, 3);
    let _ = log(&lab);

    // Back to before the last link: that link has what was undone.
    let words = ["--target-time", &early, "--target-action", "promote", "--keep-archiving"];
    let back = lab.restore("back", &words);
    lab.server.stop();
    let mut server = lab.start(back);
    server.wait_until("NOT pg_is_in_recovery()");
    std::mem::swap(&mut lab.server, &mut server);
    insert(&lab, 20);
    let refused = run_log(&lab, &[]);
    assert_eq!(refused.code(), 24, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("does not come from the end of the backup"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("--level full"), "{}", refused.stderr);

    // A full begins anew; a promotion behind its log link is followed.
    let _ = lab.backup();
    insert(&lab, 30);
    let before = log(&lab);
    assert_ne!(before["parent"], parent["id"]);
    let end = lab.restore("end", &["--keep-archiving"]);
    lab.server.stop();
    let mut server = lab.start(end);
    server.wait_until("NOT pg_is_in_recovery()");
    std::mem::swap(&mut lab.server, &mut server);
    insert(&lab, 40);
    let after = log(&lab);
    assert_eq!(after["parent"], before["id"]);
    assert!(after.to_string().contains("00000003.history"), "{after}");
    assert_eq!(recovered(&mut lab), "1,20,30,40");
}

#[test]
fn without_a_full_there_is_nothing_to_continue() {
    let lab = Lab::new(PROGRAM);
    let (url, words) = (lab.server.url(), ["--target", TARGET, "--level", "log"]);
    let refused = lab.run(&[&["backup", &url][..], &words].concat());
    assert_eq!(refused.code(), 14, "{}", refused.stderr);
    assert!(refused.stderr.contains("--level full"), "{}", refused.stderr);
    // With an archiver of our own the link says what is there, and nothing is copied twice.
    let _ = lab.backup();
    lab.server.sql("CREATE TABLE t AS SELECT 1 AS n");
    let answer = lab.json(&[&["backup", &url][..], &words].concat());
    let link = &answer["link"];
    assert!(link["to"].as_str() > link["from"].as_str(), "{link}");
    let listed = lab.json(&["list"]);
    assert_eq!(listed["items"][1]["level"], "log", "{listed}");
    lab.run(&["verify"]).ok();
}
