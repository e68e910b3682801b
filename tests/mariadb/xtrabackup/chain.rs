//! Chains: what each increment begins with, and how they are prepared.

use super::stage::{Stage, name, value};
use fixtures::{Run, data, run};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// What the tools take out of a prepared tree, or change in it.
const TEXTS: &[&str] = &["xtrabackup_", "backup-my.cnf"];

#[test]
fn increments_begin_where_their_parents_end() {
    let stage = Stage::new();
    let full = stage.backup("full", &[]);
    let one = stage.backup("incremental", &[]);
    let two = stage.backup("incremental", &[]);
    let differential = stage.backup("differential", &[]);
    let next = stage.backup("incremental", &[]);
    for (child, parent) in
        [(&one, &full), (&two, &one), (&differential, &full), (&next, &differential)]
    {
        assert_eq!(child["link"]["parent"], parent["link"]["id"]);
        assert_eq!(child["link"]["from"], parent["link"]["to"]);
    }
    let calls = stage.runs("--backup");
    let from: Vec<_> = calls.iter().map(|call| value(call, "--incremental-lsn")).collect();
    let steps = [None, Some("3561850"), Some("3574713"), Some("3561850"), Some("3574713")];
    assert_eq!(from, steps);
    assert_eq!(calls[2].status, Some(0));
    // The third step is applied to the second, not to the differential of the same LSN.
    stage.restore("r", &["--backup", &name(&two)]);
    check_steps(&stage.runs("--prepare"), 3);
    stage.restore("d", &["--backup", &name(&differential)]);
    check_steps(&stage.runs("--prepare")[3..], 2);
    stage.restore("f", &["--backup", &name(&full)]);
    check_steps(&stage.runs("--prepare")[5..], 1);
}

/// The base, then each increment from a tree of its own, and only the last one closes the log.
fn check_steps(steps: &[Run], count: usize) {
    assert_eq!(steps.len(), count);
    for (number, step) in steps.iter().enumerate() {
        assert_eq!(step.status, Some(0), "{step:?}");
        assert_eq!(step.argv[0], "--no-defaults");
        let stays_open = step.argv.contains(&"--apply-log-only".to_owned());
        assert_eq!(stays_open, number + 1 < count, "{step:?}");
        assert_eq!(value(step, "--incremental-dir").is_some(), number > 0, "{step:?}");
        assert_eq!(value(step, "--target-dir"), value(&steps[0], "--target-dir"));
    }
}

#[test]
fn a_recorded_chain_comes_back_file_by_file() {
    let stage = Stage::new();
    stage.tool.instruct(&[("STREAM", "recorded")]);
    // The place in the binlog is that of the recorded server.
    stage.server.set("log_bin", "OFF");
    stage.backup("full", &[]);
    stage.backup("incremental", &[]);
    let restored = stage.restore("r", &[]);
    check_steps(&stage.runs("--prepare"), 2);
    // What the tool's own extractor made of the full: the stand-in applies no pages.
    let listed = std::fs::read_to_string(data("mysql/xtrabackup-2.4/full.extracted.tsv")).unwrap();
    let is_text = |path: &str| TEXTS.iter().any(|text| path.starts_with(text));
    let wanted: BTreeMap<String, (u64, String)> = listed
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|row| !is_text(row[0]))
        .map(|row| (row[0].to_owned(), (row[1].parse().unwrap(), row[2].to_owned())))
        .collect();
    assert!(wanted.len() > 50);
    assert_eq!(found(&restored), wanted);
    let info = std::fs::read_to_string(restored.join("xtrabackup_info")).unwrap();
    assert!(info.contains("innodb_to_lsn = 3574713"), "it is that of the last one: {info}");
    stage.run(&["verify"]).ok();
}

/// Sizes and SHA-256 of all files of a tree but the tool's texts.
fn found(tree: &Path) -> BTreeMap<String, (u64, String)> {
    let mut find = Command::new("find");
    find.args(["-type", "f", "-exec", "sha256sum", "--", "{}", "+"]).current_dir(tree);
    let sums = run(&mut find).out();
    let rows = sums.lines().filter_map(|line| {
        let (sum, path) = line.split_once("  ./")?;
        let size = std::fs::metadata(tree.join(path)).unwrap().len();
        Some((path.to_owned(), (size, sum.to_owned())))
    });
    rows.filter(|(path, _)| !TEXTS.iter().any(|text| path.starts_with(text))).collect()
}
