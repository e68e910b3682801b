//! How the backend is waited for: until there is something to read or room to write, until it has been
//! silent for too long, or until nobody wants the job any more.

use crate::Daemon;
use crate::socket::{For, Socket};
use crate::stop::Stop;
use std::io::{self, ErrorKind, IoSlice, Write};
use std::time::{Duration, Instant};

/// How often the daemon is asked about its job meanwhile. A cancel ends the socket, and with it the
/// wait, at once; this is for the cancel that no event has told (`stop`).
const ASK_EVERY: Duration = Duration::from_secs(5);

/// One wait, on the daemon's behalf.
pub(crate) struct Waiting<'a> {
    pub(crate) socket: &'a Socket,
    pub(crate) stop: &'a Stop,
    pub(crate) daemon: &'a dyn Daemon,
    /// A backend that does nothing for so long hangs.
    pub(crate) silence: Duration,
}

impl Waiting<'_> {
    /// Waits until the socket can be read or written, or has ended.
    ///
    /// # Errors
    /// `TimedOut`: the silence was too long; `ConnectionAborted`: the job is over.
    pub(crate) fn until(&self, what: For) -> io::Result<()> {
        let begun = Instant::now();
        loop {
            let left = self.silence.saturating_sub(begun.elapsed());
            if self.socket.wait(what, left.min(ASK_EVERY)) {
                return Ok(());
            }
            if self.stop.is_over(self.daemon) {
                return Err(ErrorKind::ConnectionAborted.into());
            }
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
        }
    }
}

/// Writes wait for room.
impl Write for Waiting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        loop {
            match self.socket.send_now(slices) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.until(For::Writing)?,
                sent => return sent,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
