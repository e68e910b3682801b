//! Tablespaces: elsewhere, at home, inside the data directory, with names of every kind.

use crate::recovery::verify_with_stock_tool;
use crate::{PROGRAM, tree};
use fixtures::{Lab, ScratchServer};
use std::fs;
use std::path::Path;

#[test]
fn tablespaces_are_restored_elsewhere_and_at_home() {
    let mut lab = Lab::new(PROGRAM);
    let odd = lab.scratch.make_dir("ts 1");
    let home = lab.scratch.make_dir("ts2");
    for (name, path) in [("odd", &odd), ("home", &home)] {
        lab.server.sql(&format!("CREATE TABLESPACE {name} LOCATION '{}'", path.display()));
        lab.server.sql(&format!(
            "CREATE TABLE t_{name} (n int) TABLESPACE {name}; INSERT INTO t_{name} SELECT generate_series(1, 5000)"
        ));
    }
    let _ = lab.backup();
    lab.server.stop();
    // One goes back to its own place, which must be empty.
    fs::remove_dir_all(&home).unwrap();
    let mapping = format!("{}={}", odd.display(), lab.scratch.join("moved").display());
    let restored = lab.restore("r", &["--tablespace", &mapping]);
    verify_with_stock_tool(&restored);
    fs::remove_dir_all(&odd).unwrap();
    let mut server = lab.start(restored);
    server.wait_until("NOT pg_is_in_recovery()");
    for name in ["odd", "home"] {
        assert_eq!(server.sql(&format!("SELECT count(*) FROM t_{name}")), "5000");
    }
    let location =
        server.sql("SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 'odd'");
    assert_eq!(location, lab.scratch.join("moved").to_str().unwrap());
}

#[test]
fn a_tablespace_that_is_not_empty_is_refused() {
    let lab = Lab::new(PROGRAM);
    let path = lab.scratch.make_dir("ts");
    lab.server.sql(&format!("CREATE TABLESPACE ts LOCATION '{}'", path.display()));
    let _ = lab.backup();
    let to = lab.scratch.join("r");
    let outcome = lab.run(&["restore", "--to", to.to_str().unwrap()]);
    assert_eq!(outcome.code(), 15, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("ts is not empty"), "{}", outcome.stderr);
    assert!(!to.exists());
    let wrong = lab.run(&["restore", "--to", to.to_str().unwrap(), "--tablespace", "4711=/x"]);
    assert_eq!(wrong.code(), 2);
    assert!(wrong.stderr.contains("no tablespace \"4711\""), "{}", wrong.stderr);
}

#[test]
fn tablespaces_inside_the_data_directory_are_copied_once() {
    let mut lab = Lab::new(PROGRAM);
    let inside = lab.server.data().join("inside");
    fs::create_dir(&inside).unwrap();
    lab.scratch.give(&inside);
    lab.server.sql(&format!("CREATE TABLESPACE inside LOCATION '{}'", inside.display()));
    // The setting is the session's: the restored server gets it from the restore, without which it
    // would not recover where a tablespace is a directory.
    let session = lab.server.session("postgres");
    session.text("SET allow_in_place_tablespaces = on");
    session.text("CREATE TABLESPACE place LOCATION ''");
    lab.server.sql("CREATE TABLE a TABLESPACE inside AS SELECT 7 AS n");
    lab.server.sql("CREATE TABLE b TABLESPACE place AS SELECT 8 AS n");
    let _ = lab.backup();
    lab.server.stop();
    let moved = lab.scratch.join("moved");
    let mapping = format!("{}={}", inside.display(), moved.display());
    let restored = lab.restore("r", &["--tablespace", &mapping]);
    assert!(!restored.join("inside").exists() && moved.exists());
    verify_with_stock_tool(&restored);
    let mut server = lab.start(restored);
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(server.sql("SELECT a.n * b.n FROM a, b"), "56");
}

#[test]
fn label_and_map_are_the_servers_own_words_and_not_in_its_directory() {
    let mut lab = Lab::new(PROGRAM);
    for name in ["ts 1", "ts\\2", "ts\n3"] {
        let path = lab.scratch.make_dir(name);
        // What another cluster keeps in the same place is not ours.
        fs::create_dir(path.join("PG_9.6_201608131")).unwrap();
        let location = path.to_str().unwrap();
        let sql = format!("CREATE TABLESPACE \"{}\" LOCATION '{location}'", name.escape_default());
        lab.server.sql(&sql);
    }
    let name = lab.backup();
    for file in ["backup_label", "tablespace_map"] {
        assert!(!lab.server.data().join(file).exists(), "{file} in the live directory");
    }
    lab.archive();
    // The server archives what it put into the label, in the backup history file.
    let history = lab
        .objects("targets/pg-main/log")
        .into_iter()
        .find(|path| path.extension().is_some_and(|e| e == "backup"));
    let history = run_zstd(&history.unwrap());
    lab.server.stop();
    let mut words = vec!["--backup".to_owned(), name];
    for (number, old) in ["ts 1", "ts\\2", "ts\n3"].iter().enumerate() {
        words.push("--tablespace".to_owned());
        words.push(format!(
            "{}={}",
            lab.scratch.join(old).display(),
            lab.scratch.join(&format!("new{number}")).display()
        ));
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let restored = lab.restore("r", &words);
    let label = fs::read_to_string(restored.join("backup_label")).unwrap();
    for line in label.lines() {
        assert!(history.contains(line), "{line}\nis not in\n{history}");
    }
    assert!(
        !restored.join("tablespace_map").exists(),
        "links and a map would contradict each other"
    );
    assert!(!tree(&lab.scratch.join("new0")).iter().any(|path| path.contains("PG_9.6")));
    let mut server = lab.start(restored);
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(
        server.sql(
            "SELECT count(*) FROM pg_tablespace WHERE pg_tablespace_location(oid) LIKE '%/new_'"
        ),
        "3"
    );
}

fn run_zstd(path: &Path) -> String {
    fixtures::run(std::process::Command::new("zstd").arg("-dqc").arg(path)).out()
}

/// The edge: a tablespace that is a directory is made after the backup, so that no restored file
/// tells of it, and the recovery is stopped and goes on.
#[test]
fn a_tablespace_in_place_that_only_the_log_knows() {
    let mut lab = Lab::new(PROGRAM);
    let _ = lab.backup();
    let session = lab.server.session("postgres");
    session.text("SET allow_in_place_tablespaces = on");
    session.text("CREATE TABLESPACE place LOCATION ''");
    lab.server.sql("CREATE TABLE t TABLESPACE place AS SELECT 8 AS n");
    let lsn = lab.server.sql("SELECT pg_current_wal_insert_lsn()");
    lab.archive();
    let mut server = lab.start(lab.restore("r", &["--target-lsn", &lsn]));
    server.wait_until("pg_get_wal_replay_pause_state() = 'paused'");
    assert_eq!(server.sql("SELECT n FROM t"), "8");
    // Recovery begins again at the backup's checkpoint, and finds the directory.
    server.kill();
    server.start();
    server.wait_until("pg_get_wal_replay_pause_state() = 'paused'");
    assert_eq!(server.sql("SELECT n FROM t"), "8");
    assert_eq!(server.sql("SHOW allow_in_place_tablespaces"), "on");
}
