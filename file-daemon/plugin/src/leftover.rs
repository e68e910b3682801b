//! What a backend may leave behind: processes of its session, files in its directory.

#![allow(unsafe_code, reason = "nothing else ends processes of others' making")]

use protocol::SCRATCH_PREFIX;
use std::ffi::{CString, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// A directory for a backend's temporary files. Dropping it removes it and all that is in it.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes one, for root alone.
    ///
    /// # Errors
    /// The daemon's directory cannot be written to.
    pub(crate) fn new(daemons: &Path) -> io::Result<Self> {
        let mut template = daemons.join(SCRATCH_PREFIX).into_os_string();
        template.push("XXXXXX");
        let template = CString::new(template.as_bytes()).map_err(io::Error::other)?;
        let raw = template.into_raw();
        // SAFETY: `raw` is a text of ours that ends with a zero; the call changes six bytes of it.
        let made = !unsafe { libc::mkdtemp(raw) }.is_null();
        let error = io::Error::last_os_error();
        // SAFETY: it came from `into_raw`, and has its length still.
        let name = unsafe { CString::from_raw(raw) };
        let path = PathBuf::from(OsString::from_vec(name.into_bytes()));
        if made { Ok(Self(path)) } else { Err(error) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The backend removes it itself, unless it was killed.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Kills whatever is left of a session. Its number is nobody else's as long as its leader is not
/// reaped. A tool that the backend has started is in a group of its own, but in this session.
pub(crate) fn kill_session(session: libc::pid_t) {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<libc::pid_t>().ok());
    for pid in pids.filter(|pid| *pid != session && session_of(*pid) == Some(session)) {
        kill(pid, session);
    }
}

/// The session of a process that lives: the sixth field of its `stat`, the fourth behind its name.
fn session_of(pid: libc::pid_t) -> Option<libc::pid_t> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(name_end + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    let session = fields.nth(2)?.parse().ok()?;
    (state != "Z").then_some(session)
}

/// By a handle that is taken before the look: the process that is killed is the one that was seen.
fn kill(pid: libc::pid_t, session: libc::pid_t) {
    // SAFETY: no memory is involved.
    let handle = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if handle < 0 {
        // A kernel before 5.3 has no handles.
        // SAFETY: no memory is involved.
        unsafe { libc::kill(pid, libc::SIGKILL) };
        return;
    }
    if session_of(pid) == Some(session) {
        let nothing = std::ptr::null::<libc::siginfo_t>();
        // SAFETY: the handle is open, and a null information is allowed.
        unsafe {
            libc::syscall(libc::SYS_pidfd_send_signal, handle, libc::SIGKILL, nothing, 0);
        }
    }
    if let Ok(handle) = i32::try_from(handle) {
        // SAFETY: it is ours.
        unsafe { libc::close(handle) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    #[test]
    fn a_directory_goes_with_all_that_is_in_it() {
        let dir = std::env::temp_dir();
        let scratch = Scratch::new(&dir).unwrap();
        let path = scratch.path().to_owned();
        fs::create_dir(path.join("below")).unwrap();
        fs::write(path.join("below/file"), "x").unwrap();
        drop(scratch);
        assert!(!path.exists());
        assert!(Scratch::new(Path::new("/nonexistent")).is_err());
    }

    #[test]
    fn who_is_in_the_session_is_killed_in_whatever_group() {
        let mut command = Command::new("sh");
        command.args(["-c", "setsid sh -c 'echo $$; timeout 1000 sleep 1000 & exec sleep 1000'"]);
        // A session of its own is made by the program `setsid`, which forks where it must.
        let mut child = command.process_group(0).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut out = io::BufReader::new(child.stdout.take().unwrap());
        io::BufRead::read_line(&mut out, &mut line).unwrap();
        let session: libc::pid_t = line.trim().parse().unwrap();
        let count = || {
            let entries = fs::read_dir("/proc").unwrap().flatten();
            let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
            pids.filter(|pid| session_of(*pid) == Some(session)).count()
        };
        while count() < 3 {
            std::thread::yield_now();
        }
        kill_session(session);
        // The leader is for its parent to end.
        while count() > 1 {
            std::thread::yield_now();
        }
        // SAFETY: it was started here.
        unsafe { libc::kill(session, libc::SIGKILL) };
        child.wait().unwrap();
    }
}
