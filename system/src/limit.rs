//! Work that may hang, such as a look at a network file system, within a limit.

use errors::{Error, Kind, Result};
use std::sync::mpsc;
use std::time::Duration;

/// The answer of some work, or `timeout` after so long. Work that hangs is left to itself: a read
/// that the kernel does not end cannot be ended.
///
/// # Errors
/// `timeout`, or the work's own.
pub fn within<T: Send + 'static>(
    limit: Duration,
    what: &str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::Builder::new()
        .spawn(move || sender.send(work()))
        .map_err(|error| Error::io("start a thread", error))?;
    receiver.recv_timeout(limit).unwrap_or_else(|error| match error {
        mpsc::RecvTimeoutError::Timeout => Err(Error::new(
            Kind::Timeout,
            format!("{what}: no answer within {} s", limit.as_secs()),
        )),
        mpsc::RecvTimeoutError::Disconnected => Err(Error::new(Kind::Bug, "a thread panicked")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_ends_at_the_limit() {
        let hangs = within(Duration::from_millis(20), "look", || {
            std::thread::sleep(Duration::from_secs(5));
            Ok(())
        });
        assert_eq!(hangs.unwrap_err().kind(), Kind::Timeout);
        assert_eq!(within(Duration::from_secs(60), "look", || Ok(7)).unwrap(), 7);
        let fails = within(Duration::from_secs(60), "look", || -> Result<()> {
            Err(Error::new(Kind::Io, "it is gone"))
        });
        assert_eq!(fails.unwrap_err().kind(), Kind::Io);
    }
}
