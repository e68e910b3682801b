//! Targets of many units: each has a backup of its own.

use crate::{Stage, files};
use serde_json::Value;
use std::collections::BTreeMap;
use stream::UnitName;

/// Names as databases have them, and one that is longer than a file's name may be.
const NAMES: [&str; 4] = ["sales", "größe/2026", "*", "dc=example,dc=com"];

fn unit(name: &str) -> UnitName {
    UnitName::new(name).unwrap()
}

fn filled(names: &[&str]) -> Stage {
    let stage = Stage::new(names);
    for name in names {
        stage.source.write(Some(&unit(name)), "a", 0, name.as_bytes()).unwrap();
    }
    stage
}

fn by_unit(answer: &Value) -> BTreeMap<String, String> {
    let items = answer["items"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    items.iter().map(|item| (text(&item["unit"]), text(&item["result"]))).collect()
}

fn listed(stage: &Stage, words: &[&str]) -> Vec<String> {
    let answer = stage.json(&[&["list", "t"], words].concat());
    // The target is not there before its first backup.
    let Some(items) = answer["items"].as_array() else { return Vec::new() };
    items.iter().map(|item| item["unit"].as_str().unwrap_or("-").to_owned()).collect()
}

#[test]
fn every_unit_has_a_backup_and_a_restore_of_its_own() {
    let long = "x".repeat(128);
    let names = [&NAMES[..], &[&long]].concat();
    let stage = filled(&names);
    let url = stage.url("sample");
    let units = stage.json(&["units", &url]);
    assert_eq!(units["units"], names.len());

    let answer = stage.json(&["backup", &url, "--target", "t"]);
    assert_eq!((&answer["exit_status"], &answer["failed"]), (&0.into(), &0.into()), "{answer}");
    let results = by_unit(&answer);
    assert!(names.iter().all(|name| results[*name] == "ok"), "{results:?}");
    let ids: Vec<&Value> =
        answer["items"].as_array().unwrap().iter().map(|item| &item["link"]["id"]).collect();
    assert!((1..ids.len()).all(|at| !ids[at..].contains(&ids[at - 1])), "each has an identity");
    let mut known = listed(&stage, &[]);
    known.sort();
    let mut wanted: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    wanted.sort();
    assert_eq!(known, wanted);

    // A pattern, and an escape for a name that looks like one.
    assert_eq!(listed(&stage, &["--unit", "s*"]), ["sales"]);
    assert_eq!(listed(&stage, &["--unit", r"\*"]), ["*"]);
    let shown = stage.json(&["show", "t", "--unit", "größe*"]);
    assert_eq!(shown["link"]["unit"], "größe/2026");
    let several = stage.run(&["show", "t"]);
    assert_eq!(several.code(), 2, "{}", several.stderr);
    assert!(several.stderr.contains("several units: name one"), "{}", several.stderr);
    let none = stage.run(&["list", "t", "--unit", "nothing"]);
    assert_eq!(none.code(), 14, "{}", none.stderr);
    assert_eq!(stage.run(&["verify", "--unit", "sales", "t"]).code(), 0);
    assert_eq!(stage.run(&["verify"]).code(), 0);

    // One unit to a directory; all of them to a directory each.
    let to = stage.scratch.join("one");
    let one = ["restore", "t", "--unit", "sales", "--to", to.to_str().unwrap()];
    assert_eq!(stage.run(&one).code(), 0);
    sample_engine::recover(&to).unwrap();
    assert_eq!(files(&to)["a"], b"sales");
    let to = stage.scratch.join("all");
    let answer = stage.json(&["restore", "t", "--to", to.to_str().unwrap()]);
    assert_eq!((&answer["failed"], &answer["units"]), (&0.into(), &names.len().into()), "{answer}");
    for name in &names {
        let dir = to.join(unit(name).encoded().as_str());
        sample_engine::recover(&dir).unwrap();
        assert_eq!(files(&dir)["a"], name.as_bytes());
    }
}

#[test]
fn a_unit_that_fails_costs_no_other_its_backup() {
    let stage = filled(&NAMES);
    let url = stage.url("sample");
    for fault in ["fail:start", "fail:file", "fail:log", "fail:link"] {
        let before = listed(&stage, &[]).len();
        let set = format!("fault={fault}@sales");
        let words = ["backup", &url, "--target", "t", "--set", &set];
        let answer = stage.json(&words);
        assert_eq!((&answer["exit_status"], &answer["failed"]), (&3.into(), &1.into()), "{answer}");
        let results = by_unit(&answer);
        assert_eq!(results["sales"], "failed");
        assert_eq!(results.values().filter(|result| *result == "ok").count(), NAMES.len() - 1);
        assert_eq!(listed(&stage, &[]).len(), before + NAMES.len() - 1, "{fault}");
        // People are told which, and why.
        let text = stage.run(&words);
        assert_eq!(text.code(), 3);
        assert!(text.stdout.contains("failed  sales: the sample fails at"), "{}", text.stdout);
    }
    // Nothing of the failed ones is left, and the next one is a backup again.
    let answer = stage.json(&["backup", &url, "--target", "t", "--unit", "sales"]);
    assert_eq!(answer["schema"], "seawall.backup/1", "{answer}");
    assert_eq!(stage.run(&["verify"]).code(), 0);
}

#[test]
fn a_signal_ends_the_job_and_keeps_what_was_done() {
    let stage = filled(&["a", "b", "c"]);
    let url = stage.url("sample");
    let words = ["backup", &url, "--target", "t", "--set", "fault=hang:file@b"];
    let child = stage.command(&words).spawn().unwrap();
    let links = stage.repo().join("targets/t/@a/links");
    let b = stage.repo().join("targets/t/@b/jobs");
    let began = std::time::Instant::now();
    while !(links.exists() && b.exists()) {
        assert!(began.elapsed().as_secs() < 120, "the second unit does not begin");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let status = { child }.wait().unwrap();
    assert_ne!(status.code(), Some(0));
    assert_eq!(listed(&stage, &[]), ["a"]);
}

#[test]
fn faults_while_the_units_are_found_out_are_the_jobs_own() {
    let stage = filled(&["a"]);
    let failed =
        stage.run(&["backup", &stage.url("sample"), "--target", "t", "--set", "fault=fail:units"]);
    assert_eq!(failed.code(), 25, "{}", failed.stderr);
    assert!(failed.stderr.contains("the sample fails at units"), "{}", failed.stderr);
    let unknown = stage.run(&["backup", &stage.url("sample"), "--target", "t", "--unit", "b*"]);
    assert_eq!(unknown.code(), 14);
    assert!(unknown.stderr.contains("hint: Its units: a."), "{}", unknown.stderr);
}
