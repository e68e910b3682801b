//! One test for each row of the table of what a daemon makes of a plugin's faults: whatever the
//! backend does wrong in it, the job fails, and the log says why, once.

use crate::stage::{FATAL, Stage};
use bareos_host::{Job, JobOutcome, Manner};

const LINE: &str = "seawall:engine=stand-in";

/// What the stand-in shall do, what the log must say, and which files must not be missed: how many
/// the catalogue has at most.
struct Row<'a> {
    setting: (&'a str, &'a str),
    says: &'a str,
    files: u32,
}

fn row<'a>(name: &'a str, value: &'a str, says: &'a str, files: u32) -> Row<'a> {
    Row { setting: (name, value), says, files }
}

/// Every row, in every manner that a daemon may have after a failure.
fn backups_fail(failing_call: &str, rows: &[Row<'_>]) {
    for row in rows {
        let (stage, stand_in) = Stage::with_stand_in(&[row.setting]);
        let jobs = (1..).zip([Manner::Orderly, Manner::Abrupt, Manner::Stubborn]);
        let outcome =
            stage.run(jobs.map(|(id, manner)| Job { manner, ..Job::full(id, &[LINE]) }).collect());
        for job in &outcome.jobs {
            let about = format!("{:?} {:?}\n{}", row.setting, job.calls, job.log());
            assert_eq!(job.termination, "*** Backup Error ***", "{about}");
            assert_eq!(job.files, row.files, "{about}");
            assert!(job.calls.iter().any(|call| call == failing_call), "{about}");
            check_log(job, row.says, &about);
        }
        assert_eq!(stand_in.noted("finish "), None, "nothing is kept");
    }
}

fn check_log(job: &JobOutcome, says: &str, about: &str) {
    let ours: Vec<&str> = job
        .messages
        .iter()
        .filter(|said| said.by_plugin && said.severity == FATAL)
        .map(|said| said.text.as_str())
        .collect();
    assert!(ours.len() == 1 && ours[0].contains(says), "{about}");
    // Ours, and one of the daemon's own where it has any.
    assert!(job.errors >= 1, "{about}");
}

/// A row of restores, after a good backup.
fn restores_fail(failing_call: &str, rows: &[Row<'_>]) {
    for row in rows {
        let (stage, stand_in) = Stage::with_stand_in(&[]);
        stage.run(vec![Job::full(1, &[LINE])]);
        stand_in.instruct(&[row.setting]);
        let jobs = (2..).zip([Manner::Orderly, Manner::Abrupt, Manner::Stubborn]);
        let restore = |(id, manner)| Job { manner, ..Job::restore(id, &[1], "/restored") };
        let outcome = stage.run(jobs.map(restore).collect());
        for job in &outcome.jobs {
            let about = format!("{:?} {:?}\n{}", row.setting, job.calls, job.log());
            assert_eq!(job.termination, "*** Restore Error ***", "{about}");
            // A daemon that does not look at the close takes the file for restored.
            assert!(job.files <= row.files, "{about}");
            assert!(job.calls.iter().any(|call| call == failing_call), "{about}");
            check_log(job, row.says, &about);
        }
    }
}

#[test]
fn what_fails_at_the_begin_of_a_line_fails_the_job() {
    let rows = [
        row("FAULT", "die@hello", "exit status 3", 0),
        row("FAULT", "failed@hello", "failed at hello\nhint: a test", 0),
        row("FAULT", "garbage@hello", "is no message", 0),
        row("FAULT", "fatal@hello", "fatal at hello", 0),
        row("WRONG_VERSION", "1", "of different versions", 0),
    ];
    backups_fail("event 9=2", &rows);
}

#[test]
fn what_fails_at_the_begin_of_the_first_file_fails_the_job() {
    let rows = [
        row("FAULT", "die@start", "its last words were:\nstand-in-backend: died at start", 0),
        row("FAULT", "failed@file0", "failed at file0", 0),
        row("FAULT", "garbage@file0", "is no message", 0),
        row("FAULT", "fatal@file0", "fatal at file0", 0),
    ];
    backups_fail("startBackupFile=2", &rows);
}

/// Without a message of ours, the daemon would keep a truncated file and call the job good.
#[test]
fn what_fails_in_a_body_fails_the_job() {
    let rows = [
        row("FAULT", "die@body", "exit status 3", 3),
        row("FAULT", "failed@body", "failed at body", 3),
        row("FAULT", "garbage@body", "is no message", 3),
        row("FAULT", "fatal@body", "fatal at body", 3),
        row("FAULT", "die@last-byte", "exit status 3", 3),
        row("FAULT", "failed@last-byte", "failed at last-byte", 3),
        row("WRONG_LENGTH", "1", "1000001 bytes were sent, 1000000 came", 3),
        row("WRONG_LENGTH", "-1", "999999 bytes were sent, 1000000 came", 3),
    ];
    for row in rows {
        let files_of = |manner| if manner == Manner::Abrupt { 2 } else { row.files };
        let (stage, _stand_in) = Stage::with_stand_in(&[row.setting]);
        for manner in [Manner::Orderly, Manner::Abrupt, Manner::Stubborn] {
            let outcome = stage.run(vec![Job { manner, ..Job::full(1, &[LINE]) }]);
            let job = &outcome.jobs[0];
            let about = format!("{:?} {manner:?} {:?}\n{}", row.setting, job.calls, job.log());
            assert_eq!(job.termination, "*** Backup Error ***", "{about}");
            assert_eq!(job.files, files_of(manner), "{about}");
            assert!(job.called("read") && job.calls.contains(&"read=2".to_owned()), "{about}");
            check_log(job, row.says, &about);
        }
    }
}

/// Without a message of ours, the daemon would drop the files that follow and call the job good.
#[test]
fn what_fails_between_files_fails_the_job() {
    let rows = [
        row("FAULT", "die@file1", "exit status 3", 1),
        row("FAULT", "failed@file2", "failed at file2", 2),
        row("FAULT", "garbage@file3", "is no message", 3),
        row("FAULT", "fatal@file3", "fatal at file3", 3),
        row("FAULT", "die@state", "exit status 3", 4),
    ];
    backups_fail("endBackupFile=2", &rows);
}

/// A full sends what this daemon has no place for, so that it asks for one file more.
#[test]
fn what_fails_at_the_end_of_the_files_fails_the_job() {
    let rows = [
        row("FAULT", "die@end", "exit status 3", 4),
        row("FAULT", "failed@end", "failed at end", 4),
        row("FAULT", "garbage@end", "is no message", 4),
        row("FAULT", "fatal@end", "fatal at end", 4),
        row("MISCOUNT", "1", "the backend sent 5 files, 4 came", 4),
    ];
    backups_fail("startBackupFile=2", &rows);
}

#[test]
fn a_backup_of_nothing_fails() {
    let (stage, _stand_in) = Stage::with_stand_in(&[("NO_FILES", "1"), ("NO_OBJECTS", "1")]);
    let outcome = stage.run(vec![Job::full(1, &[LINE])]);
    assert_eq!(outcome.jobs[0].termination, "*** Backup Error ***");
    assert!(outcome.jobs[0].log().contains("nothing to back up"), "{}", outcome.jobs[0].log());
}

/// The daemon has told its director the result when it says that a job has ended. What fails then is
/// a cache on this host; the log has it all the same.
#[test]
fn what_fails_after_the_job_is_told() {
    for (setting, says) in [
        (("FAULT", "die@finish"), "exit status 3"),
        (("FAULT", "failed@finish"), "failed at finish"),
        (("BAD_DONE", "1"), "the backend failed"),
    ] {
        let (stage, _stand_in) = Stage::with_stand_in(&[setting]);
        let outcome = stage.run(vec![Job::full(1, &[LINE])]);
        assert_eq!((outcome.jobs[0].termination.as_str(), outcome.jobs[0].files), ("Backup OK", 4));
        assert!(outcome.jobs[0].log().contains(says), "{}", outcome.jobs[0].log());
    }
}

#[test]
fn what_fails_when_a_file_is_made_fails_the_restore() {
    let rows = [
        row("FAULT", "die@create", "exit status 3", 0),
        row("FAULT", "failed@create", "failed at create", 0),
        row("FAULT", "garbage@create", "is no message", 0),
        row("FAULT", "fatal@create", "fatal at create", 0),
        row("FAULT", "die@hello", "exit status 3", 0),
        row("WRONG_VERSION", "1", "of different versions", 0),
        row("REPLY", "failed", "4 files could not be restored", 0),
    ];
    restores_fail("createFile=0", &rows);
}

/// Without a message of ours, a failed close would be ignored.
#[test]
fn what_fails_in_a_body_or_at_its_close_fails_the_restore() {
    let rows = [
        row("FAULT", "die@close", "exit status 3", 2),
        row("FAULT", "failed@close", "failed at close", 2),
        row("FAULT", "garbage@close", "is no message", 2),
        row("BAD_CLOSE", "1", "it was not restored", 2),
    ];
    restores_fail("close=2", &rows);
}

/// Without a message of ours, the daemon skips the rest of the file; the job fails in any case.
#[test]
fn what_fails_while_bytes_come_back_fails_the_restore() {
    for fault in ["die@body", "failed@body", "fatal@body"] {
        let (stage, stand_in) = Stage::with_stand_in(&[("SIZE", "9000000")]);
        stage.run(vec![Job::full(1, &[LINE])]);
        stand_in.instruct(&[("FAULT", fault)]);
        let outcome = stage.run(vec![Job::restore(2, &[1], "/restored")]);
        let job = &outcome.jobs[0];
        assert_eq!(job.termination, "*** Restore Error ***", "{}", job.log());
        assert!(job.called("write") && job.files < 4, "{:?}", job.calls);
    }
}

/// The daemon ignores what the end of a restore's files returns, and has no call for the end of all.
#[test]
fn what_fails_at_the_end_fails_the_restore() {
    let rows = [
        row("FAULT", "die@finish", "exit status 3", 4),
        row("FAULT", "failed@finish", "failed at finish", 4),
        row("BAD_DONE", "1", "could not end the restore well", 4),
    ];
    restores_fail("event 6=0", &rows);
}
