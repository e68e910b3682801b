//! Restores, and everything that fails one.

use crate::desk::Desk;
use plugin::{Create, FileType, Reply, Severity};
use std::time::Duration;

/// Files come back as a daemon brings them: whether it was told that all is well.
fn bring_back(desk: &Desk, bytes: usize) {
    desk.context.restore_line(b"seawall:x");
    for name in ["/where/@seawall/t/0000000007/r/a", "/where/@seawall/t/0000000007/r/b"] {
        if desk.context.create(desk, &file(name)) == Reply::Extract {
            let body = vec![7; bytes];
            let _ = body.chunks(65_536).all(|chunk| desk.context.write(desk, chunk));
            desk.context.close(desk);
        }
    }
    desk.context.end_restore(desk, true);
    desk.context.job_end(desk);
}

fn file(place: &str) -> Create<'_> {
    let file_type = FileType::File;
    let place = place.as_bytes();
    Create { place, file_type, mode: 0o600, uid: 0, gid: 0, size: 3, mtime: 0, link: b"" }
}

fn failed(settings: &[(&str, &str)]) -> String {
    fails(Desk::new(settings))
}

fn fails(desk: Desk) -> String {
    bring_back(&desk, 2_000_000);
    let fatal = desk.fatal();
    assert_eq!(desk.context.create(&desk, &file("/@seawall/t/1/r/c")), Reply::Failed);
    assert!(!desk.context.write(&desk, b"x") && !desk.context.close(&desk));
    desk.context.end_restore(&desk, true);
    assert_eq!(desk.fatal(), fatal);
    desk.leave();
    fatal
}

#[test]
fn files_come_back_to_one_backend() {
    let desk = Desk::new(&[("REPORTS", "1")]);
    desk.context.object(&desk, b"n\xff", 3, b"seawall:x", &[1; 996]);
    desk.context.object(&desk, b"n", 3, b"seawallx:x", &[1; 996]);
    desk.context.options(b"target = now");
    bring_back(&desk, 2_000_000);
    assert!(desk.said(Severity::Fatal).is_empty());
    let begun = desk.backend.journal().iter().filter(|line| line.contains(" begin ")).count();
    assert_eq!(begun, 1);
    assert_eq!(desk.backend.noted("object "), Some("n\u{fffd} 3 996".into()));
    assert_eq!(desk.backend.noted("options "), Some("target = now".into()));
    let created = desk.backend.noted("create /@seawall/t/0000000007/r/a at ").unwrap();
    assert_eq!(created, "/where/@seawall/t/0000000007/r/a File 3");
    assert!(desk.backend.noted("closed /@seawall/t/0000000007/r/b 2000000 ").is_some());
    assert_eq!(desk.backend.noted("finish "), Some("true".into()));
    // Messages come while a body passes, and nobody has asked for anything.
    assert!(desk.said(Severity::Info).contains(&"half of it is here".into()));
    desk.leave();
}

#[test]
fn a_backend_that_dies_is_a_failure_wherever_it_does() {
    for place in ["hello", "start", "create", "body", "close", "finish"] {
        let fatal = failed(&[("FAULT", &format!("die@{place}"))]);
        assert!(fatal.contains("died in the middle of the job (exit status 3)"), "{fatal}");
    }
}

#[test]
fn a_backend_that_gives_up_says_why() {
    for place in ["hello", "start", "create", "body", "close", "finish"] {
        let fatal = failed(&[("FAULT", &format!("failed@{place}"))]);
        assert_eq!(fatal, format!("failed at {place}\nhint: a test"));
    }
}

#[test]
fn a_backend_that_is_silent_hangs() {
    for place in ["create", "body", "close"] {
        // On a slow machine it may be silent before that place: that is silence, too.
        let settings = [("FAULT", &*format!("silence@{place}"))];
        let fatal =
            fails(Desk::with(&settings, Duration::from_millis(1500), Duration::from_secs(1)));
        assert!(fatal.contains("silent, since 1 seconds"), "{place}: {fatal}");
    }
}

#[test]
fn what_was_not_taken_is_a_failure() {
    assert!(failed(&[("BAD_CLOSE", "1")]).ends_with("/r/a: it was not restored"));
    assert!(failed(&[("BAD_DONE", "1")]).contains("could not end the restore well"));
    assert_eq!(failed(&[("REPLY", "failed")]), "2 files could not be restored");
}

#[test]
fn files_that_others_write_need_no_body_here() {
    for (reply, wanted) in [("core", Reply::Core), ("skip", Reply::Skip)] {
        let desk = Desk::new(&[("REPLY", reply)]);
        assert_eq!(desk.context.create(&desk, &file("/@seawall/t/1/r/c")), wanted);
        bring_back(&desk, 1);
        assert!(desk.said(Severity::Fatal).is_empty());
        desk.leave();
    }
}

#[test]
fn a_restore_of_nothing_starts_nothing() {
    let desk = Desk::new(&[]);
    desk.context.end_restore(&desk, true);
    desk.context.job_end(&desk);
    assert_eq!(desk.backend.noted("begin"), None);
    desk.leave();
}

#[test]
fn a_file_that_was_not_closed_fails_the_job() {
    let desk = Desk::new(&[]);
    assert_eq!(desk.context.create(&desk, &file("/@seawall/t/1/r/c")), Reply::Extract);
    desk.context.end_restore(&desk, true);
    assert!(desk.fatal().contains("did not close"));
    assert_eq!(desk.backend.noted("finish "), None);
    desk.leave();
}

#[test]
fn there_is_room_for_so_much_state_and_no_more() {
    let desk = Desk::new(&[]);
    for number in 0..70_000_u32 {
        desk.context.object(&desk, b"n", number, b"seawall", &[1; 996]);
    }
    let large = vec![1; 100_000];
    desk.context.object(&desk, b"n", 1, b"seawall", &large);
    assert_eq!(desk.said(Severity::Warning).len(), 1);
    assert!(desk.said(Severity::Fatal).is_empty());
    desk.leave();
}
