//! How a backend begins and ends: what it is given, and that nothing of it stays.

use crate::desk::Desk;
use plugin::Context;
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
    assert!(took > Duration::from_millis(900) && took < Duration::from_secs(5), "{took:?}");
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
    let desk = Desk::new(&[("LINGER", "1"), ("IGNORE_SIGTERM", "1"), ("SIZE", "1")]);
    for _ in 0..4 {
        desk.save(b"seawall:x").unwrap();
    }
    let begin = Instant::now();
    desk.context.end();
    assert!(begin.elapsed() < Duration::from_millis(2500), "{:?}", begin.elapsed());
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
    let context: &Context = &desk.context;
    is_shared(context);
    let begin = Instant::now();
    thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(Duration::from_millis(300));
            context.cancel();
        });
        assert_eq!(desk.save(b"seawall:x"), None);
    });
    // Sooner than by silence.
    assert!(begin.elapsed() < Duration::from_millis(1400));
    assert_eq!(desk.fatal(), "the job was cancelled");
    desk.leave();
}
