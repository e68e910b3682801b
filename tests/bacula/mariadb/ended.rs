//! Jobs that are ended while the tool works: nothing stays on the host or in the server.

use super::host::{self, BACKEND, COPIES, WAITS_FOR_A_LOCK};
use super::stage::{Stage, fill, watched, words};
use fixtures::bacula::{JobSpec, Level, Programs};
use std::fs;

#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    Cancel,
    KillDaemon,
    KillBackend,
}

pub(crate) fn whoever_is_ended_leaves_nothing_on_the_host(programs: &Programs) {
    let mut stage = Stage::new(programs, &["m"], |setup, servers| {
        let line = watched(&servers[0]);
        // A chunk a second, so that it takes a while.
        let slow = format!("{line}:extra_tool_options=--throttle=1");
        setup.job("m", JobSpec::of(line)).job("slow", JobSpec::of(slow))
    });
    fill(stage.server(), 1);
    for how in [How::Cancel, How::KillBackend, How::KillDaemon] {
        while_it(COPIES, &mut stage, how);
        while_it(WAITS_FOR_A_LOCK, &mut stage, how);
    }
    // And the next one works.
    stage.bacula.run_job("m", Level::Full).ok();
}

fn while_it(phase: &str, stage: &mut Stage, how: How) {
    let _ = fs::remove_file(words(stage.server()));
    let mut holder = stage.server().session();
    let name = if phase == COPIES { "slow" } else { "m" };
    if phase == WAITS_FOR_A_LOCK {
        holder.text("LOCK TABLES d.t WRITE");
    }
    let job = stage.bacula.start_job(name, Level::Full);
    host::is_at_work(stage, phase);
    match how {
        How::Cancel => drop(stage.bacula.cancel(job)),
        How::KillBackend => host::kill(stage, BACKEND),
        How::KillDaemon => stage.bacula.kill_file_daemon(),
    }
    // The lock is held all the time.
    host::is_clean(stage, &format!("{how:?} while it says {phase:?}"), Some(&mut holder));
    if how == How::KillDaemon {
        // The director waits a minute longer for its last word; we do not.
        return stage.bacula.restart_file_daemon();
    }
    let ended = stage.bacula.wait(job);
    let (termination, status, says) = match how {
        How::Cancel => ("Backup Canceled", 'A', "the job was cancelled"),
        _ => ("*** Backup Error ***", 'f', "the backend died in the middle of the job"),
    };
    assert_eq!((ended.termination.as_str(), ended.status), (termination, status), "{}", ended.log);
    assert!(ended.log.contains(says), "{}", ended.log);
}
