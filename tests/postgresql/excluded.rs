//! What the operator leaves out.

use crate::recovery::verify_with_stock_tool;
use crate::{PROGRAM, tree};
use fixtures::{Lab, ScratchServer};
use std::fs;

#[test]
fn contents_are_left_out_and_directories_stay() {
    let lab = Lab::new(PROGRAM);
    let data = lab.server.data().to_owned();
    let outside = lab.scratch.make_dir("logs");
    fs::write(outside.join("x.log"), "x").unwrap();
    for dir in ["log", "log/old", "pg_log"] {
        fs::create_dir(data.join(dir)).unwrap();
        lab.scratch.give(&data.join(dir));
    }
    for file in ["log/a", "log/old/b", "pg_log/a.csv", "pg_log/a.txt", "core.17", "core.x"] {
        fs::write(data.join(file), "x").unwrap();
        lab.scratch.give(&data.join(file));
    }
    std::os::unix::fs::symlink(&outside, data.join("audit")).unwrap();
    lab.server.sql("CREATE TABLE t AS SELECT 1 AS n");
    let url = lab.server.url();
    let words = ["backup", &url, "--target", "pg-main", "--set", "exclude=log,core.??"];
    let more = ["--set", "exclude=pg_log/*.csv", "--set", "exclude=audit/", "--set", "exclude=no"];
    lab.run(&[&words[..], &more].concat()).ok();

    let text = lab.run(&["show"]).out();
    for told in ["log: 1 name(s)", "core.??: 1 name(s)", "pg_log/*.csv: 1", "no: nothing"] {
        let mut lines = text.lines().filter(|line| line.starts_with("excluded "));
        assert!(lines.any(|line| line.contains(told)), "{told}\n{text}");
    }
    let restored = lab.restore("r", &[]);
    let found = tree(&restored);
    let has = |name: &str| found.contains(name);
    assert!(has("log") && has("audit") && has("pg_log/a.txt") && has("core.x"), "{found:?}");
    assert!(!has("log/a") && !has("log/old") && !has("pg_log/a.csv") && !has("core.17"));
    assert!(restored.join("audit").is_dir() && !restored.join("audit").is_symlink());
    verify_with_stock_tool(&restored);
    let mut server = lab.start(restored);
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(server.sql("SELECT n FROM t"), "1");
}

/// What users of Bareos's plugin bring along.
#[test]
fn names_of_directories_are_left_out_but_for_what_the_server_needs() {
    let lab = Lab::new(PROGRAM);
    let data = lab.server.data().to_owned();
    for path in ["log", "log/old", "more", "more/old", "more/log"] {
        fs::create_dir(data.join(path)).unwrap();
        lab.scratch.give(&data.join(path));
    }
    for path in ["log/a", "log/old/b", "more/old/c", "more/log/d", "more/e", "pg_logical/old"] {
        fs::write(data.join(path), "x").unwrap();
        lab.scratch.give(&data.join(path));
    }
    let url = lab.server.url();
    let words = ["backup", &url, "--target", "pg-main", "--set", "ignore_subdirs=pgsql_tmp,old"];
    let more = ["--set", "start_fast=True", "--set", "switch_wal_timeout=60"];
    let outcome = lab.run(&[&words[..], &more, &["--set", "stop_wait_wal_archive=True"]].concat());
    for name in ["switch_wal_timeout", "stop_wait_wal_archive"] {
        assert_eq!(outcome.stderr.matches(&format!("{name} has no effect")).count(), 1);
    }
    outcome.ok();
    let found = tree(&lab.restore("r", &[]));
    for there in ["log/a", "log/old", "more/old", "more/log/d", "more/e", "pg_logical/old"] {
        assert!(found.contains(there), "{there}: {found:?}");
    }
    assert!(!found.contains("log/old/b") && !found.contains("more/old/c"));
}

#[test]
fn what_the_server_needs_or_uses_is_refused() {
    let lab = Lab::new(PROGRAM);
    let data = lab.server.data().to_owned();
    fs::create_dir(data.join("more")).unwrap();
    fs::write(data.join("more/x.conf"), "work_mem = '7MB'\n").unwrap();
    for path in ["more", "more/x.conf"] {
        lab.scratch.give(&data.join(path));
    }
    lab.server.configure("include_dir = 'more'\n");
    lab.server.reload();
    for (pattern, what) in [
        ("pg_xact", "would leave out pg_xact"),
        ("*", "would leave out PG_VERSION"),
        ("global/pg_control", "would leave out global"),
        ("../x", "is no path in a data directory"),
        ("more", "would leave out more/x.conf, which it uses"),
    ] {
        let set = format!("exclude={pattern}");
        let words = ["backup", &lab.server.url(), "--target", "pg-main", "--set", &set];
        let outcome = lab.run(&words);
        assert_eq!(outcome.code(), 2, "{pattern}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(what), "{pattern}: {}", outcome.stderr);
    }
    assert!(lab.run(&["list"]).out().contains("no backups yet"));
}

#[test]
fn a_list_of_the_configuration() {
    let lab = Lab::new(PROGRAM);
    let config = lab.scratch.join("seawall.toml");
    let run = |keys: &str, words: &[&str]| {
        let text = format!("[target.pg-main]\nurl = \"{}\"\n{keys}\n", lab.server.url());
        fs::write(&config, text).unwrap();
        lab.run(&[words, &["--config", config.to_str().unwrap()]].concat())
    };
    fs::write(lab.server.data().join("junk"), "x").unwrap();
    lab.scratch.give(&lab.server.data().join("junk"));
    run("exclude = [\"junk\", \"trash/*\"]", &["backup", "pg-main"]).ok();
    assert!(!lab.restore("r", &[]).join("junk").exists());
    let wrong = run("start_fast = [\"true\"]", &["backup", "pg-main"]);
    assert_eq!(wrong.code(), 2);
    assert!(wrong.stderr.contains("start_fast must be text"), "{}", wrong.stderr);
}
