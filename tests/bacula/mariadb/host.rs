//! What the file daemon has started on this host, and what is left of it.

use super::stage::{self, Stage};
use fixtures::mariadb::Session;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longer than anything takes that ends in order.
const PATIENCE: Duration = Duration::from_secs(60);

/// The names of the processes that are meant here, as the system has them.
pub(super) const BACKEND: &str = "seawall";
pub(super) const TOOL: &str = "mariadb-backup";

/// What the tool says when it begins to wait for a lock, and when it begins with the largest file.
pub(super) const WAITS_FOR_A_LOCK: &str = "Acquiring BACKUP LOCKS";
pub(super) const COPIES: &str = "Streaming ibdata1";

/// Everybody whom the daemon has started, whoever his parent is now.
fn started(stage: &Stage) -> Vec<(u32, String)> {
    let daemon = stage.bacula.file_daemon_pid();
    // Its children inherit what only this stage's daemon has.
    let mark = format!("SEAWALL_CONFIG={}", stage.scratch.join("seawall.toml").display());
    let has_mark = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    };
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let pids = pids.filter(|pid| Some(*pid) != daemon).filter(has_mark);
    let name = |pid| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    pids.map(|pid| (pid, name(pid).trim().to_owned())).collect()
}

/// Kills the one process of this name.
pub(super) fn kill(stage: &Stage, name: &str) {
    let all = started(stage);
    let found: Vec<u32> =
        all.iter().filter(|(_, found)| found == name).map(|(pid, _)| *pid).collect();
    let [pid] = found[..] else { panic!("{all:?}") };
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
}

/// Waits until a file says something.
fn wait_for_words(path: &Path, words: &str) {
    wait_until(|| {
        let text = fs::read_to_string(path).unwrap_or_default();
        (!text.contains(words)).then(|| format!("no {words:?} in {text}"))
    });
}

/// Waits until nothing is wrong any more.
pub(super) fn wait_until(wrong: impl Fn() -> Option<String>) {
    let deadline = Instant::now() + PATIENCE;
    while let Some(text) = wrong() {
        assert!(Instant::now() < deadline, "{text}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Nothing of any job is on the host or in a server, but the session of who holds a lock.
pub(super) fn is_clean(stage: &Stage, what: &str, holder: Option<&mut Session>) {
    let holder = holder.map_or("0".to_owned(), |holder| holder.text("SELECT CONNECTION_ID()"));
    wait_until(|| {
        let left = left(stage, &holder);
        (!left.is_empty()).then(|| format!("{what} leaves {left:?}"))
    });
}

/// The tool works, with its files.
pub(super) fn is_at_work(stage: &Stage, words: &str) {
    wait_for_words(&stage::words(stage.server()), words);
    let started = started(stage);
    for name in [BACKEND, TOOL] {
        assert!(started.iter().any(|(_, found)| found == name), "no {name}: {started:?}");
    }
    assert!(!temporary(stage).is_empty());
}

fn left(stage: &Stage, holder: &str) -> Vec<String> {
    let mut left: Vec<String> =
        started(stage).iter().map(|process| format!("{process:?}")).collect();
    for server in &stage.servers {
        let rows = server.rows(&format!(
            "SELECT id, user, command, info FROM information_schema.processlist \
             WHERE id NOT IN (CONNECTION_ID(), {holder}) \
             AND command <> 'Daemon' AND user <> 'system user'"
        ));
        left.extend(rows.iter().map(|row| format!("the session {row:?}")));
    }
    left.extend(temporary(stage).iter().map(|path| path.display().to_string()));
    left
}

/// Where the daemon and all that it starts may put what is temporary.
fn temporary(stage: &Stage) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for dir in [stage.scratch.path().to_owned(), stage.bacula.working_dir()] {
        let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        // Its state, `seawall`, and its configuration, `seawall.toml`, are no such things.
        found.extend(entries.filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with("seawall-")
        }));
    }
    found
}
