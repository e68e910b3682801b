//! Questions to a server from code that is not asynchronous: each has a limit and ends with the job.

use errors::{Error, Kind, Result};
use std::future::Future;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

/// A runtime for one session. It has a thread of its own, because a connection is served and closed
/// in the background.
///
/// # Errors
/// `io`: the thread could not be started.
pub fn session_runtime() -> Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("session")
        .enable_all()
        .build()
        .map_err(|error| Error::io("start the runtime", error))
}

/// Work that may take `secs`.
///
/// # Errors
/// `timeout`, saying what was done; `interrupted`; the work's own.
pub async fn limited<T>(
    cancel: &CancellationToken,
    secs: u64,
    what: &str,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let work = cancellable(cancel, work);
    tokio::time::timeout(Duration::from_secs(secs), work).await.unwrap_or_else(|_| {
        Err(Error::new(Kind::Timeout, format!("{what}: no answer within {secs} s")))
    })
}

/// Work that only a cancel ends.
///
/// # Errors
/// `interrupted`; the work's own.
pub async fn cancellable<T>(
    cancel: &CancellationToken,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Error::new(Kind::Interrupted, "the job was cancelled")),
        done = work => done,
    }
}
