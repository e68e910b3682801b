//! What ends in the middle of a backup of a real server: the program, or the server.

use crate::stage::{self, PROGRAM};
use fixtures::bacula::{Bacula, JobResult, JobSpec, Level, Programs};
use fixtures::{Lab, ScratchServer as _};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

/// Half a minute of a checkpoint, where nobody asks for haste: the server pauses after each page.
const PAGES: &str =
    "DROP TABLE IF EXISTS pages; CREATE TABLE pages AS SELECT generate_series(1, 60000) g";

/// A backup waits for it.
const WAITS: &str = "SELECT count(*) = 1 FROM pg_stat_activity WHERE state = 'active' \
                     AND query LIKE 'SELECT%pg_backup_start(%' AND pid <> pg_backend_pid()";

pub(crate) fn no_lost_server_makes_a_good_backup(programs: &Programs) {
    let mut lab = Lab::with(PROGRAM, &[], "checkpoint_timeout = 1h\n");
    let line = stage::line(&lab);
    let slow = || JobSpec::of(format!("{line}:start_fast=no"));
    let mut setup = stage::setup(programs, &lab.scratch)
        .job("loses-its-program", slow())
        .job("loses-its-server", slow())
        .job("cannot-read", JobSpec::of(&line));
    for number in 1..=3 {
        setup = setup.job(&format!("good-{number}"), JobSpec::of(&line));
    }
    let bacula = setup.start(&lab.scratch);

    let job = begin(&bacula, &mut lab, "loses-its-program");
    kill_process(backend(&bacula), Signal::KILL).unwrap();
    expect(&bacula.wait(job), "the backend died in the middle of the job (killed by signal 9)");
    // The server looks after its client when the checkpoint is over; this one is in haste.
    lab.server.sql("CHECKPOINT");
    stage::wait_for_no_session(&lab);
    next(&bacula, 1);

    // A tablespace that nobody finds.
    let link = lab.server.data().join("pg_tblspc/16999");
    symlink("16999", &link).unwrap();
    expect(&bacula.run_job("cannot-read", Level::Full), "pg_tblspc/16999: Too many levels");
    fs::remove_file(link).unwrap();
    next(&bacula, 2);

    let job = begin(&bacula, &mut lab, "loses-its-server");
    lab.server.kill();
    expect(&bacula.wait(job), "Fatal error: the connection to the server was lost: ");
    lab.server.start();
    next(&bacula, 3);
}

/// Starts a job, up to where it waits for the server.
fn begin(bacula: &Bacula, lab: &mut Lab, name: &str) -> u32 {
    lab.server.sql(PAGES);
    let job = bacula.start_job(name, Level::Full);
    lab.server.wait_until(WAITS);
    job
}

/// The child of the file daemon.
fn backend(bacula: &Bacula) -> Pid {
    let daemon = bacula.file_daemon_pid().unwrap();
    let threads = fs::read_dir(format!("/proc/{daemon}/task")).unwrap().flatten();
    let children =
        |thread: PathBuf| fs::read_to_string(thread.join("children")).unwrap_or_default();
    let children: String = threads.map(|thread| children(thread.path())).collect();
    let child = children.split_whitespace().next().unwrap_or_else(|| panic!("no backend"));
    Pid::from_raw(child.parse().unwrap()).unwrap()
}

fn expect(job: &JobResult, says: &str) {
    assert_eq!(job.termination, "*** Backup Error ***", "{}", job.log);
    assert!(job.errors > 0 && job.log.contains(says), "{}", job.log);
}

fn next(bacula: &Bacula, number: u32) {
    assert!(bacula.file_daemon_is_alive());
    bacula.run_job(&format!("good-{number}"), Level::Full).ok();
}
