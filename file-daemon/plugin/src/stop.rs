//! The cancel. It comes from another thread while the job's thread waits for the backend, so it takes
//! no lock that is held while anybody waits, and waits for nobody itself.

#![allow(unsafe_code, reason = "nothing else signals a process group")]

use crate::socket::Socket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A backend that lives: not reaped yet, so that its number is nobody else's.
#[derive(Debug)]
struct Live {
    group: libc::pid_t,
    socket: Socket,
}

/// The backends of a context, for whoever wants them to end.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    cancelled: AtomicBool,
    live: Mutex<Vec<Live>>,
}

impl Stop {
    /// Whether somebody has cancelled the job.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// Cancels the job: whoever waits for a backend finds its socket ended.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        self.interrupt();
    }

    /// Asks every backend to end.
    pub(crate) fn interrupt(&self) {
        for live in self.live().iter() {
            live.socket.shut();
            signal(live.group, libc::SIGTERM);
        }
    }

    /// A backend lives from now on. If the cancel came first, it ends at once.
    pub(crate) fn enter(&self, group: libc::pid_t, socket: Socket) {
        self.live().push(Live { group, socket });
        if self.is_cancelled() {
            self.interrupt();
        }
    }

    /// A backend is about to be reaped: nobody may signal its number any more.
    pub(crate) fn leave(&self, group: libc::pid_t) {
        self.live().retain(|live| live.group != group);
    }

    fn live(&self) -> MutexGuard<'_, Vec<Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Signals a process group whose leader is not reaped yet.
pub(crate) fn signal(group: libc::pid_t, signal: libc::c_int) {
    // SAFETY: no memory is involved; the group is one that we made.
    unsafe { libc::kill(-group, signal) };
}
