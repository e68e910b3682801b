//! Several streams at once, by named pipes.

use super::stage::{Stage, assert_same, name, value};
use fixtures::Tmpfs;
use serde_json::Value;

fn streams(answer: &Value) -> usize {
    answer["link"]["state"]["streams"].as_array().unwrap().len()
}

#[test]
fn two_streams_hold_what_one_does() {
    let stage = Stage::new();
    stage.tool.instruct(&[("MB", "64")]);
    let one = stage.backup("full", &["--workers", "2", "--set", "fifo_streams=false"]);
    let two = stage.backup("full", &["--workers", "2"]);
    assert_eq!((streams(&one), streams(&two)), (1, 2));
    assert_eq!(one["link"]["totals"]["files"], two["link"]["totals"]["files"]);
    let calls = stage.runs("--backup");
    assert_eq!(value(&calls[0], "--fifo-streams"), None);
    assert_eq!(value(&calls[1], "--fifo-streams"), Some("2"));
    let dir = value(&calls[1], "--fifo-dir").unwrap();
    assert!(!std::path::Path::new(dir).exists(), "the pipes stay");
    let one = stage.restore("one", &["--backup", &name(&one)]);
    let two = stage.restore("two", &["--backup", &name(&two)]);
    assert_same(&one, &two);
    stage.run(&["verify"]).ok();
}

#[test]
fn increments_over_pipes_are_prepared_like_others() {
    let stage = Stage::new();
    stage.backup("full", &["--workers", "3"]);
    let increment = stage.backup("incremental", &["--workers", "2"]);
    assert_eq!((streams(&increment), &increment["link"]["level"]), (2, &"incremental".into()));
    stage.restore("r", &[]);
}

#[test]
fn one_worker_has_one_stream() {
    let stage = Stage::new();
    assert_eq!(streams(&stage.backup("full", &["--workers", "1"])), 1);
    assert_eq!(value(&stage.runs("--backup")[0], "--fifo-streams"), None);
}

#[test]
fn a_tool_that_ends_before_it_opens_its_pipes_is_not_waited_for() {
    let stage = Stage::new();
    for fault in ["made", "one"] {
        stage.tool.instruct(&[("FIFO_FAULT", fault)]);
        stage.refused("full", &["--workers", "2"], 27, "failed to open the streams.");
        assert_eq!(stage.listed(), 0);
    }
    let says = "unknown option '--no-such-thing'";
    let set = "tool_options=--no-such-thing";
    stage.refused("full", &["--workers", "2", "--set", set], 27, says);
    stage.tool.instruct(&[]);
    assert_eq!(streams(&stage.backup("full", &["--workers", "2"])), 2);
}

#[test]
fn a_pipe_that_nothing_comes_through_is_an_empty_stream() {
    let stage = Stage::new();
    let one = stage.backup("full", &[]);
    stage.tool.instruct(&[("FIFO_FAULT", "few")]);
    let few = stage.backup("full", &["--workers", "2"]);
    assert_eq!(streams(&few), 2);
    let one = stage.restore("one", &["--backup", &name(&one)]);
    let few = stage.restore("few", &["--backup", &name(&few)]);
    assert_same(&one, &few);
}

#[test]
fn a_full_disk_ends_the_tool_and_is_what_is_told() {
    let stage = Stage::new();
    let disk = Tmpfs::mount(&stage.scratch, "small", 12);
    let repo = disk.path().join("repo");
    let repo = repo.to_str().unwrap();
    stage.run(&["init", "--repo", repo]).ok();
    stage.tool.instruct(&[("MB", "64")]);
    for workers in ["1", "2"] {
        stage.refused("full", &["--workers", workers, "--repo", repo], 16, "No space left");
    }
    let ended = stage.runs("--backup");
    assert!(ended.iter().all(|run| run.status != Some(0)), "{ended:?}");
    stage.tool.instruct(&[]);
    stage.backup("full", &["--workers", "2", "--repo", repo]);
}
