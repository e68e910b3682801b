//! How the backend's process ends: it is waited for without being reaped, so that its number stays
//! its own until its group is gone.

#![allow(unsafe_code, reason = "nothing else looks at a child without reaping it")]

use std::io;
use std::thread;
use std::time::{Duration, Instant};

/// What has become of the leader of the backend's group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Leader {
    /// It runs.
    Alive,
    /// It has ended so, and waits to be reaped.
    Ended(String),
    /// Somebody else has reaped it: its number may be anybody's.
    Gone,
}

/// Looks at it.
fn look(leader: libc::pid_t) -> Leader {
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: all zeros are a valid value.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: `info` lives until the call returns.
    let answer = unsafe { libc::waitid(libc::P_PID, leader.cast_unsigned(), &raw mut info, flags) };
    if answer != 0 {
        let interrupted = io::Error::last_os_error().kind() == io::ErrorKind::Interrupted;
        return if interrupted { Leader::Alive } else { Leader::Gone };
    }
    // SAFETY: the call has filled in what belongs to a child; where there was none, zeros.
    let (found, status) = unsafe { (info.si_pid(), info.si_status()) };
    match info.si_code {
        _ if found == 0 => Leader::Alive,
        libc::CLD_EXITED => Leader::Ended(format!("exit status {status}")),
        _ => Leader::Ended(format!("killed by signal {status}")),
    }
}

/// Waits until it has ended, but not beyond the deadline.
pub(crate) fn wait(leader: libc::pid_t, deadline: Instant) -> Leader {
    let mut pause = Duration::from_millis(1);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match look(leader) {
            Leader::Alive if !left.is_zero() => thread::sleep(pause.min(left)),
            seen => return seen,
        }
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}
