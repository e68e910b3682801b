//! The signals that end a job.

use errors::{Error, Result};
use tokio::signal::unix::{SignalKind, signal};

/// Calls `act` at the first SIGINT, SIGTERM or SIGHUP, with the signal's name, and again at each
/// later one. Runs on a thread of its own for the rest of the process.
///
/// # Errors
/// The thread or the handlers could not be made.
pub fn on_end_signal(act: impl Fn(&'static str) + Send + 'static) -> Result<()> {
    let failed = |error| Error::io("install signal handlers", error);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(failed)?;
    // Inside the runtime, because that is where tokio registers signals.
    let guard = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(failed)?;
    drop(guard);
    let watch = move || {
        runtime.block_on(async {
            loop {
                let name = tokio::select! {
                    _ = interrupt.recv() => "SIGINT",
                    _ = terminate.recv() => "SIGTERM",
                    _ = hangup.recv() => "SIGHUP",
                };
                act(name);
            }
        });
    };
    std::thread::Builder::new().name("signals".into()).spawn(watch).map_err(failed)?;
    Ok(())
}
