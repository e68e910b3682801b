//! A workload to be backed up: several sessions that write, and a storm of statements that change
//! tables.
//!
//! `SEAWALL_TEST_SEED` repeats a run: each session draws the same statements in the same order. How
//! the sessions interleave, and how far they get, is the machine's and cannot be repeated.

mod storm;
mod tables;
mod writer;

use fixtures::MariaDb;
use fixtures::mariadb::Session;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

const WRITERS: u64 = 3;
const STORMS: u64 = 2;

/// Refusals that come of sessions getting in each other's way: a table is there already, or not; is
/// of another shape or storage by now, which its options forbid; deadlocks and waits that ended.
const EXPECTED: &[&str] = &[
    "1005", "1050", "1051", "1146", "1054", "1213", "1205", "1412", "1020", "1478", "1845", "1846",
];

/// The server says that it goes down.
const GOING: &[&str] = &["1053", "1317", "1927"];

/// What all sessions share.
struct Common {
    seed: u64,
    /// What the storm makes its tables of.
    storages: &'static [&'static str],
    names: storm::Names,
    stop: AtomicBool,
    statements: AtomicU64,
    /// Successes of the storm.
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

/// A running workload. Without [`Workload::stop`] it ends with the server.
pub(crate) struct Workload {
    common: Arc<Common>,
    sessions: Vec<JoinHandle<()>>,
}

impl Workload {
    /// Makes the tables and begins to write to them. Only InnoDB's are made, renamed and dropped
    /// meanwhile, and no name is given twice: of the others, mariadb-backup 10.11 itself now and then leaves the definition
    /// without the data, or an Aria log that cannot be applied.
    pub(crate) fn start(server: &MariaDb) -> Self {
        tables::make(&mut server.session());
        Self::run(server, &tables::STORAGES[..tables::OF_INNODB], false)
    }

    /// The same, with a storm over tables of every storage: for streams that need not be restored.
    pub(crate) fn start_over_all(server: &MariaDb) -> Self {
        tables::make(&mut server.session());
        Self::run(server, tables::STORAGES, true)
    }

    /// Writes to the tables of a workload that was stopped.
    pub(crate) fn resume(server: &MariaDb) -> Self {
        server.sql("DELETE FROM ledger.commits");
        Self::run(server, &tables::STORAGES[..tables::OF_INNODB], false)
    }

    fn run(server: &MariaDb, storages: &'static [&'static str], shares_names: bool) -> Self {
        let seed = seed();
        // Past the test harness: it is needed just when a test ends badly.
        let _ = writeln!(std::io::stderr(), "SEAWALL_TEST_SEED={seed}");
        let common = Arc::new(Common {
            seed,
            storages,
            names: storm::Names::new(shares_names, seed),
            stop: AtomicBool::new(false),
            statements: AtomicU64::new(0),
            counts: Mutex::default(),
        });
        let spawn = |run: fn(Session, &Common, u64), number| {
            let (session, common) = (server.session(), Arc::clone(&common));
            std::thread::spawn(move || run(session, &common, number))
        };
        let writers = (1..=WRITERS).map(|number| spawn(writer::run, number));
        let storms = (1..=STORMS).map(|number| spawn(storm::run, WRITERS + number));
        let sessions = writers.chain(storms).collect();
        Self { common, sessions }
    }

    /// How many statements were done so far.
    pub(crate) fn statements(&self) -> u64 {
        self.common.statements.load(Ordering::Relaxed)
    }

    /// Waits until so many more are done.
    pub(crate) fn wait_for(&self, more: u64) {
        let enough = self.statements() + more;
        self.wait_until(|| self.statements() >= enough);
    }

    /// Waits until so many kinds of the storm's statements have succeeded.
    pub(crate) fn wait_for_kinds(&self, kinds: usize) {
        self.wait_until(|| self.common.counts.lock().unwrap().len() >= kinds);
    }

    fn wait_until(&self, condition: impl Fn() -> bool) {
        while !condition() {
            let is_over = self.sessions.iter().any(JoinHandle::is_finished);
            assert!(!is_over, "a session has ended");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends it; answers how often the storm's statements succeeded.
    ///
    /// # Panics
    /// The server refused what it should do.
    pub(crate) fn stop(self) -> BTreeMap<&'static str, u64> {
        self.common.stop.store(true, Ordering::Relaxed);
        for session in self.sessions {
            session.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        std::mem::take(&mut self.common.counts.lock().unwrap())
    }
}

impl Common {
    /// Counts what was done, and whether the session should go on.
    fn is_over(&self, done: &Result<(), String>) -> bool {
        if let Err(error) = done {
            let number = error.split_once("ERROR ").map(|(_, number)| number);
            let is = |codes: &[&str]| {
                number.is_some_and(|number| codes.iter().any(|code| number.starts_with(code)))
            };
            // Without a number they are not the server's words: it was ended under its sessions.
            if number.is_none() || is(GOING) {
                return true;
            }
            let is_expected = is(EXPECTED);
            assert!(is_expected, "{error}\nSEAWALL_TEST_SEED={}", self.seed);
        }
        self.statements.fetch_add(1, Ordering::Relaxed);
        self.stop.load(Ordering::Relaxed)
    }
}

/// The server holds a consistent state of the workload, and every table is whole.
pub(crate) fn check(server: &MariaDb) {
    tables::check(&mut server.session(), false);
}

/// The same of a copy that was made while the workload ran.
pub(crate) fn check_hot(server: &MariaDb) {
    tables::check(&mut server.session(), true);
}

fn seed() -> u64 {
    let from_clock = || {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        u64::from(now.subsec_nanos()) ^ now.as_secs()
    };
    let given = std::env::var("SEAWALL_TEST_SEED").ok();
    given.map_or_else(from_clock, |text| text.parse().expect("SEAWALL_TEST_SEED is a number"))
}
