//! Jobs that are ended in the middle: by the operator, and by a daemon that dies. Nothing stays.

use crate::stage::{self, PROGRAM, insert, line, sum, wait_for_no_session};
use fixtures::Lab;
use fixtures::bacula::{Bacula, JobSpec, Level, Programs, RestoreSpec};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(40);

fn signal(pid: Option<u32>, signal: Signal) {
    let pid = pid.and_then(|pid| Pid::from_raw(pid.try_into().unwrap())).unwrap();
    kill_process(pid, signal).unwrap();
}

/// Backends that live, wherever they came from: their program is this lab's own copy.
fn backends(lab: &Lab) -> usize {
    let program = lab.program();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter(|entry| fs::read_link(entry.path().join("exe")).is_ok_and(|exe| exe == program))
        .count()
}

/// Directories for temporary files.
fn scratches(bacula: &Bacula) -> Vec<PathBuf> {
    let entries = fs::read_dir(bacula.working_dir()).unwrap().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| path.to_string_lossy().contains("/seawall-fd.")).collect()
}

fn nothing_stays(lab: &Lab, bacula: &Bacula) {
    wait_for_no_session(lab);
    let is_clean = || backends(lab) == 0 && scratches(bacula).is_empty();
    wait_until("nothing of ours is left", is_clean);
}

/// A lab whose archiver does not keep the program running.
fn lab() -> Lab {
    let lab = Lab::new(PROGRAM);
    insert(&lab, 1);
    lab
}

/// Jobs that wait in a known phase: for a checkpoint that is spread over minutes, or in the middle of
/// the files, because nobody takes what comes. The job's log tells it too late.
fn start(lab: &Lab, bacula: &Bacula, phase: &str) -> u32 {
    if phase == "checkpoint" {
        // What has changed is what it takes its time for.
        lab.server.sql("UPDATE dirty SET g = -g WHERE abs(g) < 20000");
        let job = bacula.start_job("slow", Level::Full);
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' \
                     AND query LIKE '%pg_backup_start%' AND application_name LIKE 'seawall%'";
        wait_until("it waits for the checkpoint", || lab.server.sql(waits) == "1");
        return job;
    }
    let stored = || -> u64 {
        let files = fs::read_dir(bacula.volumes_dir()).unwrap().flatten();
        files.map(|file| file.metadata().unwrap().len()).sum()
    };
    let before = stored();
    let job = bacula.start_job("pg", Level::Full);
    wait_until("it stores", || stored() > before + 1_000_000);
    signal(bacula.storage_daemon_pid(), Signal::STOP);
    job
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) fn a_backup_that_ends_in_any_phase_leaves_nothing(programs: &Programs) {
    let lab = lab();
    lab.server
        .sql("CREATE TABLE dirty AS SELECT g, repeat('x', 500) FROM generate_series(1, 400000) g");
    let slow = format!("{}:start_fast=no", line(&lab));
    let mut bacula = stage::setup_with(programs, &lab.scratch, &lab.program())
        .job("pg", JobSpec::of(line(&lab)))
        .job("slow", JobSpec::of(slow))
        .start(&lab.scratch);
    for phase in ["checkpoint", "copy"] {
        let job = start(&lab, &bacula, phase);
        // The director tells the storage daemon, too, and waits for it.
        signal(bacula.storage_daemon_pid(), Signal::CONT);
        bacula.cancel(job);
        let ended = bacula.wait(job);
        assert_eq!(ended.termination, "Backup Canceled", "{phase}: {}", ended.log);
        nothing_stays(&lab, &bacula);
    }
    for phase in ["checkpoint", "copy"] {
        start(&lab, &bacula, phase);
        bacula.kill_file_daemon();
        signal(bacula.storage_daemon_pid(), Signal::CONT);
        // The director takes minutes to notice it; the host does not.
        nothing_stays(&lab, &bacula);
        bacula.restart_file_daemon();
    }
    bacula.run_job("pg", Level::Full).ok();
}

pub(crate) fn a_restore_that_is_cancelled_makes_no_server(programs: &Programs) {
    let lab = lab();
    let bacula = stage::setup_with(programs, &lab.scratch, &lab.program())
        .job("pg", JobSpec::of(line(&lab)))
        .start(&lab.scratch);
    let full = bacula.run_job("pg", Level::Full).good();
    let place = lab.scratch.make_dir("place");
    let spec = RestoreSpec::of_jobs(&[full.job_id]).to(&place);
    let job = bacula.start_restore(&spec).unwrap();
    let data = place.join(lab.server.data().strip_prefix("/").unwrap());
    wait_until("it writes", || data.join("base").exists());
    bacula.cancel(job);
    let ended = bacula.wait(job);
    nothing_stays(&lab, &bacula);
    if ended.termination == "Restore OK" {
        // It was faster than the cancel.
        assert_eq!(sum(&lab.start_recovered(data)), sum(&lab.server), "{}", ended.log);
    } else {
        assert!(!data.join("global/pg_control").exists(), "{}", ended.log);
    }
}
