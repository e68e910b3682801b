//! A random workload, backed up while it runs, and restored to commits that were chosen at random:
//! every table must be what the transaction itself saw when it committed.
//!
//! `SEAWALL_TEST_SEED` repeats a run: each session draws the same operations in the same order. How
//! the sessions interleave, and how far they get, is the machine's and cannot be repeated.
//! `SEAWALL_TEST_SECS` is how long they work.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod content;
mod databases;
mod driver;
mod holdings;
mod inside;
mod load;
mod model;
mod oracle;
mod outside;
mod presence;
mod random;
mod report;
mod restored;
mod stock;
mod targets;
mod transaction;

use fixtures::{Lab, ScratchServer};
use restored::Restored;
use std::io::Write;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant, SystemTime};
use targets::Target;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_seawall");
/// A run that is no shorter must have drawn every operation.
const FULL_SECS: u64 = 60;

/// Small segments, many checkpoints, a busy autovacuum: much to go wrong in a minute.
const SETTINGS: &str = "\
checkpoint_timeout = 30s
max_wal_size = 32MB
wal_compression = on
min_wal_size = 4MB
autovacuum_naptime = 1s
autovacuum_vacuum_threshold = 20
autovacuum_vacuum_scale_factor = 0.02
autovacuum_vacuum_insert_threshold = 100
autovacuum_vacuum_insert_scale_factor = 0.02
autovacuum_vacuum_cost_delay = 0
";

/// Written past the test harness: it is part of the proof, also when all is well.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "workload: {text}");
}

/// Says how to have a failure again.
struct Replay {
    seed: u64,
    length: Duration,
}

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (seed, secs) = (self.seed, self.length.as_secs());
            say(&format!(
                "FAILED; again with SEAWALL_TEST_SEED={seed} SEAWALL_TEST_SECS={secs} cargo test --test workload"
            ));
        }
    }
}

fn number_from(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")))
}

fn lab() -> Lab {
    let mut lab = Lab::with(PROGRAM, &["--wal-segsize=1"], SETTINGS);
    for name in model::TABLESPACES {
        let path = lab.scratch.make_dir(name);
        lab.server.sql(&format!("CREATE TABLESPACE {name} LOCATION '{}'", path.display()));
    }
    let _ = lab.scratch.make_dir(databases::PLACES);
    lab.archive();
    lab
}

#[test]
fn commits_chosen_at_random_come_back_as_they_were() {
    let by_the_clock = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let seed = number_from("SEAWALL_TEST_SEED").unwrap_or_else(|| by_the_clock().as_secs());
    let length = Duration::from_secs(number_from("SEAWALL_TEST_SECS").unwrap_or(FULL_SECS));
    let _replay = Replay { seed, length };
    say(&format!("SEAWALL_TEST_SEED={seed} SEAWALL_TEST_SECS={}", length.as_secs()));

    // The load, with backups under it and every segment archived by the program.
    let mut lab = lab();
    let load = load::run(&lab, seed, length);
    let began = Instant::now();
    lab.archive();
    say(&format!("the archive is complete {:.1} s after the load", began.elapsed().as_secs_f64()));
    report::print(&lab, &load);
    let missing = report::missing(&load);
    assert!(
        length.as_secs() < FULL_SECS || missing.is_empty(),
        "seed {seed}: these operations never took effect: {missing:?}"
    );
    lab.server.stop();
    let verified = lab.run(&["verify"]);
    assert_eq!(verified.code(), 0, "seed {seed}: {}{}", verified.stdout, verified.stderr);
    let walked = lab.run(&["wal", "verify"]);
    assert_eq!(walked.code(), 0, "seed {seed}: {}{}", walked.stdout, walked.stderr);
    say(walked.stdout.trim());

    // Commits of the load, back again.
    let targets = targets::choose(&load, seed);
    let wrong = restore_all(&lab, &load, &targets);
    assert!(wrong.is_empty(), "seed {seed}:\n{}", wrong.join("\n"));
}

/// Restores each target and checks it, while the next one is restored.
fn restore_all(lab: &Lab, load: &load::Load, targets: &[Target]) -> Vec<String> {
    let mut wrong = Vec::new();
    std::thread::scope(|scope| {
        let (done, next) = sync_channel::<(Restored, Duration)>(0);
        scope.spawn(move || {
            for (number, target) in targets.iter().enumerate() {
                let began = Instant::now();
                let restored = restored::restore(lab, load, number, target);
                if done.send((restored, began.elapsed())).is_err() {
                    return;
                }
            }
        });
        for target in targets {
            let Ok((restored, took)) = next.recv() else {
                wrong.push(format!("{}: the restore failed, see above", target.why));
                return;
            };
            let began = Instant::now();
            let found = restored.check(lab, load, target);
            let verdict = match found.len() {
                0 => "as it was".to_owned(),
                count => format!("{count} WRONG"),
            };
            let (why, words, checked) = (target.why, target.words().join(" "), began.elapsed());
            say(&format!(
                "{why}: {verdict}; restored in {:.1} s, checked in {:.1} s; {words}",
                took.as_secs_f64(),
                checked.as_secs_f64()
            ));
            restored.remove();
            wrong.extend(found.into_iter().map(|what| format!("{}: {what}", target.why)));
        }
    });
    wrong
}
