//! Backups that are refused, and those that must not be.

use super::{Row, TOOL_LOG, aftermath, look_at_all};
use crate::lab::Lab;
use fixtures::mariadb::PASSWORD;
use fixtures::{Outcome, ScratchServer, Tmpfs, run};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const TABLE: &[Row] = &[
    ("wrong password", 21, &["Access denied for user 'root'@'localhost'"], wrong_password),
    ("server down", 20, &["m.sock: "], server_down),
    (
        "without RELOAD",
        22,
        &[
            "limited@localhost lacks RELOAD\n",
            "hint: GRANT RELOAD ON *.* TO `limited`@`localhost`;",
        ],
        |lab| limited(lab, "PROCESS, BINLOG MONITOR"),
    ),
    (
        "without PROCESS",
        22,
        &["limited@localhost lacks PROCESS\n", "hint: GRANT PROCESS ON *.* TO"],
        |lab| limited(lab, "RELOAD, BINLOG MONITOR"),
    ),
    (
        "without BINLOG MONITOR",
        22,
        &["lacks BINLOG MONITOR\n", "hint: GRANT BINLOG MONITOR ON *.* TO"],
        |lab| limited(lab, "RELOAD, PROCESS"),
    ),
    (
        "tool missing",
        27,
        &["there is no /no/such/tool on this host", "hint: Install the package"],
        |lab| backup(lab, &["--set", "tool=/no/such/tool"]),
    ),
    ("tool not executable", 27, &["Permission denied"], |lab| script(lab, "", 0o644)),
    (
        "tool of another series",
        27,
        &["mariadb-backup 11.4.2-MariaDB does not fit 10.11", "hint: Install the tool of"],
        |lab| script(lab, "echo based on MariaDB server 11.4.2-MariaDB Linux", 0o755),
    ),
    ("tool without a version", 27, &["--version does not say a version"], |lab| {
        script(lab, "echo hello", 0o755)
    }),
    ("unknown option of the tool", 27, &["unknown option '--no-such-thing'"], |lab| {
        backup(lab, &["--set", "extra_tool_options=--no-such-thing"])
    }),
    ("files unreadable", 25, &["Permission denied", "hint: Run as the user that owns"], unreadable),
    (
        "data directory elsewhere",
        25,
        &["/no/such/ibdata1", "hint: The server's files must be on this host"],
        |lab| backup(lab, &["--set", "data_directory=/no/such"]),
    ),
    (
        "another server's files",
        25,
        &["is not the data directory of the server that answers", "hint: Two servers on one host"],
        other_files,
    ),
    (
        "a session holds a lock",
        60,
        &["the tool waited 3 s for a lock of the server", "hint: A session holds LOCK TABLES"],
        lock_timeout,
    ),
    ("repository disk full", 16, &["No space left on device"], disk_full),
];

#[test]
fn backups_that_fail_leave_nothing_behind() {
    let mut lab = Lab::new();
    lab.server.sql(
        "CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY, v BLOB) ENGINE=InnoDB; \
         INSERT INTO d.t SELECT seq, RANDOM_BYTES(1000) FROM d.seq_1_to_6000",
    );
    look_at_all(&mut lab, TABLE, aftermath::look);
}

pub(crate) fn backup(lab: &Lab, more: &[&str]) -> Outcome {
    let url = lab.url();
    let mut words = lab.backup_words("full", &url);
    words.extend(more);
    lab.run(&words)
}

fn wrong_password(lab: &mut Lab) -> Outcome {
    let url = lab.url();
    let mut command = lab.command(&lab.backup_words("full", &url));
    let outcome = run(command.env("SEAWALL_PASSWORD", "wrong-and-secret"));
    assert!(!outcome.stderr.contains("wrong-and-secret"));
    outcome
}

fn server_down(lab: &mut Lab) -> Outcome {
    lab.server.stop();
    let outcome = backup(lab, &[]);
    lab.server.start();
    outcome
}

fn url_of_limited(lab: &Lab) -> String {
    lab.url().replace("root@", "limited@")
}

/// A user with some rights; and with all that the hint names besides.
fn limited(lab: &mut Lab, rights: &str) -> Outcome {
    lab.server.sql(&format!(
        "CREATE OR REPLACE USER limited@localhost IDENTIFIED BY '{PASSWORD}'; \
         GRANT {rights} ON *.* TO limited@localhost"
    ));
    let url = url_of_limited(lab);
    let mut words = lab.backup_words("full", &url);
    let log = lab.scratch.join(TOOL_LOG);
    let told = format!("tool_log={}", log.display());
    words.extend(["--set", &told]);
    let outcome = lab.run(&words);
    // The tool itself would have found out at its end.
    assert!(!log.exists(), "the tool was started");
    outcome
}

#[test]
fn who_has_the_rights_of_the_hints_may_take_backups_and_by_every_way() {
    let lab = Lab::new();
    let rights = "RELOAD, PROCESS, BINLOG MONITOR";
    for host in ["localhost", "127.0.0.1"] {
        lab.server.sql(&format!(
            "CREATE USER limited@'{host}' IDENTIFIED BY '{PASSWORD}'; \
             GRANT {rights} ON *.* TO limited@'{host}'"
        ));
    }
    let by_tcp = format!("mariadb://limited@127.0.0.1:{}", lab.server.port());
    let url = url_of_limited(&lab);
    for (url, level) in [(&url, "full"), (&url, "incremental"), (&by_tcp, "incremental")] {
        let outcome = lab.run(&lab.backup_words(level, url));
        assert_eq!(outcome.code(), 0, "{url} {level}: {}", outcome.stderr);
    }
    let root = lab.server.url();
    lab.run(&lab.backup_words("incremental", &root)).ok();

    // The password from files, and from nowhere.
    let file = lab.scratch.join("password");
    fs::write(&file, format!("{PASSWORD}\nnot this\n")).unwrap();
    lab.scratch.give(&file);
    let options = lab.server.client_file().display().to_string();
    let nowhere = lab.url();
    let from_file = format!("password_file={}", file.display());
    let from_options = format!("mycnf={options}");
    for (url, set) in [(nowhere.as_str(), &from_file), ("mariadb://", &from_options)] {
        let mut words = lab.backup_words("incremental", url);
        words.extend(["--set", set]);
        let outcome = run(lab.command(&words).env_remove("SEAWALL_PASSWORD"));
        assert_eq!(outcome.code(), 0, "{set}: {}", outcome.stderr);
    }
    let without =
        run(lab.command(&lab.backup_words("full", &nowhere)).env_remove("SEAWALL_PASSWORD"));
    assert_eq!(without.code(), 21, "{}", without.stderr);
}

/// A program in the place of the tool.
pub(crate) fn tool(lab: &Lab, line: &str, mode: u32) -> PathBuf {
    let path = lab.scratch.join("m.tool");
    fs::write(&path, format!("#!/bin/sh\n{line}\n")).unwrap();
    set_mode(&path, mode);
    path
}

fn script(lab: &mut Lab, line: &str, mode: u32) -> Outcome {
    let path = tool(lab, line, mode);
    let outcome = backup(lab, &["--set", &format!("tool={}", path.display())]);
    fs::remove_file(path).unwrap();
    outcome
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn unreadable(lab: &mut Lab) -> Outcome {
    let path = lab.server.data_dir().join("ibdata1");
    set_mode(&path, 0);
    let outcome = backup(lab, &[]);
    set_mode(&path, 0o660);
    outcome
}

fn other_files(lab: &mut Lab) -> Outcome {
    let other = lab.scratch.make_dir("other");
    fs::copy(lab.server.data_dir().join("ibdata1"), other.join("ibdata1")).unwrap();
    lab.scratch.give_all(&other);
    let outcome = backup(lab, &["--set", &format!("data_directory={}", other.display())]);
    fs::remove_dir_all(other).unwrap();
    outcome
}

fn lock_timeout(lab: &mut Lab) -> Outcome {
    let mut holder = lab.server.session();
    holder.text("LOCK TABLES d.t WRITE");
    backup(lab, &["--set", "lock_timeout_secs=3"])
}

fn disk_full(lab: &mut Lab) -> Outcome {
    let small = Tmpfs::mount(&lab.scratch, "small", 4);
    let repo = small.path().join("repo").display().to_string();
    lab.run(&["init", "--repo", &repo]).ok();
    let outcome = backup(lab, &["--repo", &repo]);
    assert!(lab.run(&["list", "--repo", &repo]).out().contains("no backups yet"));
    // What was written is given back.
    let left: Vec<_> = fs::read_dir(&repo).unwrap().flatten().map(|it| it.file_name()).collect();
    assert_eq!(left, ["seawall.json"]);
    drop(small);
    fs::remove_dir(lab.scratch.join("small")).unwrap();
    outcome
}
