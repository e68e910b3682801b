//! The load: four sessions for a while, with backups under them.

use crate::driver::{Common, Driver};
use crate::oracle::{self, Ack, SESSIONS};
use crate::say;
use fixtures::{Lab, ScratchServer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The first backup begins when there is something to lose.
const COMMITS_BEFORE_BACKUP: u64 = 30;
/// Between two backups, and after the last: restores go to commits of each span.
const COMMITS_AFTER_BACKUP: u64 = 60;
/// A load that takes so many times its length is stuck.
const TIMES_ITS_LENGTH: u32 = 10;
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
    let common = Common {
        server: &lab.server,
        scratch: &lab.scratch,
        seed,
        over: AtomicBool::new(false),
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
        let ends = Ends(&common.over);
        load.backups = backups(lab, &common, length);
        drop(ends);
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

/// Ends the load, also where a backup fails: nobody waits for sessions that never end.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Takes the backups at parts of the load's length, each after enough commits since the one before:
/// a slow machine makes the load longer, not the spans shorter.
fn backups(lab: &Lab, common: &Common<'_>, length: Duration) -> Vec<Value> {
    let began = Instant::now();
    let wait_until = |part_percent: u32, commits: u64| {
        let all = || common.commits.load(Ordering::Relaxed);
        let enough = all() + commits;
        let at = began + length * part_percent / 100;
        while Instant::now() < at || all() < enough {
            assert!(began.elapsed() < length * TIMES_ITS_LENGTH, "{} commits in all", all());
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    wait_until(0, COMMITS_BEFORE_BACKUP);
    let first = backup(lab, common, &[]);
    wait_until(35, COMMITS_AFTER_BACKUP);
    let second = backup(lab, common, SLOWLY);
    wait_until(70, COMMITS_AFTER_BACKUP);
    let third = backup(lab, common, &[]);
    wait_until(100, COMMITS_AFTER_BACKUP);
    vec![first, second, third]
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
