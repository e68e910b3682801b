//! How a backend begins and ends: what it is given, and that nothing of it stays.

use crate::desk::{Desk, LONG};
use fixtures::StandInBackend;
use plugin::{After, Context, Next, Severity, Standing};
use std::fs::File;
use std::os::fd::{AsRawFd, IntoRawFd};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn a_backend_that_ignores_everything_is_killed_with_its_children() {
    let desk = Desk::new(&[("LINGER", "1"), ("IGNORE_SIGTERM", "1"), ("GRANDCHILD", "1")]);
    desk.save(b"seawall:x").unwrap();
    let begin = Instant::now();
    desk.context.end();
    let took = begin.elapsed();
    assert!(took > Duration::from_millis(900) && took < LONG, "{took:?}");
    desk.leave();
}

#[test]
fn children_of_a_backend_that_ended_well_end_too() {
    let desk = Desk::new(&[("GRANDCHILD", "1")]);
    desk.save(b"seawall:x").unwrap();
    desk.context.job_end(&desk);
    desk.leave();
}

#[test]
fn backends_end_at_the_same_time() {
    let patience = Duration::from_secs(2);
    let settings = [("LINGER", "1"), ("IGNORE_SIGTERM", "1"), ("SIZE", "1")];
    let desk = Desk::with(&settings, LONG, patience);
    for _ in 0..4 {
        desk.save(b"seawall:x").unwrap();
    }
    let begin = Instant::now();
    desk.context.end();
    // One after the other they would take this at least.
    assert!(begin.elapsed() < 4 * patience, "{:?}", begin.elapsed());
    desk.leave();
}

#[test]
fn nothing_of_the_daemon_s_is_left_to_the_backend() {
    // As a daemon that opened a socket and a file without a thought, ignores signals, and has some
    // blocked.
    let leaked = File::open("/dev/null").unwrap().into_raw_fd();
    // SAFETY: descriptors and signals of this process; no memory is involved but a set of signals.
    unsafe {
        libc::fcntl(leaked, libc::F_SETFD, 0);
        libc::dup2(leaked, 900);
        for signal in [libc::SIGHUP, libc::SIGCONT, libc::SIGPROF, libc::SIGWINCH, libc::SIGUSR2] {
            libc::signal(signal, libc::SIG_IGN);
        }
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&raw mut set, libc::SIGTERM);
        libc::sigaddset(&raw mut set, libc::SIGALRM);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
    }
    let desk = Desk::new(&[]);
    desk.save(b"seawall:x").unwrap();
    // Standard output and error; its socket, and two copies that it made of it.
    assert_eq!(desk.backend.noted("open "), Some("[1, 2], sockets 3".into()));
    assert_eq!(desk.backend.noted("SigBlk: "), Some("0000000000000000".into()));
    // A program of Rust ignores SIGPIPE by itself.
    assert_eq!(desk.backend.noted("SigIgn: "), Some("0000000000001000".into()));
    assert_eq!(desk.backend.noted("leads its group: "), Some("true".into()));
    assert_eq!(desk.backend.noted("begin "), Some("file-daemon-backend".into()));
    assert!(File::open("/dev/null").unwrap().as_raw_fd() > 2);
    desk.leave();
}

#[test]
fn a_context_may_be_cancelled_from_any_thread() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    let desk = Desk::new(&[("FAULT", "silence@body"), ("IGNORE_SIGTERM", "1")]);
    let (context, backend): (&Context, _) = (&desk.context, &desk.backend);
    is_shared(context);
    thread::scope(|scope| {
        scope.spawn(move || {
            wait_for(backend, "fault silence at body");
            context.cancel();
        });
        assert_eq!(desk.save(b"seawall:x"), None);
    });
    assert_eq!(desk.fatal(), "the job was cancelled");
    desk.leave();
}

fn wait_for(backend: &StandInBackend, note: &str) {
    let begin = Instant::now();
    while backend.noted(note).is_none() {
        assert!(begin.elapsed() < LONG, "never: {note}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The daemons pass over the plugins where a job has failed already, and where it is cancelled in the
/// moment before it has plugins. Then only their answer tells it.
#[test]
fn a_cancel_that_no_event_tells_is_found() {
    for place in ["hello", "file1", "body"] {
        let desk = Desk::new(&[("FAULT", &format!("silence@{place}")), ("GRANDCHILD", "1")]);
        let (standing, backend) = (&desk.standing, &desk.backend);
        thread::scope(|scope| {
            scope.spawn(move || {
                wait_for(backend, &format!("fault silence at {place}"));
                *standing.lock().unwrap() = Standing::Cancelled;
            });
            assert_eq!(desk.save(b"seawall:x"), None);
        });
        assert_eq!(desk.fatal(), "the job was cancelled");
        desk.leave();
    }
}

#[test]
fn a_job_that_the_daemon_holds_for_lost_waits_for_no_backend() {
    // What is asked for after that is answered at once, and the daemon has said itself what is wrong.
    let desk = Desk::new(&[("FAULT", "silence@file2"), ("GRANDCHILD", "1")]);
    assert!(desk.context.begin_backup(&desk, b"seawall:x"));
    assert!(matches!(desk.context.next_file(&desk), Next::File(_)));
    *desk.standing.lock().unwrap() = Standing::Failed;
    assert_eq!(desk.context.end_file(&desk), After::Failed);
    assert_eq!(desk.context.next_file(&desk), Next::Failed);
    assert_eq!(desk.said(Severity::Fatal), [""; 0]);
    desk.leave();
    // And so is what waits already.
    let desk = Desk::new(&[("FAULT", "silence@file2"), ("GRANDCHILD", "1")]);
    let (standing, backend) = (&desk.standing, &desk.backend);
    thread::scope(|scope| {
        scope.spawn(move || {
            wait_for(backend, "fault silence at file2");
            *standing.lock().unwrap() = Standing::Failed;
        });
        assert_eq!(desk.save(b"seawall:x"), None);
    });
    assert_eq!(desk.said(Severity::Fatal), [""; 0]);
    desk.leave();
}

/// A daemon sends its threads a signal so that they look around.
#[test]
fn a_signal_makes_the_job_look_whether_it_is_wanted() {
    extern "C" fn nothing(_: libc::c_int) {}
    // SAFETY: a handler that does nothing, without the flag by which calls go on behind it; all zeros
    // are valid.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as *const () as usize;
        libc::sigaction(libc::SIGURG, &raw const action, std::ptr::null_mut());
    }
    let begin = Instant::now();
    const TIMES: u32 = 12;
    for _ in 0..TIMES {
        let desk = Desk::new(&[("FAULT", "silence@hello")]);
        let (standing, backend) = (&desk.standing, &desk.backend);
        // SAFETY: no memory is involved.
        let waits = unsafe { libc::pthread_self() };
        thread::scope(|scope| {
            scope.spawn(move || {
                wait_for(backend, "fault silence at hello");
                *standing.lock().unwrap() = Standing::Cancelled;
                // SAFETY: the scope waits for this thread, and that one for the scope.
                unsafe { libc::pthread_kill(waits, libc::SIGURG) };
            });
            assert_eq!(desk.save(b"seawall:x"), None);
        });
        desk.leave();
    }
    // Without the signal each would take five seconds.
    assert!(begin.elapsed() < 5 * TIMES * Duration::from_secs(1), "{:?}", begin.elapsed());
}
