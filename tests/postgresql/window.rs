//! The window between asking for a backup and its start: what is created there lies before the
//! log of the backup. A listing made before the start would miss it for ever.

use crate::PROGRAM;
use fixtures::{Lab, ScratchServer};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// The files of the databases, by path.
fn relation_files(data: &Path) -> BTreeSet<PathBuf> {
    let databases = std::fs::read_dir(data.join("base")).unwrap().flatten();
    let files = databases.filter_map(|dir| std::fs::read_dir(dir.path()).ok());
    files.flat_map(|dir| dir.flatten().map(|entry| entry.path())).collect()
}

#[test]
fn a_table_created_while_the_start_waits_for_its_checkpoint_is_in_the_backup() {
    // Spread checkpoints take long: the one that runs already, and the backup's own.
    let settings =
        "checkpoint_timeout = 30s\ncheckpoint_completion_target = 0.5\nbgwriter_lru_maxpages = 0\n";
    let lab = Lab::with(PROGRAM, &[], settings);
    lab.server.sql(
        "CREATE TABLE ballast AS SELECT g, repeat('x', 1000) FROM generate_series(1, 20000) g",
    );
    // Somebody else's spread checkpoint is under way: ours has to wait until it ends.
    let other = std::thread::scope(|scope| {
        let slow = scope
            .spawn(|| lab.server.session("postgres").text("SELECT pg_backup_start('slow', false)"));
        let backup = begin_while_waiting(&lab);
        let _ = slow.join().unwrap();
        backup
    });
    let Begun { child, before, created_at } = other;
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    // What makes this test one: a listing made before the start lacks the table's file, and the
    // log of the backup begins after the table was written.
    let file =
        lab.server.data().join(lab.server.sql("SELECT pg_relation_filepath('window_table')"));
    assert!(!before.contains(&file) && file.exists());
    let backup = lab.json(&["show"]);
    let redo = backup["link"]["base"]["redo"].as_str().unwrap();
    let later = lab.server.sql(&format!("SELECT '{redo}'::pg_lsn >= '{created_at}'::pg_lsn"));
    assert_eq!(later, "t", "redo {redo}, created {created_at}");

    let restored = lab.restore("r", &["--target-immediate", "--target-action", "promote"]);
    let mut server = lab.start(restored);
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(server.sql("SELECT count(*), sum(n) FROM window_table"), "50005000");
}

struct Begun {
    child: std::process::Child,
    /// The files that were there when the backup was asked for.
    before: BTreeSet<PathBuf>,
    /// The end of the table's log.
    created_at: String,
}

fn begin_while_waiting(lab: &Lab) -> Begun {
    wait_for(
        lab,
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event IN ('CheckpointStart', 'CheckpointDone')",
    );
    let before = relation_files(lab.server.data());
    let url = lab.server.url();
    let words = ["backup", &url, "--target", "pg-main", "--set", "start_fast=false"];
    let child = lab.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It waits for the checkpoint before its own to end: its own has not begun.
    wait_for(
        lab,
        "SELECT count(*) > 0 FROM pg_stat_activity \
         WHERE application_name = 'seawall' AND query LIKE '%pg_backup_start%' AND wait_event = 'CheckpointStart'",
    );
    lab.server.sql("CREATE TABLE window_table AS SELECT generate_series(1, 10000) n");
    let created_at = lab.server.sql("SELECT pg_current_wal_insert_lsn()");
    let still = lab.server.sql(
        "SELECT count(*) FROM pg_stat_activity \
         WHERE application_name = 'seawall' AND wait_event = 'CheckpointStart'",
    );
    assert_eq!(still, "1", "the table was created while the start waited");
    Begun { child, before, created_at }
}

fn wait_for(lab: &Lab, question: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while lab.server.sql(question) != "t" {
        assert!(Instant::now() < deadline, "never: {question}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
