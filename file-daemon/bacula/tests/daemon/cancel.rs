//! The director cancels, in every state of a job: from another thread, and nobody waits for long.

use crate::drive::{create, save};
use crate::job::{END, Job, Packet, START};
use crate::object::Object;
use crate::version::VERSIONS;
use std::ptr::null_mut;
use std::thread;
use std::time::{Duration, Instant};

/// A job that would last for ever ends soon after the cancel, and says so once.
fn cancel_in(fault: &str, work: impl Fn(&Job<'_>)) {
    for version in [&VERSIONS[0], &VERSIONS[3]] {
        let object = Object::new();
        object.backend.instruct(&[("FAULT", fault), ("LINGER", "yes"), ("GRANDCHILD", "yes")]);
        let job = Job::new(&object, version);
        let shared = job.shared();
        let begin = Instant::now();
        let place = fault.to_owned();
        thread::scope(|scope| {
            scope.spawn(move || {
                let shared = shared;
                thread::sleep(Duration::from_millis(300));
                let asked = Instant::now();
                shared.cancel();
                assert!(asked.elapsed() < Duration::from_millis(200), "{place}: the cancel waited");
            });
            work(&job);
        });
        assert!(job.messages(0).len() <= 1, "{fault}: {:?}", job.messages(0));
        job.event(4, null_mut());
        drop(job);
        assert!(begin.elapsed() < Duration::from_secs(10), "{fault}: {:?}", begin.elapsed());
        let grandchild = object.backend.noted("grandchild ").unwrap();
        assert!(is_soon_gone(&grandchild), "{fault}: a process was left");
    }
}

/// Whether a process ends that was killed just now.
fn is_soon_gone(process: &str) -> bool {
    let lives = || {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let letter = stat.rsplit(')').next().and_then(|rest| rest.trim().chars().next());
        // One that nobody has reaped yet has ended.
        letter.is_some_and(|letter| letter != 'Z')
    };
    (0..200).any(|_| {
        !lives() || {
            thread::sleep(Duration::from_millis(10));
            false
        }
    })
}

const LINE: &str = "seawall:x";

#[test]
fn before_the_first_word() {
    cancel_in("silence@hello", |job| assert!(save(job, LINE, true).is_empty()));
}

#[test]
fn before_the_first_file() {
    cancel_in("silence@file0", |job| assert!(save(job, LINE, true).is_empty()));
}

#[test]
fn between_files() {
    cancel_in("silence@file2", |job| assert_eq!(save(job, LINE, true).len(), 2));
}

#[test]
fn in_the_middle_of_a_body() {
    cancel_in("silence@body", |job| assert_eq!(save(job, LINE, true).len(), 3));
}

#[test]
fn in_an_estimate() {
    cancel_in("silence@file1", |job| assert_eq!(save(job, LINE, false).len(), 1));
}

#[test]
fn when_the_backends_commit() {
    cancel_in("silence@finish", |job| {
        assert_eq!(save(job, LINE, true).len(), 7);
        job.event(2, null_mut());
    });
}

#[test]
fn before_a_file_comes_back() {
    cancel_in("silence@create", |job| {
        assert_eq!(create(job, "/@seawall/t/1/r/a", 3, 9).0, 2);
        job.event(6, null_mut());
    });
}

#[test]
fn while_nobody_takes_what_comes_back() {
    cancel_in("silence@body", |job| {
        assert_eq!(create(job, "/@seawall/t/1/r/a", 3, 9).0, 3);
        let mut bytes = vec![1; 65_536];
        while job.io(3, &mut bytes).status > 0 {}
        assert_eq!(job.io(4, &mut []).status, -1);
        job.event(6, null_mut());
    });
}

#[test]
fn while_a_file_is_closed_and_while_the_server_is_made_ready() {
    for fault in ["silence@close", "silence@finish"] {
        cancel_in(fault, |job| {
            assert_eq!(create(job, "/@seawall/t/1/r/a", 3, 9).0, 3);
            job.io(4, &mut []);
            job.event(6, null_mut());
        });
    }
}

#[test]
fn a_job_that_was_cancelled_before_it_began_starts_nothing() {
    let object = Object::new();
    let job = Job::new(&object, &VERSIONS[3]);
    job.shared().cancel();
    assert!(save(&job, LINE, true).is_empty());
    let at = &job.version.save;
    assert_ne!(job.call(START, Packet::new(at.size, at.end).pointer()), 0);
    assert_eq!(job.call(END, null_mut()), 2);
    job.event(6, null_mut());
    job.event(2, null_mut());
    assert_eq!(job.messages(0), ["the job was cancelled"]);
    assert_eq!(object.backend.noted("begin"), None);
}

#[test]
fn many_cancels_at_once_do_no_harm() {
    let object = Object::new();
    object.backend.instruct(&[("SIZE", "30000000")]);
    let job = Job::new(&object, &VERSIONS[0]);
    let shared = job.shared();
    thread::scope(|scope| {
        for wait in [50, 51, 52, 60] {
            scope.spawn(move || {
                let shared = shared;
                thread::sleep(Duration::from_millis(wait));
                (0..100).for_each(|_| shared.cancel());
            });
        }
        save(&job, LINE, true);
    });
}
