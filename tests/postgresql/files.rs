//! What a backup holds of a data directory, and what it leaves out.

use crate::PROGRAM;
use crate::recovery::verify_with_stock_tool;
use crate::tree;
use fixtures::{Lab, ScratchServer};
use std::fs;
use std::os::unix::fs::MetadataExt;

#[test]
fn what_means_nothing_after_a_restart_is_left_out() {
    let lab = Lab::new(PROGRAM);
    let session = lab.server.session("postgres");
    session.text(
        "CREATE UNLOGGED TABLE u AS SELECT generate_series(1, 1000) n; CREATE TABLE t AS SELECT 1 AS n;
         SELECT pg_create_physical_replication_slot('slot', true); CREATE TEMP TABLE temporary AS SELECT 1",
    );
    let unlogged = session.text("SELECT pg_relation_filepath('u')");
    let temporary = session.text("SELECT pg_relation_filepath('temporary')");
    // A sort larger than memory leaves files while it runs; here one lies about.
    let data = lab.server.data().to_owned();
    let stray = [
        "base/pgsql_tmp/pgsql_tmp1.0",
        "postgresql.auto.conf.tmp",
        "pg_stat_tmp/x",
        "pg_notify/x",
        "backup_label.old",
        "tablespace_map.old",
        "backup_manifest.tmp",
        "global/pg_internal.init.1",
        "recovery.conf",
        "recovery.done",
    ];
    for path in stray {
        fs::create_dir_all(data.join(path).parent().unwrap()).unwrap();
        fs::write(data.join(path), "x").unwrap();
        lab.scratch.give(&data.join(path));
    }
    let _ = lab.backup();
    let restored = lab.restore("r", &[]);
    let found = tree(&restored);
    for path in stray.iter().copied().chain([
        unlogged.as_str(),
        &temporary,
        "postmaster.pid",
        "postmaster.opts",
    ]) {
        assert!(!found.contains(path), "{path} is in the backup");
    }
    assert!(found.contains(&format!("{unlogged}_init")));
    assert!(!found.iter().any(|path| path.starts_with("pg_replslot/")));
    for directory in
        ["pg_replslot", "pg_notify", "pg_stat_tmp", "pg_wal/archive_status", "pg_dynshmem"]
    {
        assert!(found.contains(directory), "{directory} is missing");
    }
    let mut server = lab.start(restored);
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(server.sql("SELECT count(*) FROM u"), "0", "an unlogged table is empty, and usable");
    assert_eq!(server.sql("SELECT count(*) FROM pg_replication_slots"), "0");
}

#[test]
fn modes_and_groups_are_kept() {
    let lab = Lab::with(PROGRAM, &["--allow-group-access"], "");
    let (path, moved) = (lab.scratch.make_dir("ts"), lab.scratch.join("moved"));
    lab.server.sql(&format!("CREATE TABLESPACE ts LOCATION '{}'", path.display()));
    lab.server.sql("CREATE TABLE t TABLESPACE ts AS SELECT 1 AS n");
    let file = lab.server.sql("SELECT pg_relation_filepath('t')");
    let _ = lab.backup();
    let mapping = format!("{}={}", path.display(), moved.display());
    let restored = lab.restore("r", &["--tablespace", &mapping]);
    let mode = |path: &str| fs::metadata(restored.join(path)).unwrap().mode() & 0o777;
    for directory in ["", "base", "pg_wal", "pg_wal/archive_status"] {
        assert_eq!(mode(directory), 0o750, "{directory}");
    }
    let segment = tree(&restored.join("pg_wal")).into_iter().find(|name| name.len() == 24);
    let segment = format!("pg_wal/{}", segment.unwrap());
    for file in [
        "PG_VERSION",
        "global/pg_control",
        "backup_label",
        "backup_manifest",
        // What the last mile writes, and the log that it puts in place.
        "postgresql.auto.conf",
        "recovery.signal",
        &segment,
        &file,
    ] {
        assert_eq!(mode(file), 0o640, "{file}");
    }
    let location = fs::metadata(&path).unwrap().mode();
    assert_eq!(fs::metadata(&moved).unwrap().mode(), location);
    let mut server = lab.start(restored);
    server.wait_until("NOT pg_is_in_recovery()");
}

#[test]
fn links_of_an_administrator_are_followed_or_told() {
    let lab = Lab::new(PROGRAM);
    let data = lab.server.data().to_owned();
    let (outside, file) = (lab.scratch.make_dir("logs"), lab.scratch.join("server.crt"));
    fs::write(&file, "certificate").unwrap();
    lab.scratch.give(&file);
    std::os::unix::fs::symlink(&outside, data.join("log")).unwrap();
    std::os::unix::fs::symlink(&file, data.join("server.crt")).unwrap();
    let outcome = lab.run(&["backup", &lab.server.url(), "--target", "pg-main"]);
    assert_eq!(outcome.code(), 1, "{}", outcome.stderr);
    let restored = lab.restore("r", &[]);
    assert_eq!(fs::read_to_string(restored.join("server.crt")).unwrap(), "certificate");
    assert!(
        !restored.join("server.crt").is_symlink(),
        "the file itself, not a link to the old host"
    );
    assert_eq!(fs::read_link(restored.join("log")).unwrap(), outside);
    assert!(outcome.stdout.contains("is a link to"), "{}", outcome.stdout);
}

#[test]
fn a_log_directory_elsewhere_comes_back_inside() {
    let elsewhere = fixtures::Scratch::new();
    let wal = elsewhere.join("wal");
    let option = format!("--waldir={}", wal.display());
    let lab = Lab::with(PROGRAM, &[&option], "");
    lab.server.sql("CREATE TABLE t AS SELECT 5 AS n");
    let _ = lab.backup();
    let restored = lab.restore("r", &["--target-immediate", "--target-action", "promote"]);
    assert!(restored.join("pg_wal").is_dir() && !restored.join("pg_wal").is_symlink());
    verify_with_stock_tool(&restored);
    let mut server = lab.start(restored);
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(server.sql("SELECT n FROM t"), "5");
}

#[test]
fn segments_of_another_size() {
    let mut lab = Lab::with(PROGRAM, &["--wal-segsize=1"], "");
    lab.server.sql("CREATE TABLE t AS SELECT generate_series(1, 50000) n");
    let _ = lab.backup();
    lab.server.sql("INSERT INTO t SELECT generate_series(1, 50000)");
    let lsn = lab.server.sql("SELECT pg_current_wal_insert_lsn()");
    lab.archive();
    let mut server =
        lab.start(lab.restore("r", &["--target-lsn", &lsn, "--target-action", "promote"]));
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(server.sql("SELECT count(*) FROM t"), "100000");
}

#[test]
fn a_damaged_page_is_told_and_backed_up_as_it_is() {
    let lab = Lab::new(PROGRAM);
    lab.server.sql("CREATE TABLE t AS SELECT generate_series(1, 5000) n; CHECKPOINT");
    let path = lab.server.data().join(lab.server.sql("SELECT pg_relation_filepath('t')"));
    let mut bytes = fs::read(&path).unwrap();
    bytes[8192 * 3 + 4000] ^= 0xff;
    fs::write(&path, &bytes).unwrap();
    let outcome = lab.run(&["backup", &lab.server.url(), "--target", "pg-main"]);
    assert_eq!(outcome.code(), 1, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("page 3 of"), "{}", outcome.stdout);
    assert_eq!(outcome.stdout.matches("page 3 of").count(), 1);
}

#[test]
fn pg_control_is_read_after_all_files_and_the_manifest_comes_last() {
    let lab = Lab::new(PROGRAM);
    let path = lab.scratch.make_dir("ts");
    lab.server.sql(&format!("CREATE TABLESPACE ts LOCATION '{}'", path.display()));
    lab.server.sql("CREATE TABLE t TABLESPACE ts AS SELECT 1 AS n");
    let text = lab.run(&["backup", &lab.server.url(), "--target", "pg-main", "--dry-run"]).out();
    let names: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    let at = |name: &str| names.iter().position(|other| *other == name).unwrap();
    let control = at("data/global/pg_control");
    let after: Vec<&str> =
        names[control + 1..].iter().copied().filter(|name| name.contains('/')).collect();
    assert_eq!(
        after[..3],
        ["data/backup_label", "data/tablespace_map", "data/backup_manifest"],
        "{text}"
    );
    assert!(after[3..].iter().all(|name| name.starts_with("data/pg_wal/")), "{after:?}");
    assert!(lab.run(&["list"]).out().contains("no backups yet"), "a dry run keeps nothing");
}

#[test]
fn what_root_restores_belongs_to_the_servers_user() {
    let lab = Lab::new(PROGRAM);
    let path = lab.scratch.make_dir("ts");
    lab.server.sql(&format!("CREATE TABLESPACE ts LOCATION '{}'", path.display()));
    let _ = lab.backup();
    let (to, moved) = (lab.scratch.join("by-root"), lab.scratch.join("moved"));
    let mapping = format!("{}={}", path.display(), moved.display());
    let mut command = std::process::Command::new(lab.program());
    command.args(["restore", "--repo"]).arg(lab.repo()).arg("--to").arg(&to);
    fixtures::run(command.args(["--tablespace", &mapping, "--quiet"])).ok();
    let owner = fs::metadata(lab.server.data()).unwrap().uid();
    for path in tree(&to) {
        let uid = fs::symlink_metadata(to.join(&path)).unwrap().uid();
        assert_eq!(uid, owner, "{path}");
    }
    let mut server = lab.start(to);
    server.wait_until("NOT pg_is_in_recovery()");
}
