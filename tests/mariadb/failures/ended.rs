//! Tool and program are ended in several phases of a backup.

use super::aftermath::{self, Before, PATIENCE};
use super::{TOOL_LOG, misses, secrets};
use crate::lab::Lab;
use fixtures::Outcome;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A phase: the line of the tool that begins it, and how many reads a second the tool may do, so
/// that the phase lasts.
pub(crate) type Phase = (&'static str, &'static str, u32);

pub(crate) const PHASES: &[Phase] = &[
    ("at the start", "Using server version", 1),
    ("while data streams", "Start scanning aria tables", 1),
    ("near the end", "Starting to backup non-InnoDB tables", 60),
];

/// Who gets the signal.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Whom {
    Tool,
    Program,
}

/// A backup on its way.
pub(crate) struct Running {
    child: Child,
}

impl Running {
    /// Starts a backup and waits for a phase.
    ///
    /// # Panics
    /// It ends before that.
    pub(crate) fn start(lab: &Lab, phase: &Phase, more: &[&str]) -> Self {
        let (name, line, throttle) = phase;
        let url = lab.url();
        let mut words = lab.backup_words("full", &url);
        let throttle = format!("extra_tool_options=--throttle={throttle}");
        let log = lab.scratch.join(TOOL_LOG);
        let told = format!("tool_log={}", log.display());
        words.extend(["--set", &throttle, "--set", &told]);
        words.extend(more);
        let mut command = lab.command(&words);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut this = Self { child: child.spawn().unwrap() };
        let deadline = Instant::now() + PATIENCE;
        while !fs::read_to_string(&log).unwrap_or_default().contains(line) {
            if Instant::now() > deadline || this.child.try_wait().unwrap().is_some() {
                let outcome = this.end();
                panic!("{name} is not reached: {}\n{}", outcome.status, outcome.stderr);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        this
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn end(self) -> Outcome {
        let output = self.child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Outcome {
            status: output.status,
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

pub(crate) fn send(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

fn run_ended(lab: &Lab, phase: &Phase, whom: Whom, signal: Signal) -> Outcome {
    let running = Running::start(lab, phase, &[]);
    let pid = match whom {
        Whom::Tool => aftermath::tools(lab)[0],
        Whom::Program => running.pid(),
    };
    send(pid, signal);
    running.end()
}

fn try_all(cases: &[(Whom, Signal, i32, &[&str])]) {
    let lab = Lab::new();
    let mut wrong = Vec::new();
    for phase in PHASES {
        for (whom, signal, status, words) in cases {
            let name = format!("{whom:?} {signal:?} {}", phase.0);
            let before = Before::of(&lab);
            let outcome = run_ended(&lab, phase, *whom, *signal);
            aftermath::look(&lab, &before, &name);
            wrong.extend(misses(&name, &outcome, *status, words));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_tool_that_is_ended_fails_the_backup() {
    try_all(&[
        (Whom::Tool, Signal::KILL, 27, &["mariadb-backup was ended by signal 9"]),
        (Whom::Tool, Signal::INT, 27, &["mariadb-backup was ended by signal 2"]),
    ]);
}

#[test]
fn a_program_that_is_ended_in_order_ends_the_tool() {
    let words: &[&str] = &["ending the work in order", "the job was cancelled"];
    try_all(&[(Whom::Program, Signal::INT, 63, words), (Whom::Program, Signal::TERM, 63, words)]);
}

#[test]
fn a_program_that_is_killed_leaves_no_tool_and_no_lock() {
    let lab = Lab::new();
    for phase in PHASES {
        let before = Before::of(&lab);
        let outcome = run_ended(&lab, phase, Whom::Program, Signal::KILL);
        assert_eq!(outcome.code(), -1);
        before.is_calm(&lab, phase.0);
        // Who is killed cannot tidy up: the password's file stays, and stays private.
        for file in secrets::option_files(lab.scratch.path()) {
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            fs::remove_file(file).unwrap();
        }
        // Whoever waits for the locks gets them.
        lab.server.sql("CREATE OR REPLACE TABLE mysql.x (n INT); DROP TABLE mysql.x");
        before.goes_on(&lab, phase.0);
        fs::remove_file(lab.scratch.join(TOOL_LOG)).unwrap();
    }
}

/// Nobody tells the tool then, and it notices when it writes next: with the lock that it waits for.
/// Meanwhile it is in nobody's way.
#[test]
fn a_program_that_is_killed_while_the_tool_waits_for_a_lock() {
    let lab = Lab::new();
    lab.server
        .sql("CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY); CREATE TABLE d.u (n INT)");
    let before = Before::of(&lab);
    let mut holder = lab.server.session();
    holder.text("LOCK TABLES d.t WRITE");
    let phase = ("waits for a lock", "Acquiring BACKUP LOCKS", 1);
    let outcome = run_ended(&lab, &phase, Whom::Program, Signal::KILL);
    assert_eq!(outcome.code(), -1);
    lab.server.sql("SET lock_wait_timeout = 5; INSERT INTO d.u VALUES (1)");
    drop(holder);
    before.is_calm(&lab, phase.0);
    lab.server.sql("SET lock_wait_timeout = 5; DROP TABLE d.u");
    before.goes_on(&lab, phase.0);
}
