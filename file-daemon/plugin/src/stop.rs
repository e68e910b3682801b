//! The cancel.
//!
//! A daemon tells it by an event, on another thread, while the job's thread waits for the backend. So
//! it takes no lock that is held while anybody waits, and waits for nobody itself: it sets a flag, ends
//! the sockets of all backends, and signals their groups. Whoever waits for one finds its socket ended.
//! A backend that begins just then is entered first and looks at the flag afterwards, so that one of
//! the two sees the other; every later call of the daemon looks at the flag before it does anything.
//!
//! Not every cancel is told. Both daemons pass over the plugins where the job has failed already, and
//! where a job is cancelled in the moment before it has plugins. Therefore the daemon itself is asked
//! as well, before every call and every few seconds while the backend is waited for (`waiting`), and
//! whenever a signal comes: the daemon sends one to the job's thread after it has marked the job.

#![allow(unsafe_code, reason = "nothing else signals a process group")]

use crate::socket::Socket;
use crate::{Daemon, Standing};
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

    /// Whether nobody wants the job any more. The daemon is asked, too.
    pub(crate) fn is_over(&self, daemon: &dyn Daemon) -> bool {
        if self.is_cancelled() {
            return true;
        }
        match daemon.standing() {
            Standing::Wanted => false,
            Standing::Failed => true,
            Standing::Cancelled => {
                self.cancel();
                true
            }
        }
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
