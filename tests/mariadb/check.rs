//! `check`: each finding of the catalogue, provoked.

use crate::lab::{Lab, TARGET, install, program};
use fixtures::{Answer, Scratch, ScratchServer, ScriptedMySql, run};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;
use stream::Engine;

/// `(finding, severity)` of a server's own findings, and the exit status.
fn findings(command: &mut Command) -> (BTreeSet<(String, String)>, i32) {
    let outcome = run(command.args(["--output", "json", "--quiet"]));
    let answer: Value = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}{}", outcome.stdout, outcome.stderr));
    let word = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = answer["items"].as_array().unwrap().iter();
    let rows = rows.map(|row| (word(row, "id"), word(row, "severity")));
    (rows.filter(|(id, _)| id.starts_with("mariadb-")).collect(), outcome.code())
}

fn check(lab: &Lab, more: &[&str]) -> (BTreeSet<(String, String)>, i32) {
    let url = lab.url();
    let mut words = vec!["check", &url, "--target", TARGET];
    words.extend(more);
    findings(&mut lab.command(&words))
}

/// That a finding has this severity, and all others are as they should be.
fn only(found: &BTreeSet<(String, String)>, id: &str, severity: &str) {
    assert!(found.contains(&(id.to_owned(), severity.to_owned())), "{id} {severity}: {found:?}");
    let others = found.iter().filter(|(other, _)| other != id);
    let bad: Vec<_> = others.filter(|(_, severity)| severity != "ok").collect();
    assert!(bad.is_empty(), "{bad:?}");
}

#[test]
fn a_server_that_is_as_it_should_be_has_nothing_but_good_findings() {
    let lab = Lab::new();
    let (found, code) = check(&lab, &[]);
    assert_eq!(code, 0, "{found:?}");
    let ids: BTreeSet<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, known(), "every rule is looked at");
    assert!(found.iter().all(|(_, severity)| severity == "ok"), "{found:?}");
}

fn known() -> BTreeSet<&'static str> {
    engine_mariadb::MariaDb.descriptor().check_rules.iter().map(|rule| rule.id()).collect()
}

#[test]
fn what_is_wrong_is_found_and_nothing_else() {
    let lab = Lab::with("skip-log-bin\ninnodb_log_file_size = 8M");
    let (found, code) = check(&lab, &[]);
    assert_eq!(code, 1, "{found:?}");
    for (id, severity) in [("mariadb-binlog", "warning"), ("mariadb-redo-capacity", "warning")] {
        assert!(found.contains(&(id.to_owned(), severity.to_owned())), "{found:?}");
    }

    let mut lab = Lab::new();
    let (found, code) = check(&lab, &["--set", "tool=/nowhere/mariadb-backup"]);
    assert_ne!(code, 0);
    only(&found, "mariadb-tool", "error");

    lab.server.sql(
        "CREATE USER poor@localhost IDENTIFIED BY 'x'; GRANT PROCESS ON *.* TO poor@localhost",
    );
    let url = lab.url().replace("root@", "poor@");
    let mut poor = lab.command(&["check", &url, "--target", TARGET]);
    let (found, _) = findings(poor.env("SEAWALL_PASSWORD", "x"));
    only(&found, "mariadb-grants", "error");

    let (found, _) = check(&lab, &["--set", "data_directory=/nowhere"]);
    only(&found, "mariadb-data-directory", "error");

    let url = lab.url();
    let mut command = lab.command(&["check", &url, "--target", TARGET]);
    let (found, _) = findings(command.env("TMPDIR", "/nowhere"));
    only(&found, "mariadb-temporary-directory", "error");

    lab.server.stop();
    let (found, _) = check(&lab, &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    only(&found, "mariadb-connection", "error");
}

/// Only MariaDB 13 has it, so a double says it.
#[test]
fn an_archived_redo_log_is_found_to_be_in_the_way() {
    let scratch = Scratch::new();
    install(&scratch);
    run(&mut program(&scratch, &["init"])).ok();
    let server = ScriptedMySql::start_as(&scratch, "13.0.1-MariaDB");
    server.set("innodb_log_archive", "ON");
    server.answer("current_user()", Answer::rows(&["CURRENT_USER()"], &[&["root@localhost"]]));
    let url = format!("mariadb://root@localhost?socket={}", server.socket().display());
    let (found, code) = findings(&mut program(&scratch, &["check", &url, "--target", "my"]));
    assert_ne!(code, 0);
    let wanted = ("mariadb-log-archive".to_owned(), "error".to_owned());
    assert!(found.contains(&wanted), "{found:?}");
}
