//! The plugin's end of the socket. Writing to a backend that is gone must be an error, never a
//! signal: signals are the daemon's.

#![allow(unsafe_code, reason = "the standard library writes to sockets without MSG_NOSIGNAL")]

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// One end of the pair.
#[derive(Debug)]
pub(crate) struct Socket(UnixStream);

impl Socket {
    /// A pair: the plugin's end, whose reads and writes give up after so long, and the backend's.
    pub(crate) fn pair(silence: Duration) -> io::Result<(Self, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_read_timeout(Some(silence))?;
        ours.set_write_timeout(Some(silence))?;
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

    /// Whether a read would find something now: bytes, or the end.
    pub(crate) fn is_readable(&self) -> bool {
        let mut byte = 0_u8;
        let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
        // SAFETY: the descriptor is open as long as `self` lives, and the buffer has one byte.
        unsafe { libc::recv(self.0.as_raw_fd(), (&raw mut byte).cast(), 1, flags) >= 0 }
    }
}

impl Read for Socket {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        // SAFETY: all zeros are a valid message: no name, no buffers, no control data.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        // `IoSlice` has the layout of `iovec`, and nothing is written through it.
        message.msg_iov = slices.as_ptr().cast_mut().cast();
        message.msg_iovlen = slices.len() as _;
        // SAFETY: the message and the slices that it points to live until the call returns.
        let sent =
            unsafe { libc::sendmsg(self.0.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL) };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
