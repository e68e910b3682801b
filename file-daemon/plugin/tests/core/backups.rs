//! Backups, and everything that fails one.

use crate::desk::Desk;
use plugin::{After, Next, Severity};
use std::time::Duration;

const LINE: &[u8] = b"seawall:x";

/// A backup that must fail: what is said of it.
fn failed(settings: &[(&str, &str)]) -> String {
    fails(Desk::new(settings), settings)
}

fn fails(desk: Desk, settings: &[(&str, &str)]) -> String {
    if desk.save(LINE).is_some() {
        desk.context.job_end(&desk);
    }
    let fatal = desk.fatal();
    // Whatever the daemon asks now is answered at once, and nothing more is said.
    assert!(!desk.context.begin_backup(&desk, LINE));
    assert_eq!(desk.context.next_file(&desk), Next::Failed);
    assert!(desk.context.read(&desk, &mut [0; 9]).is_err());
    assert_eq!(desk.context.end_file(&desk), After::Failed);
    assert!(!desk.context.close(&desk));
    desk.context.job_end(&desk);
    assert_eq!(desk.fatal(), fatal);
    assert!(
        !desk.backend.journal().iter().any(|line| line.ends_with("finish true"))
            || settings
                .iter()
                .any(|(name, value)| *name == "BAD_DONE" || value.ends_with("@finish"))
    );
    desk.leave();
    fatal
}

#[test]
fn a_backup_keeps_its_state_when_the_job_has_ended_well() {
    let desk = Desk::new(&[]);
    assert_eq!(desk.save(LINE), Some(1_000_000));
    assert_eq!(desk.backend.noted("finish "), None);
    desk.context.job_end(&desk);
    assert_eq!(desk.backend.noted("finish "), Some("true".into()));
    assert!(desk.said(Severity::Fatal).is_empty());
    desk.leave();
}

#[test]
fn a_job_that_does_not_say_that_it_ended_well_discards() {
    let desk = Desk::new(&[]);
    desk.save(LINE).unwrap();
    desk.context.end();
    assert_eq!(desk.backend.noted("finish "), None);
    desk.leave();
}

#[test]
fn several_lines_have_a_backend_each_and_end_together() {
    let desk = Desk::new(&[("SIZE", "5")]);
    for line in [&b"seawall:a"[..], b"seawall:b", b"seawall:\xff"] {
        assert_eq!(desk.save(line), Some(5));
    }
    assert_eq!(desk.backend.noted("finish "), None);
    desk.context.job_end(&desk);
    let finished =
        desk.backend.journal().iter().filter(|line| line.ends_with("finish true")).count();
    assert_eq!(finished, 3);
    assert!(desk.said(Severity::Fatal).is_empty());
    desk.leave();
}

#[test]
fn a_backend_that_dies_is_a_failure_wherever_it_does() {
    for place in ["hello", "start", "file0", "file2", "body", "last-byte", "state", "end"] {
        let fatal = failed(&[("FAULT", &format!("die@{place}"))]);
        assert!(fatal.contains("died in the middle of the job (exit status 3)"), "{fatal}");
        assert!(fatal.contains(&format!("last words were:\nstand-in-backend: died at {place}")));
    }
}

#[test]
fn a_backend_that_gives_up_says_why() {
    for place in ["hello", "start", "file0", "file2", "body", "last-byte", "state", "end"] {
        let fatal = failed(&[("FAULT", &format!("failed@{place}"))]);
        assert_eq!(fatal, format!("failed at {place}\nhint: a test"));
    }
    assert_eq!(failed(&[("FAULT", "fatal@file1")]), "fatal at file1");
}

#[test]
fn a_backend_that_is_silent_hangs() {
    for place in ["hello", "file1", "body"] {
        // On a slow machine it may be silent before that place: that is silence, too.
        let settings = [("FAULT", &*format!("silence@{place}"))];
        let desk = Desk::with(&settings, Duration::from_millis(1500), Duration::from_secs(1));
        let fatal = fails(desk, &settings);
        assert!(fatal.contains("silent, since 1 seconds"), "{place}: {fatal}");
    }
}

#[test]
fn what_is_no_message_is_a_failure() {
    for place in ["start", "file1", "body", "end"] {
        let fatal = failed(&[("FAULT", &format!("garbage@{place}"))]);
        assert!(fatal.contains("what is no message"), "{place}: {fatal}");
    }
    assert!(failed(&[("WRONG_VERSION", "1")]).contains("different versions"));
}

#[test]
fn what_is_said_of_a_backup_must_be_true() {
    let fatal = failed(&[("WRONG_LENGTH", "1")]);
    assert!(fatal.ends_with("large.bin: 1000001 bytes were sent, 1000000 came"), "{fatal}");
    let fatal = failed(&[("WRONG_LENGTH", "-1")]);
    assert!(fatal.ends_with("large.bin: 999999 bytes were sent, 1000000 came"), "{fatal}");
    assert!(failed(&[("MISCOUNT", "1")]).contains("sent 5 files, 4 came"));
    assert!(failed(&[("NO_FILES", "1"), ("NO_OBJECTS", "1")]).contains("nothing to back up"));
}

#[test]
fn what_cannot_be_kept_for_the_next_job_is_a_warning() {
    for (setting, why) in [
        (("BAD_DONE", "1"), "the backend failed"),
        (("FAULT", "die@finish"), "exit status 3"),
        (("FAULT", "failed@finish"), "failed at finish"),
        (("FAULT", "silence@finish"), "silent"),
    ] {
        // Its start must not be taken for silence, on whatever machine.
        let desk = Desk::with(&[setting], Duration::from_secs(8), Duration::from_secs(1));
        assert!(desk.save(LINE).is_some());
        desk.context.job_end(&desk);
        assert!(desk.said(Severity::Fatal).is_empty(), "{why}");
        let said = desk.said(Severity::Warning).concat();
        assert!(said.contains("which will be a full") && said.contains(why), "{said}");
    }
}

#[test]
fn a_backup_may_consist_of_state_alone() {
    let desk = Desk::new(&[("NO_FILES", "1")]);
    assert_eq!(desk.save(LINE), Some(0));
    desk.context.job_end(&desk);
    assert!(desk.said(Severity::Fatal).is_empty());
    desk.leave();
}

#[test]
fn a_daemon_that_stops_reading_fails_the_job() {
    let desk = Desk::new(&[]);
    assert!(desk.context.begin_backup(&desk, LINE));
    assert!(matches!(desk.context.next_file(&desk), Next::File(_)));
    assert!(desk.context.read(&desk, &mut [0; 9]).is_err());
    // The first is a directory.
    assert!(desk.fatal().contains("no body"));
    desk.leave();
    let desk = Desk::new(&[]);
    assert!(desk.context.begin_backup(&desk, LINE));
    for _ in 0..3 {
        assert!(matches!(desk.context.next_file(&desk), Next::File(_)));
        if desk.context.end_file(&desk) == After::Failed {
            break;
        }
    }
    assert!(desk.fatal().contains("stopped reading after 0 bytes"), "{}", desk.fatal());
    desk.leave();
}

#[test]
fn a_program_that_is_not_there_is_a_failure() {
    let desk = Desk::new(&[]);
    std::fs::remove_file(desk.backend.program()).unwrap();
    assert_eq!(desk.save(LINE), None);
    assert!(desk.fatal().contains("cannot be started"));
    desk.leave();
}

#[test]
fn an_estimate_may_be_empty() {
    let desk = Desk::new(&[("NO_FILES", "1")]);
    assert!(desk.context.begin_estimate(&desk, LINE));
    assert_eq!(desk.context.next_file(&desk), Next::End);
    desk.context.job_end(&desk);
    assert!(desk.said(Severity::Fatal).is_empty());
    desk.leave();
}
