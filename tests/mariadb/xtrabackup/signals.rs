//! A tool that hangs, and an operator who ends it.

use super::stage::Stage;
use fixtures::{Outcome, run};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than any step of the tests, shorter than a test may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Interrupts a backup whose tool hangs; the end of it, and how long that took.
fn interrupt(stage: &Stage, fault: &[(&str, &str)], more: &[&str]) -> (Outcome, Duration) {
    stage.tool.instruct(fault);
    let before = stage.runs("--backup").len();
    let mut command = stage.backup_command("full", more);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    wait_until("the tool logs in", || {
        let calls = stage.runs("--backup");
        calls.get(before).is_some_and(|call| call.found.contains_key("logged in"))
    });
    // As far as it comes before it hangs.
    std::thread::sleep(Duration::from_millis(500));
    let began = Instant::now();
    run(Command::new("kill").arg("-INT").arg(child.id().to_string())).ok();
    let output = child.wait_with_output().unwrap();
    let took = began.elapsed();
    stage.tool.instruct(&[]);
    let tool = stage.runs("--backup")[before].pid;
    assert!(!PathBuf::from(format!("/proc/{tool}")).exists(), "the tool outlives the program");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    (Outcome { status: output.status, stdout, stderr }, took)
}

fn check(stage: &Stage, outcome: &Outcome) {
    assert_eq!(outcome.code(), 63, "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(stage.listed(), 0);
}

#[test]
fn wherever_it_hangs_it_is_ended_at_once() {
    let stage = Stage::new();
    for fault in [
        ("HANG", "before"),
        ("HANG", "middle"),
        ("HANG", "end"),
        ("HANG_AT", "0"),
        ("HANG_AT", "1500000"),
    ] {
        for workers in ["1", "2"] {
            let (outcome, took) = interrupt(&stage, &[fault], &["--workers", workers]);
            check(&stage, &outcome);
            assert!(took < Duration::from_secs(10), "{fault:?}: {took:?}");
        }
    }
    stage.backup("full", &[]);
}

#[test]
fn a_tool_that_hears_no_signal_is_killed_after_its_grace() {
    let stage = Stage::new();
    // Before its stream: the end of its pipe would end it as well.
    let deaf = [("HANG", "before"), ("IGNORE_SIGINT", "yes"), ("IGNORE_SIGTERM", "yes")];
    for workers in ["1", "2"] {
        let more = ["--workers", workers, "--set", "cancel_grace_secs=2"];
        let (outcome, took) = interrupt(&stage, &deaf, &more);
        check(&stage, &outcome);
        assert!(took >= Duration::from_secs(2), "it had no grace: {took:?}");
        assert!(took < Duration::from_secs(12), "{took:?}");
        assert_eq!(stage.runs("--backup").last().unwrap().status, None, "it was killed");
    }
    stage.backup("full", &[]);
    assert_eq!(stage.listed(), 1);
}
