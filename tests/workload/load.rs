//! The load: four sessions for a while, with backups under them.

use crate::driver::{Common, Driver};
use crate::oracle::{self, Ack, SESSIONS};
use crate::say;
use fixtures::{Lab, ScratchServer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The first backup begins when there is something to lose.
const COMMITS_BEFORE_BACKUP: u64 = 30;
/// Slow ways to take a backup: so that much happens while it runs.
const SLOWLY: &[&str] = &["--workers", "1", "--compression-level", "15"];

/// What the load left behind.
#[derive(Default)]
pub(crate) struct Load {
    pub(crate) acks: Vec<Ack>,
    pub(crate) counts: BTreeMap<&'static str, u64>,
    /// Directories of all tablespaces that were made meanwhile.
    pub(crate) places: Vec<PathBuf>,
    /// The answers of the backups that were taken meanwhile.
    pub(crate) backups: Vec<Value>,
}

/// Runs it.
pub(crate) fn run(lab: &Lab, seed: u64, length: Duration) -> Load {
    oracle::set_up(&lab.server);
    let deadline = Instant::now() + length;
    let common = Common {
        server: &lab.server,
        scratch: &lab.scratch,
        seed,
        deadline,
        moves: RwLock::new(()),
        commits: AtomicU64::new(0),
    };
    let mut load = Load::default();
    std::thread::scope(|scope| {
        let start = |number| {
            scope.spawn({
                let common = &common;
                move || Driver::new(common, number).run()
            })
        };
        let sessions: Vec<_> = (1..=SESSIONS).map(start).collect();
        load.backups = backups(lab, &common, length);
        for session in sessions {
            let driver = session.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            load.acks.extend(driver.acks);
            load.places.extend(driver.places);
            for (name, count) in driver.counts {
                *load.counts.entry(name).or_default() += count;
            }
        }
    });
    load.acks.sort_by_key(|ack| ack.after);
    load
}

fn backups(lab: &Lab, common: &Common<'_>, length: Duration) -> Vec<Value> {
    let enough = || common.commits.load(Ordering::Relaxed) >= COMMITS_BEFORE_BACKUP;
    wait_until(common, enough);
    let first = backup(lab, common, &[]);
    let left = |part| common.deadline - length / 100 * part;
    wait_until(common, || Instant::now() >= left(65));
    let second = backup(lab, common, SLOWLY);
    wait_until(common, || Instant::now() >= left(30));
    vec![first, second, backup(lab, common, &[])]
}

/// Waits for something that the sessions bring about, or for their end.
fn wait_until(common: &Common<'_>, condition: impl Fn() -> bool) {
    while !condition() && Instant::now() < common.deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn backup(lab: &Lab, common: &Common<'_>, how: &[&str]) -> Value {
    let _no_moves = common.moves.write().unwrap();
    let url = lab.server.url();
    let mut words = vec!["backup", &url, "--target", "pg-main"];
    words.extend(how);
    let answer = lab.json(&words);
    let totals = &answer["link"]["totals"];
    say(&format!(
        "backup {} in {} ms: {} files, {} vanished",
        answer["backup"].as_str().unwrap(),
        answer["elapsed_ms"],
        totals["files"],
        totals["vanished"],
    ));
    answer
}
