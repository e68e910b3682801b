//! The plugin's end of the socket. Writing to a backend that is gone must be an error, never a
//! signal: signals are the daemon's.

#![allow(unsafe_code, reason = "the standard library writes to sockets without MSG_NOSIGNAL")]

use std::io::{self, IoSlice, Read};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// What a socket is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// Bytes to read, or the end.
    Reading,
    /// Room for bytes, or the end.
    Writing,
}

/// One end of the pair.
#[derive(Debug)]
pub(crate) struct Socket(UnixStream);

impl Socket {
    /// A pair: the plugin's end, whose reads give up after so long, and the backend's.
    pub(crate) fn pair(silence: Duration) -> io::Result<(Self, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_read_timeout(Some(silence))?;
        Ok((Self(ours), theirs))
    }

    pub(crate) fn again(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// Ends it for all who hold it, wherever they wait.
    pub(crate) fn shut(&self) {
        // A backend that has gone has ended it already.
        let _ = self.0.shutdown(Shutdown::Both);
    }

    /// Sends what there is room for, and waits for none.
    ///
    /// # Errors
    /// `WouldBlock`: there is no room; the backend is gone.
    pub(crate) fn send_now(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        const FLAGS: libc::c_int = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
        // SAFETY: all zeros are a valid message: no name, no buffers, no control data.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        // `IoSlice` has the layout of `iovec`, and nothing is written through it.
        message.msg_iov = slices.as_ptr().cast_mut().cast();
        message.msg_iovlen = slices.len() as _;
        // SAFETY: the message and the slices that it points to live until the call returns.
        let sent = unsafe { libc::sendmsg(self.0.as_raw_fd(), &raw const message, FLAGS) };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }

    /// Waits until a read or a write would do something, and no longer than this. `false`: it would
    /// not yet, or a signal came, by which a daemon tells its threads to look around.
    pub(crate) fn wait(&self, what: For, longest: Duration) -> bool {
        let events = match what {
            For::Reading => libc::POLLIN,
            For::Writing => libc::POLLOUT,
        };
        let mut wanted = libc::pollfd { fd: self.0.as_raw_fd(), events, revents: 0 };
        let millis = libc::c_int::try_from(longest.as_millis()).unwrap_or(libc::c_int::MAX);
        // SAFETY: one descriptor is looked at, which is open as long as `self` lives.
        unsafe { libc::poll(&raw mut wanted, 1, millis) > 0 }
    }
}

impl Read for Socket {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}
