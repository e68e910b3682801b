//! The director cancels, in every state of a job: from another thread, and nobody waits for long.

use crate::drive::{create, save};
use crate::job::{END, Job, Packet, START, Shared};
use crate::object::Object;
use crate::version::VERSIONS;
use fixtures::{Random, StandInBackend};
use std::fs;
use std::ptr::null_mut;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

/// Far longer than the end of a job takes that was cancelled; and shorter than the half a minute after
/// which a backend is killed that did not end when it was told to.
const SOON: Duration = Duration::from_secs(25);

/// Longer than a backend takes to come to a place.
const PATIENCE: Duration = Duration::from_secs(100);

/// The job's thread, for whoever wants to know what it does.
#[derive(Clone, Copy)]
struct Thread(libc::pid_t);

impl Thread {
    fn this() -> Self {
        Self(unsafe { libc::gettid() })
    }

    /// Whether it is in the call by which the plugin waits for its backend.
    fn waits(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        const WAITS: [libc::c_long; 2] = [libc::SYS_poll, libc::SYS_ppoll];
        #[cfg(not(target_arch = "x86_64"))]
        const WAITS: [libc::c_long; 1] = [libc::SYS_ppoll];
        let call = fs::read_to_string(format!("/proc/self/task/{}/syscall", self.0)).unwrap();
        // `running` where it does something.
        let number = call.split(' ').next().and_then(|number| number.parse().ok());
        number.is_some_and(|number| WAITS.contains(&number))
    }
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Cancels; when that was. The daemon's own thread must not wait for any backend.
fn cancel(shared: Shared, place: &str) -> Instant {
    let asked = Instant::now();
    shared.cancel();
    assert!(asked.elapsed() < SOON, "{place}: the cancel waited");
    asked
}

/// A job that would last for ever ends soon after the cancel, and says so once. The cancel comes when
/// the backend is silent and the job's thread waits for it.
fn cancel_in(fault: &str, work: impl Fn(&Job<'_>)) {
    for version in [&VERSIONS[0], &VERSIONS[3]] {
        let object = Object::new();
        object.backend.instruct(&[("FAULT", fault), ("LINGER", "yes"), ("GRANDCHILD", "yes")]);
        let job = Job::new(&object, version);
        let (shared, thread) = (job.shared(), Thread::this());
        let backend = &object.backend;
        let cancelled = thread::scope(|scope| {
            let cancel = scope.spawn(move || {
                let shared = shared;
                let note = format!("fault {}", fault.replace('@', " at "));
                wait_until(&note, || backend.noted(&note).is_some() && thread.waits());
                cancel(shared, fault)
            });
            work(&job);
            cancel.join().unwrap()
        });
        assert!(job.messages(0).len() <= 1, "{fault}: {:?}", job.messages(0));
        job.event(4, null_mut());
        drop(job);
        assert!(cancelled.elapsed() < SOON, "{fault}: {:?}", cancelled.elapsed());
        nothing_is_left(&object.backend, fault);
    }
}

/// Backends and what they started end, or have ended.
fn nothing_is_left(backend: &StandInBackend, place: &str) {
    let journal = backend.journal();
    let mut processes: Vec<&str> =
        journal.iter().filter_map(|line| line.split(' ').next()).collect();
    processes.extend(journal.iter().filter_map(|line| line.split(" grandchild ").nth(1)));
    processes.dedup();
    for process in processes {
        wait_until(&format!("{place}: {process} ends"), || !lives(process));
    }
}

/// One that nobody has reaped yet has ended.
fn lives(process: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let letter = stat.rsplit(')').next().and_then(|rest| rest.trim().chars().next());
    letter.is_some_and(|letter| letter != 'Z')
}

const LINE: &str = "seawall:x";
const FILE: &str = "/@seawall/t/1/r/a";

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
        assert_eq!(create(job, FILE, 3, 9).0, 2);
        job.event(6, null_mut());
    });
}

#[test]
fn while_nobody_takes_what_comes_back() {
    cancel_in("silence@body", |job| {
        assert_eq!(create(job, FILE, 3, 9).0, 3);
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
            assert_eq!(create(job, FILE, 3, 9).0, 3);
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

/// What a job does, and where its backend may fall silent. Wherever that is, the job never ends but by
/// the cancel.
type Kind = (&'static str, fn(&Job<'_>), &'static [&'static str]);

const KINDS: [Kind; 3] = [
    (
        "backup",
        |job| {
            save(job, LINE, true);
            if job.messages(0).is_empty() {
                job.event(2, null_mut());
            }
        },
        &[
            "hello",
            "start",
            "file0",
            "file1",
            "file2",
            "file3",
            "open",
            "body",
            "last-byte",
            "state",
            "end",
            "finish",
        ],
    ),
    (
        "estimate",
        |job| drop(save(job, LINE, false)),
        &["hello", "start", "file0", "file1", "file2", "file3", "end"],
    ),
    (
        "restore",
        |job| {
            if create(job, FILE, 3, 9).0 == 3 {
                let mut bytes = vec![1; 65_536];
                let _ = (0..20).all(|_| job.io(3, &mut bytes).status > 0);
                job.io(4, &mut []);
            }
            job.event(6, null_mut());
        },
        &["hello", "start", "create", "body", "close", "finish"],
    ),
];

/// No moment is a bad one: not before the backend is started, not while, not while it speaks, not while
/// it is waited for. A cancel that is lost would leave its job waiting for ten minutes.
#[test]
fn at_any_moment() {
    let mut random = Random::seeded();
    let times = if fixtures::is_long() { 200 } else { 50 };
    // Not all moments lie within the wait: the first ones come while the backend starts.
    let longest = KINDS.map(|(_, work, _)| {
        let object = Object::new();
        let job = Job::new(&object, &VERSIONS[0]);
        let begin = Instant::now();
        work(&job);
        begin.elapsed()
    });
    let object = Object::new();
    let mut ends = Vec::new();
    for time in 0..times {
        let of = usize::try_from(random.below(3)).unwrap();
        let (kind, work, places) = KINDS[of];
        let place = random.one_of(places);
        let version = &VERSIONS[usize::try_from(random.below(4)).unwrap()];
        let wait = random.up_to(longest[of] * 3 / 2);
        let cancels = random.one_of(&[1, 1, 1, 3]);
        let what = format!("{time}: {kind}, silent at {place}, cancelled after {wait:?}");
        let fault = format!("silence@{place}");
        // In a small one there is no middle.
        let sizes = ["1000000", "3000000", "1000", "0"];
        let size = random.one_of(if place == "body" { &sizes[..2] } else { &sizes });
        object.backend.instruct(&[("FAULT", &fault), ("SIZE", size), ("GRANDCHILD", "yes")]);
        let job = Job::new(&object, version);
        let (shared, thread) = (job.shared(), Thread::this());
        let (ended, end) = channel();
        let cancelled = thread::scope(|scope| {
            let name = what.as_str();
            let canceller = scope.spawn(move || {
                let shared = shared;
                thread::sleep(wait);
                let cancelled = Instant::now();
                for _ in 0..cancels {
                    let _ = cancel(shared, name);
                }
                if end.recv_timeout(SOON).is_err() {
                    // The test cannot end as long as the job waits, and would tell nobody.
                    eprintln!("lost: {name}; it waits: {}", thread.waits());
                    std::process::abort();
                }
                cancelled
            });
            work(&job);
            let end = Instant::now();
            ended.send(()).unwrap();
            end.saturating_duration_since(canceller.join().unwrap())
        });
        ends.push(cancelled);
        job.event(4, null_mut());
        let (fatal, warnings) = (job.messages(0), job.messages(2));
        // Once the backup is whole, nothing makes it a failed one.
        let is_whole = fatal.is_empty() && warnings.concat().contains("could not keep");
        assert!(is_whole || fatal == ["the job was cancelled"], "{what}: {fatal:?} {warnings:?}");
        drop(job);
        nothing_is_left(&object.backend, &what);
        let _ = fs::remove_file(object.backend.program().with_file_name("journal"));
    }
    // The event itself has woken them. Where it did not, the plugin would ask for the cancel, but not
    // before some seconds have gone by.
    ends.sort();
    let (most, last) = (ends[ends.len() * 9 / 10], ends[ends.len() - 1]);
    println!("{times} cancels: nine jobs of ten had ended {most:?} later, the last {last:?}");
    assert!(most < Duration::from_secs(3), "{ends:?}");
}
