//! The program is killed before and after every durable step, by name; and each step fails once.
//!
//! At each: only whole backups are listed, the next run works, the last good backup restores equal.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod backup;
mod file_daemon;
mod lineage;
mod log;
mod restore;
mod tree;

use fixtures::{Outcome, run};
use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_seawall");
const SIGKILL: i32 = 9;

/// The names of the failpoints of some objects.
fn points(objects: &[&str]) -> Vec<String> {
    let of = |name: &String| objects.contains(&name.split('.').next().unwrap());
    system::failpoint::names().into_iter().filter(of).collect()
}

/// Runs a command that must die at a failpoint: a point that nothing reaches proves nothing.
fn run_killed(mut command: Command, point: &str) {
    let outcome = run(command.env("SEAWALL_FAILPOINT", format!("{point}=kill")));
    let Outcome { status, stderr, .. } = outcome;
    assert_eq!(status.signal(), Some(SIGKILL), "{point} was not reached: {status}\n{stderr}");
}

/// Runs a command in which a step fails.
fn run_failed(mut command: Command, point: &str, how: &str) -> Outcome {
    run(command.env("SEAWALL_FAILPOINT", format!("{point}={how}")))
}

#[test]
fn every_failpoint_belongs_to_a_test() {
    let tested =
        [backup::OBJECTS, file_daemon::OBJECTS, lineage::OBJECTS, log::OBJECTS, restore::OBJECTS]
            .concat();
    let tested: BTreeSet<String> = points(&tested).into_iter().collect();
    let all: BTreeSet<String> = system::failpoint::names().into_iter().collect();
    assert_eq!(tested, all);
}
