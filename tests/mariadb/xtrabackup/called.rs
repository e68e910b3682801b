//! How the tool is called.

use super::stage::{Stage, value};
use fixtures::mariadb::PASSWORD;
use fixtures::{Answer, run};
use std::process::{Command, Stdio};
use std::time::Duration;

#[test]
fn the_password_is_in_a_private_file_and_nowhere_else() {
    let stage = Stage::new();
    stage.backup("full", &[]);
    let calls = stage.runs("--backup");
    let call = &calls[0];
    assert!(call.argv[0].starts_with("--defaults-file="), "{:?}", call.argv);
    assert_eq!(call.found["option file mode"], "600");
    assert_eq!(call.found["server"]["user"], "root");
    let socket = stage.server.socket().to_str().unwrap();
    assert_eq!(call.found["server"]["socket"], socket);
    // Not that of an option file which this one includes.
    assert_eq!(call.found["server"]["host"], "localhost");
    for run in stage.tool.runs() {
        assert!(!run.argv.iter().any(|word| word.contains(PASSWORD)), "{:?}", run.argv);
    }
    // Nothing of it stays.
    for word in ["--defaults-file", "--extra-lsndir"] {
        let path = value(call, word).unwrap();
        assert!(!std::path::Path::new(path).exists(), "{path}");
    }
}

#[test]
fn an_option_that_the_tool_does_not_know_is_told_in_its_words() {
    let stage = Stage::new();
    let set = ["--set", "tool_options=--no-such-thing=1"];
    stage.refused("full", &set, 27, "unknown option '--no-such-thing=1'");
    assert_eq!(stage.runs("--backup")[0].status, Some(255));
    assert_eq!(stage.listed(), 0);
    stage.refused("full", &set, 27, "ended with status 255");
    stage.backup("full", &[]);
    assert_eq!(stage.listed(), 1);
}

#[test]
fn a_tool_of_another_series_is_refused_before_it_runs() {
    for version in ["5.7.44-log", "8.4.2"] {
        let stage = Stage::of(version);
        stage.refused("full", &[], 27, &format!("xtrabackup 8.0.35-31 does not fit {version}"));
        assert!(stage.runs("--backup").is_empty());
    }
}

#[test]
fn nor_does_the_tool_of_mariadb_back_up_mysql() {
    let stage = Stage::new();
    let says = "mariadb-backup cannot back up 8.0.36";
    stage.refused("full", &["--set", "flavour=mariadb-backup"], 22, says);
    stage.backup("full", &["--set", "flavour=xtrabackup"]);
}

#[test]
fn missing_rights_are_found_before_the_tool_runs() {
    let stage = Stage::new();
    let grant = "GRANT RELOAD, PROCESS ON *.* TO `root`@`localhost`";
    stage.server.answer("show grants", Answer::rows(&["Grants"], &[&[grant]]));
    let lacks = "lacks LOCK TABLES, REPLICATION CLIENT, BACKUP_ADMIN";
    stage.refused("full", &[], 22, lacks);
    assert!(stage.runs("--backup").is_empty());
    let rest = "GRANT BACKUP_ADMIN ON *.* TO `root`@`localhost`";
    let grant =
        "GRANT RELOAD, PROCESS, LOCK TABLES, REPLICATION CLIENT ON *.* TO `root`@`localhost`";
    stage.server.answer("show grants", Answer::rows(&["Grants"], &[&[grant], &[rest]]));
    stage.backup("full", &[]);
}

#[test]
fn a_restore_looks_at_the_tool_before_it_writes() {
    let stage = Stage::new();
    stage.backup("full", &[]);
    let to = stage.scratch.join("r");
    let words = ["restore", super::stage::TARGET, "--to", to.to_str().unwrap()];
    let other = stage.scratch.join("other");
    std::fs::write(&other, "#!/bin/sh\necho xtrabackup version 8.4.0-1 >&2\n").unwrap();
    run(Command::new("chmod").arg("755").arg(&other)).ok();
    for (tool, says) in [("/nowhere/xtrabackup", "there is no"), (other.to_str().unwrap(), "fit")] {
        let outcome = run(stage.command(&words).env("SEAWALL_XTRABACKUP", tool));
        assert_eq!(outcome.code(), 27, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
        assert!(!to.exists());
    }
}

/// Takes a full, does something while the tool works, and says how it ended.
fn meanwhile(stage: &Stage, act: impl Fn()) -> Option<i32> {
    stage.tool.instruct(&[("PAUSE_SECS", "2")]);
    let mut command = stage.backup_command("full", &[]);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let is_in = || stage.runs("--backup").iter().any(|run| run.found.contains_key("logged in"));
    while !is_in() {
        assert!(child.try_wait().unwrap().is_none(), "it has ended before the tool logged in");
        std::thread::sleep(Duration::from_millis(20));
    }
    act();
    child.wait().unwrap().code()
}

#[test]
fn a_session_that_the_server_ended_while_the_tool_worked_is_no_loss() {
    let stage = Stage::new();
    // As it does when they are idle for longer than wait_timeout.
    assert_eq!(meanwhile(&stage, || stage.server.end_sessions()), Some(0));
    assert_eq!(stage.listed(), 1);
}

#[test]
fn a_server_that_was_replaced_while_the_tool_worked_is_noticed() {
    let stage = Stage::new();
    let file = stage.scratch.join("mysql-data/ibdata1");
    let replace = || {
        let new = stage.scratch.join("mysql-data/new");
        std::fs::copy(&file, &new).unwrap();
        std::fs::rename(new, &file).unwrap();
    };
    assert_eq!(meanwhile(&stage, replace), Some(22));
    assert_eq!(stage.listed(), 0);
}
