//! Panics, null addresses, packets of an unknown layout: the job fails, the daemon lives.

use crate::drive::{create, save};
use crate::job::{ATTRIBUTES, CHECK, CREATE, END, IO, Job, Packet, START, START_RESTORE};
use crate::object::{Object, built};
use crate::version::VERSIONS;
use std::process::Command;
use std::ptr::null_mut;
use std::time::{Duration, Instant};

#[test]
fn a_panic_fails_the_job_and_leaves_the_daemon_alone() {
    for version in &VERSIONS {
        for call in ["start", "io", "end"] {
            let object = Object::new();
            let job = Job::new(&object, version);
            save(&job, &format!("seawall:panic={call}"), true);
            let [fatal] = &*job.messages(0) else { panic!("{call}: {:?}", job.messages(0)) };
            assert!(fatal.contains(&format!("provoked in {call}")), "{fatal}");
            // The context stays failed, and says no more.
            assert_eq!(job.io(2, &mut [0; 9]).status, -1);
            assert_eq!(job.call(END, null_mut()), 2);
            assert_eq!(job.messages(0).len(), 1);
        }
        let object = Object::new();
        let job = Job::new(&object, version);
        assert_eq!(job.event_text(10, "seawall:panic=create"), 0);
        let mut packet = Packet::new(232, 228);
        packet.put_i32(220, 3);
        assert_eq!(job.call(CREATE, packet.pointer()), 2);
        assert_eq!((packet.i32(220), job.messages(0).len()), (2, 1));
    }
}

#[test]
fn addresses_may_be_null() {
    for version in &VERSIONS {
        let object = Object::new();
        let job = Job::new(&object, version);
        for call in [START, IO, CREATE, ATTRIBUTES] {
            assert_eq!(job.call(call, null_mut()), 2, "{call}");
        }
        assert_eq!(job.call(CHECK, null_mut()), 0);
        assert_eq!(job.call(START_RESTORE, null_mut()), 0);
        for event in [10, 18] {
            assert_eq!(job.event(event, null_mut()), 0);
        }
        assert_eq!(job.messages(0), [""; 0]);
        // A packet with no texts in it, and a line that is none.
        let mut packet = Packet::new(64, 60);
        assert_eq!(job.event(18, packet.pointer()), 0);
        let mut packet = Packet::new(232, 228);
        packet.put_i32(version.restore_type, 3);
        assert_eq!(job.call(CREATE, packet.pointer()), 0);
        assert_eq!(packet.i32(220), 5);
        assert_eq!(job.event(20, null_mut()), 2);
        assert_eq!(job.messages(0).len(), 1);
    }
}

#[test]
fn a_packet_of_another_size_is_not_touched() {
    for version in &VERSIONS {
        let object = Object::new();
        let job = Job::new(&object, version);
        let mut packet = Packet::new(version.save.size + 8, version.save.end);
        assert_eq!(job.call(START, packet.pointer()), 2);
        assert_eq!(packet.i32(version.save.file_type), 0);
        assert_eq!(job.messages(0).len(), 1);
    }
}

#[test]
fn a_line_of_another_plugin_fails_the_job() {
    let object = Object::new();
    let job = Job::new(&object, &VERSIONS[1]);
    job.event_text(20, "seawal:x");
    assert_eq!(job.messages(0).len(), 1);
}

#[test]
fn messages_have_the_numbers_of_the_version() {
    for version in &VERSIONS {
        let object = Object::new();
        object.backend.instruct(&[("REPORTS", "yes")]);
        let job = Job::new(&object, version);
        save(&job, "seawall", true);
        assert_eq!(job.messages(0), [""; 0]);
        assert_eq!(job.messages(1), ["an error\nof two lines"]);
        assert_eq!(job.messages(3), ["an information"]);
        assert_eq!(job.messages(2).len(), 3, "a long text comes in pieces");
    }
}

#[test]
fn a_job_that_the_daemon_holds_for_bad_is_not_made_whole() {
    let object = Object::new();
    let job = Job::new(&object, &VERSIONS[3]);
    create(&job, "/@seawall/t/1/r/d", 5, 0);
    job.host.set_number(7, i32::from(b'f'));
    job.event(6, null_mut());
    assert_eq!(object.backend.noted("finish "), Some("false".into()));
}

/// A backend that hangs is left, although no cancel is told of a job that has failed.
#[test]
fn a_job_that_the_daemon_holds_for_bad_waits_for_nobody() {
    for version in &VERSIONS {
        let object = Object::new();
        object.backend.instruct(&[("FAULT", "silence@finish")]);
        let job = Job::new(&object, version);
        create(&job, "/@seawall/t/1/r/d", 5, 0);
        job.host.set_number(7, i32::from(b'f'));
        let begin = Instant::now();
        job.event(6, null_mut());
        drop(job);
        // Sooner than it is taken for dead.
        assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
    }
}

/// Bacula runs an incomplete job anew, under the same number.
#[test]
fn a_second_attempt_of_a_job_is_refused() {
    for version in &VERSIONS {
        let object = Object::new();
        let job = Job::new(&object, version);
        job.host.set_number(version.variables[5], 11);
        assert!(save(&job, "seawall:x", true).is_empty());
        let [fatal] = &*job.messages(0) else { panic!("{:?}", job.messages(0)) };
        assert!(fatal.contains("an earlier attempt broke off"), "{fatal}");
        assert_eq!(object.backend.noted("begin"), None);
        // Files of other lines that came before in the same attempt are none of that.
        let job = Job::new(&object, version);
        job.event(3, null_mut());
        job.host.set_number(version.variables[5], 11);
        assert_eq!(job.event_text(9, "seawall:x"), 0);
        assert_eq!(job.messages(0), [""; 0]);
    }
}

/// Memory: the same jobs once more, with every access looked at.
#[test]
fn no_access_is_wrong() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return;
    }
    built();
    let tests = [
        "jobs::every_version_saves_and_brings_back",
        "failures::addresses_may_be_null",
        "failures::a_panic_fails_the_job_and_leaves_the_daemon_alone",
        "cancel::in_the_middle_of_a_body",
    ];
    let mut valgrind = Command::new("timeout");
    valgrind.args(["1000", "valgrind", "--quiet", "--error-exitcode=9", "--trace-children=no"]);
    valgrind.arg(std::env::current_exe().unwrap()).args(["--test-threads=1", "--exact"]);
    // What a panic says of its way takes longer than all the rest.
    let output = valgrind.args(tests).env("RUST_BACKTRACE", "0").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains(" 4 passed"), "{output:?}");
}
