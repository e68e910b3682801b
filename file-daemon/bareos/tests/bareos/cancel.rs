//! An operator's cancel, from another thread, in every state of a job.

use crate::stage::Stage;
use bareos_host::{Job, Kind, Manner, Moment};
use std::time::{Duration, Instant};

const LINE: &str = "seawall:engine=stand-in";

/// Long before the plugin would lose its patience with a backend.
const LIMIT: Duration = Duration::from_secs(20);

/// How long a call has waited for the stand-in when the cancel comes.
const A_WHILE: Moment = Moment::During(150);

const MANNERS: [Manner; 3] = [Manner::Orderly, Manner::Abrupt, Manner::Stubborn];

fn check(stage: &Stage, jobs: &[Job], end: &str) {
    // A few at a time, so that one that waited too long is seen among others on a slow machine.
    for some in jobs.chunks(12) {
        let begin = Instant::now();
        let outcome = stage.run(some.to_vec());
        assert!(begin.elapsed() < LIMIT, "{outcome:#?}");
        for job in &outcome.jobs {
            assert_eq!(job.termination, end, "{:?}\n{}", job.calls, job.log());
            assert!(job.called("freePlugin") && !job.called("event 2"), "{:?}", job.calls);
        }
    }
}

/// The cancel at a call, in each manner of the daemon to go on.
fn in_all_manners(job: &Job, at: &str, nth: u32, moment: Moment) -> Vec<Job> {
    let jobs = MANNERS.into_iter().map(|manner| Job { manner, ..job.clone() });
    jobs.map(|job| job.cancelled(at, nth, moment)).collect()
}

#[test]
fn a_backup_can_be_cancelled_before_and_after_every_call() {
    let (stage, _stand_in) = Stage::with_stand_in(&[]);
    let mut jobs = Vec::new();
    for at in [
        "event 13",
        "event 17",
        "event 15",
        "event 9",
        "startBackupFile",
        "open",
        "read",
        "close",
        "endBackupFile",
    ] {
        for nth in [1, 2] {
            let job = Job::after(9, 'I', 1, &[LINE, LINE]);
            jobs.extend(in_all_manners(&job, at, nth, Moment::Before));
            jobs.extend(in_all_manners(&job, at, nth, Moment::After));
        }
    }
    // Some come only once.
    let is_possible = |job: &Job| {
        let cancel = job.cancel.as_ref().unwrap();
        cancel.nth == 1 || !["event 13"].contains(&cancel.at.as_str())
    };
    jobs.retain(is_possible);
    // An orderly daemon asks no second line of a job that was cancelled in the first.
    stage.run(vec![Job::full(1, &[LINE])]);
    check(&stage, &jobs, "Backup Canceled");
}

#[test]
fn a_backup_can_be_cancelled_while_it_waits_for_the_backend() {
    for (silent, at, nth) in [
        ("hello", "event 9", 1),
        ("file0", "startBackupFile", 1),
        ("file1", "endBackupFile", 1),
        ("body", "read", 4),
        ("last-byte", "read", 5),
        ("state", "endBackupFile", 4),
        ("end", "endBackupFile", 6),
    ] {
        let fault = format!("silence@{silent}");
        let (stage, stand_in) = Stage::with_stand_in(&[("FAULT", &fault)]);
        let jobs = in_all_manners(&Job::full(1, &[LINE]), at, nth, A_WHILE);
        check(&stage, &jobs, "Backup Canceled");
        assert!(stand_in.noted(&format!("fault silence at {silent}")).is_some());
    }
}

#[test]
fn an_estimate_can_be_cancelled() {
    let (stage, _stand_in) = Stage::with_stand_in(&[("FAULT", "silence@file2")]);
    let job = Job { kind: Kind::Estimate, ..Job::full(0, &[LINE]) };
    let outcome = stage.run(in_all_manners(&job, "endBackupFile", 2, A_WHILE));
    assert!(outcome.jobs.iter().all(|job| job.termination == "Estimate Error"), "{outcome:#?}");
}

#[test]
fn a_restore_can_be_cancelled_before_and_after_every_call() {
    let (stage, _stand_in) = Stage::with_stand_in(&[]);
    stage.run(vec![Job::full(1, &[LINE])]);
    let mut jobs = Vec::new();
    for at in [
        "event 15",
        "event 10",
        "startRestoreFile",
        "createFile",
        "open",
        "write",
        "setFileAttributes",
        "close",
        "endRestoreFile",
        "event 6",
    ] {
        let job = Job::restore(9, &[1], "/restored");
        jobs.extend(in_all_manners(&job, at, 1, Moment::Before));
        jobs.extend(in_all_manners(&job, at, 1, Moment::After));
    }
    // What comes after the result changes nothing of it; the plugin lives all the same.
    check(&stage, &jobs, "Restore Canceled");
}

#[test]
fn a_restore_can_be_cancelled_while_it_waits_for_the_backend() {
    let (stage, stand_in) = Stage::with_stand_in(&[("SIZE", "9000000")]);
    stage.run(vec![Job::full(1, &[LINE])]);
    for (silent, at, nth) in [
        ("hello", "createFile", 1),
        ("create", "createFile", 1),
        ("close", "close", 1),
        ("finish", "event 6", 1),
    ] {
        stand_in.instruct(&[("FAULT", &format!("silence@{silent}"))]);
        let jobs = in_all_manners(&Job::restore(2, &[1], "/restored"), at, nth, A_WHILE);
        check(&stage, &jobs, "Restore Canceled");
    }
    // Nobody takes what comes after the first bytes: the second record is more than a socket holds, and
    // its write waits.
    stand_in.instruct(&[("FAULT", "silence@body")]);
    let jobs = in_all_manners(&Job::restore(2, &[1], "/restored"), "write", 2, A_WHILE);
    check(&stage, &jobs, "Restore Canceled");
}

#[test]
fn a_panic_fails_the_job_and_leaves_the_daemon_alive() {
    let calls = ["event", "start", "end", "io", "line", "create", "attributes"];
    for call in calls {
        let (mut stage, _stand_in) = Stage::with_stand_in(&[]);
        stage.run(vec![Job::full(1, &[LINE])]);
        stage.under.environment = vec![("SEAWALL_TEST_PANIC".to_owned(), call.to_owned())];
        let outcome = stage.run(vec![Job::full(2, &[LINE]), Job::restore(3, &[1], "/restored")]);
        for (job, is_of_restore) in outcome.jobs.iter().zip([false, true]) {
            let concerns = match call {
                "event" | "io" => true,
                "start" | "end" => !is_of_restore,
                _ => is_of_restore,
            };
            assert_eq!(job.termination.starts_with("***"), concerns, "{call}: {}", job.log());
            assert_eq!(job.log().contains("the plugin has a fault"), concerns, "{}", job.log());
        }
    }
}
