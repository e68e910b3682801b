//! Machine output: one document, or lines of which the last is the summary; also for failures.

use crate::PROGRAM;
use fixtures::{Lab, ScratchServer};
use serde_json::Value;

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect()
}

#[test]
fn every_verb_prints_documents() {
    let lab = Lab::with(PROGRAM, &[], "fsync = on\n");
    let url = lab.server.url();
    let to = lab.scratch.join("r");
    let to = to.to_str().unwrap();
    for (schema, words) in [
        ("seawall.check/1", &["check", &url, "--target", "pg-main"][..]),
        ("seawall.backup-plan/1", &["backup", &url, "--target", "pg-main", "--dry-run"]),
        ("seawall.backup/1", &["backup", &url, "--target", "pg-main"]),
        ("seawall.list/1", &["list"]),
        ("seawall.show/1", &["show"]),
        ("seawall.verify/1", &["verify"]),
        ("seawall.restore-plan/1", &["restore", "--to", to, "--dry-run"]),
        ("seawall.restore/1", &["restore", "--to", to]),
        ("seawall.config-show/1", &["config", "show", &url]),
        ("seawall.config-check/1", &["config", "check"]),
        ("seawall.version/1", &["version"]),
    ] {
        let mut all = words.to_vec();
        if words.contains(&"--to") && !words.contains(&"--dry-run") {
            let _ = std::fs::remove_dir_all(to);
        }
        all.extend(["--output", "json"]);
        let document: Value = serde_json::from_str(&lab.run(&all).out()).unwrap();
        assert_eq!(document["schema"], schema, "{words:?}");
        assert_eq!(document["exit_status"], 0);
        let page = include_str!("../../docs/output.md");
        assert!(page.contains(&format!("`{schema}`")), "{schema} is not documented");

        if words.contains(&"--to") && !words.contains(&"--dry-run") {
            std::fs::remove_dir_all(to).unwrap();
        }
        let last = all.len() - 1;
        all[last] = "jsonl";
        let lines = lines(&lab.run(&all).out());
        let (summary, others) = lines.split_last().unwrap();
        assert_eq!((&summary["type"], &summary["schema"]), (&"summary".into(), &schema.into()));
        let known = ["start", "progress", "item"];
        assert!(
            others.iter().all(|line| known.contains(&line["type"].as_str().unwrap())),
            "{others:?}"
        );
    }
}

#[test]
fn a_failure_ends_with_a_document_too() {
    let lab = Lab::new(PROGRAM);
    let json = lab.run(&["show", "--output", "json"]);
    assert_eq!(json.code(), 14);
    let document: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&document["code"], &document["exit_status"]), (&"not-found".into(), &14.into()));
    assert!(
        json.stderr.starts_with("error: the repository holds no backups yet"),
        "{}",
        json.stderr
    );
    let jsonl = lab.run(&["show", "--output", "jsonl"]);
    assert_eq!(lines(&jsonl.stdout).last().unwrap()["type"], "summary");
}

#[test]
fn several_targets_must_be_named() {
    let lab = Lab::new(PROGRAM);
    let url = lab.server.url();
    lab.run(&["backup", &url, "--target", "one", "--quiet"]).ok();
    lab.run(&["backup", &url, "--target", "two", "--quiet"]).ok();
    let outcome = lab.run(&["show"]);
    assert_eq!(outcome.code(), 2);
    assert!(
        outcome.stderr.contains("hint: Targets in this repository: one, pg-main, two."),
        "{}",
        outcome.stderr
    );
    lab.run(&["show", "one"]).ok();
    lab.run(&["show", "--target", "two"]).ok();
    assert_eq!(lab.run(&["show", "three"]).code(), 14);
    // Without a name, the URL makes one.
    lab.run(&["backup", &url, "--quiet"]).ok();
    let name = format!("postgresql-127.0.0.1-{}", lab.server.port());
    lab.run(&["show", &url]).ok();
    assert!(lab.run(&["list"]).out().contains(&name));
}

#[test]
fn long_work_tells_of_itself_in_lines_when_nobody_watches() {
    let lab = Lab::new(PROGRAM);
    lab.server.sql("CREATE TABLE t AS SELECT g, repeat('x', 500) FROM generate_series(1, 40000) g");
    let said = lab.run(&["backup", &lab.server.url(), "--target", "pg-main"]).stderr;
    for words in [
        "INFO connect",
        "INFO wait for the server's checkpoint",
        "INFO copy files: ",
        "INFO finish",
    ] {
        assert!(said.contains(words), "{words} in\n{said}");
    }
    let quiet = lab.run(&["backup", &lab.server.url(), "--target", "pg-main", "--quiet"]);
    assert_eq!(quiet.stderr, "");
    assert!(quiet.stdout.contains("peak memory"), "{}", quiet.stdout);
}

#[test]
fn on_a_terminal_a_bar_shows_bytes_and_the_time_that_is_left() {
    let lab = Lab::new(PROGRAM);
    lab.server.sql("CREATE TABLE t AS SELECT g, md5(g::text) FROM generate_series(1, 600000) g");
    let line = format!(
        "{} backup {} --repo {} --target pg-main",
        lab.program().display(),
        lab.server.url(),
        lab.repo().display()
    );
    // A terminal of its own, which keeps what is drawn.
    let mut script = lab.scratch.command("script");
    script.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").env("COLUMNS", "120");
    let drawn = fixtures::run(&mut script).out();
    assert!(drawn.contains("copy files [") && drawn.contains("ETA"), "{drawn}");
    assert!(drawn.contains("MiB/"), "{drawn}");
    let plain = lab.run(&["backup", &lab.server.url(), "--target", "pg-main"]).stderr;
    assert!(!plain.contains("ETA") && !plain.contains('\u{1b}'), "{plain}");
}
