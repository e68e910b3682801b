//! How the backend's process begins: in a session of its own, with signals as a shell gives them, and
//! with nothing of the daemon's but what the protocol says.

#![allow(unsafe_code, reason = "what a child does between fork and exec is unsafe by nature")]

use std::ffi::c_int;
use std::fs::File;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What the program is called with.
const WORD: &str = "file-daemon-backend";

/// The first descriptor that is not standard.
const FIRST_OTHER: c_int = 3;

/// The kernel's signals.
const SIGNALS: libc::c_long = 64;

/// Where an old kernel's search for open descriptors ends, if the limit is higher.
const OTHERS_MAX: u64 = 1 << 20;

/// Starts the program with `socket` as its standard input. What it and its children write to standard
/// output and error goes to the file.
///
/// # Errors
/// The program cannot be started.
pub(crate) fn spawn(
    program: &Path,
    socket: UnixStream,
    scratch: Option<&Path>,
) -> io::Result<(Child, File)> {
    let words = file_without_name()?;
    let mut command = Command::new(program);
    command
        .arg(WORD)
        .current_dir("/")
        .stdin(OwnedFd::from(socket))
        .stdout(Stdio::from(words.try_clone()?))
        .stderr(Stdio::from(words.try_clone()?));
    if let Some(scratch) = scratch {
        command.env("TMPDIR", scratch);
    }
    // SAFETY: between fork and exec in a process with threads, only functions that are safe in signal
    // handlers may be called; `clean` calls no other, and allocates nothing.
    unsafe { command.pre_exec(clean) };
    Ok((command.spawn()?, words))
}

fn file_without_name() -> io::Result<File> {
    // SAFETY: the name is ended by a zero.
    let descriptor = unsafe { libc::memfd_create(c"seawall-backend".as_ptr(), libc::MFD_CLOEXEC) };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is open, and nobody else knows it.
    Ok(unsafe { File::from_raw_fd(descriptor) })
}

/// In the child: signals as a shell gives them, and no descriptor of the daemon's behind the exec. Some
/// daemons leave even the socket they listen to open, which an orphan would then keep busy.
fn clean() -> io::Result<()> {
    // A group, and more: what the backend starts is found by its session, in whatever group it is.
    // SAFETY: no memory is involved; a child that was forked just now leads no group.
    unsafe { libc::setsid() };
    // The kernel is asked itself: the C library refuses those of its own use, which may be ignored too.
    let default = [0_u64; 4];
    for signal in 1..=SIGNALS {
        let nowhere = std::ptr::null::<u64>();
        // SAFETY: zeros are what the kernel takes for the default, and they live until the call
        // returns; what cannot be set is refused.
        unsafe {
            libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), nowhere, 8_usize)
        };
    }
    // SAFETY: all zeros are a valid set, and it lives until both calls return.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
    let (first, last) = (FIRST_OTHER.cast_unsigned(), libc::c_uint::MAX);
    // SAFETY: no memory is involved. A kernel before 5.11 answers with an error.
    let marked =
        unsafe { libc::syscall(libc::SYS_close_range, first, last, libc::CLOSE_RANGE_CLOEXEC) };
    if marked != 0 {
        mark_one_by_one();
    }
    Ok(())
}

/// What `close_range` does, for kernels that do not have it.
fn mark_one_by_one() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limit lives until the call returns.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    let end = c_int::try_from(limit.rlim_cur.min(OTHERS_MAX)).unwrap_or(c_int::MAX);
    for descriptor in FIRST_OTHER..end {
        // SAFETY: no memory is involved; a descriptor that is not open is refused.
        unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_kernels_are_served_one_by_one() {
        // SAFETY: no memory is involved.
        let open = unsafe { libc::dup(1) };
        mark_one_by_one();
        // SAFETY: as above; the descriptor is ours.
        let (flags, _) = unsafe { (libc::fcntl(open, libc::F_GETFD), libc::close(open)) };
        assert_eq!(flags, libc::FD_CLOEXEC);
    }
}
