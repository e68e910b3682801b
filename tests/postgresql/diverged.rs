//! Log that is kept and yet is not what it should be: found by `wal verify`, and never followed.

use crate::PROGRAM;
use fixtures::postgresql::PostgreSql;
use fixtures::{Lab, ScratchServer, run};
use std::fs;
use std::path::PathBuf;

pub(crate) fn piece(lab: &Lab, target: &str, name: &str) -> PathBuf {
    let pieces = lab.objects(&format!("targets/{target}/log"));
    pieces.into_iter().find(|path| path.ends_with(name)).unwrap_or_else(|| panic!("no {name}"))
}

/// What `wal verify` finds, by id.
pub(crate) fn found(lab: &Lab) -> (i32, Vec<String>) {
    let outcome = lab.run(&["wal", "verify", "pg-main", "--output", "json"]);
    let answer: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let items = answer["items"].as_array().into_iter().flatten();
    let ids = items.map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    (outcome.code(), ids)
}

/// The plain bytes of a segment, in a file of its name.
fn fetched(lab: &Lab, name: &str) -> PathBuf {
    let to = lab.scratch.join(name);
    let words = ["wal", "fetch", name, to.to_str().unwrap(), "--target", "pg-main"];
    run(lab.command(&words).current_dir(lab.server.data())).ok();
    to
}

#[test]
fn a_segment_that_ends_early_is_kept_and_told_and_ends_the_window() {
    let mut lab = Lab::new(PROGRAM);
    lab.server.sql("CREATE TABLE t (n int)");
    let _ = lab.backup();
    let name = lab.server.sql("SELECT pg_walfile_name(pg_current_wal_insert_lsn())");
    lab.server.sql("INSERT INTO t VALUES (1)");
    lab.server.sql("INSERT INTO t SELECT generate_series(2, 20000)");
    lab.server.sql("INSERT INTO t VALUES (20001)");
    let lsn = lab.server.sql("SELECT pg_current_wal_insert_lsn()");
    lab.archive();
    lab.server.sql("INSERT INTO t VALUES (20002)");
    lab.archive();
    assert_eq!(found(&lab), (0, vec![]));

    // As a copy that was cut off, and was given to the archive all the same.
    let file = fetched(&lab, &name);
    let mut bytes = fs::read(&file).unwrap();
    bytes[500_000..].fill(0);
    fs::write(&file, &bytes).unwrap();
    fs::remove_file(piece(&lab, "pg-main", &name)).unwrap();
    let push = |path: &PathBuf| {
        let words = ["wal", "push", path.to_str().unwrap(), "--target", "pg-main"];
        run(lab.command(&words).current_dir(lab.server.data()))
    };
    let pushed = push(&file);
    assert_eq!(pushed.code(), 0, "an archiver that is refused fills the disk: {}", pushed.stderr);
    assert!(pushed.stderr.contains("the log ends at"), "{}", pushed.stderr);
    let (code, ids) = found(&lab);
    assert_eq!((code, ids[0].as_str()), (30, "wal-torn"), "{ids:?}");
    let to = lab.scratch.join("nowhere");
    let refused = lab.run(&["restore", "--to", to.to_str().unwrap(), "--target-lsn", &lsn]);
    assert_eq!(refused.code(), 24, "{}", refused.stderr);
    assert!(refused.stderr.contains("the log ends at"), "{}", refused.stderr);

    // Only a partial copy: no timeline begins in it, so that it may be all there is.
    fs::remove_file(piece(&lab, "pg-main", &name)).unwrap();
    let partial = lab.scratch.join(&format!("{name}.partial"));
    fs::rename(&file, &partial).unwrap();
    assert_eq!(push(&partial).code(), 0);
    let (code, ids) = found(&lab);
    assert_eq!((code, ids), (24, vec!["wal-gap".to_owned(), "wal-partial".to_owned()]));
}

/// Goes back to a moment on a timeline of its own, and archives as another target.
fn clone(lab: &Lab, name: &str, lsn: &str, target: &str) -> PostgreSql {
    let words = ["pg-main", "--target-lsn", lsn, "--target-timeline", "1"];
    let more = ["--target-action", "promote", "--keep-archiving"];
    let restored = lab.restore(name, &[&words[..], &more].concat());
    let mut server = PostgreSql::at(&lab.scratch, restored);
    let (program, repo) = (lab.program(), lab.repo());
    let (program, repo) = (program.display(), repo.display());
    server.configure(&format!(
        "archive_command = '{program} wal push %p --repo {repo} --target {target}'\n"
    ));
    server.start();
    server.wait_until("NOT pg_is_in_recovery()");
    server.sql("INSERT INTO t VALUES (1000)");
    let segment = server.sql("SELECT pg_walfile_name(pg_switch_wal())");
    server.wait_until(&format!("SELECT last_archived_wal >= '{segment}' FROM pg_stat_archiver"));
    server
}

#[test]
fn two_histories_under_one_name_are_found() {
    let mut lab = Lab::new(PROGRAM);
    lab.server.sql("CREATE TABLE t (n int)");
    let _ = lab.backup();
    let mut positions = Vec::new();
    for row in 1..=2 {
        lab.server.sql(&format!("INSERT INTO t VALUES ({row})"));
        positions.push(lab.server.sql("SELECT pg_current_wal_insert_lsn()"));
    }
    lab.server.sql("INSERT INTO t VALUES (3)");
    lab.archive();
    // Two clones of the same backup call their histories timeline 2: neither knows of the other.
    drop(clone(&lab, "early", &positions[0], "other"));
    drop(clone(&lab, "late", &positions[1], "pg-main"));
    assert_eq!(found(&lab), (0, vec![]));

    let names: Vec<String> = lab
        .objects("targets/other/log")
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name.len() == 24)
        .collect();
    let ours = piece(&lab, "pg-main", &names[0]);
    fs::write(&ours, fs::read(piece(&lab, "other", &names[0])).unwrap()).unwrap();
    let (code, ids) = found(&lab);
    assert_eq!(code, 30, "{ids:?}");
    assert!(ids.contains(&"wal-diverged".to_owned()), "{ids:?}");
}
