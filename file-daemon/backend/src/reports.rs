//! The log and the progress of this program, as messages in the daemon's job log.

use crate::outbox::Outbox;
use errors::{Error, Result};
use protocol::{Severity, ToPlugin};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use stream::Progress;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, filter::LevelFilter};

/// How often the plugin is told that work goes on, and how often the operator.
const ALIVE_EVERY: Duration = Duration::from_secs(10);
const TELL_EVERY: Duration = Duration::from_secs(60);

/// The plugin that the log goes to: one process, one plugin.
static LOG: OnceLock<Outbox> = OnceLock::new();

/// From now on the log is the daemon's job log.
pub(crate) fn start_log(outbox: &Outbox) {
    let _ = LOG.set(outbox.clone());
    let layer = JobLog.with_filter(LevelFilter::INFO);
    // A second start in one process is no failure; there is none.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

struct JobLog;

impl<S: Subscriber> Layer<S> for JobLog {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let severity = match *event.metadata().level() {
            Level::ERROR => Severity::Error,
            Level::WARN => Severity::Warning,
            _ => Severity::Info,
        };
        let mut text = Text::default();
        event.record(&mut text);
        if let Some(outbox) = LOG.get() {
            outbox.report(severity, text.0);
        }
    }
}

/// An event's sentence.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// How far the job is.
pub(crate) struct Told {
    outbox: Outbox,
    done: AtomicU64,
    total: AtomicU64,
    phase: Mutex<String>,
}

impl Told {
    /// Begins to tell. It goes on as long as the value lives.
    pub(crate) fn start(outbox: &Outbox) -> Result<Arc<Self>> {
        let told = Arc::new(Self {
            outbox: outbox.clone(),
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            phase: Mutex::default(),
        });
        let weak = Arc::downgrade(&told);
        let run = move || {
            let mut last = Instant::now();
            loop {
                thread::sleep(ALIVE_EVERY);
                let Some(told) = weak.upgrade() else { return };
                told.outbox.mention(ToPlugin::Alive {});
                if last.elapsed() >= TELL_EVERY {
                    last = Instant::now();
                    told.tell();
                }
            }
        };
        let thread = thread::Builder::new().name("progress".to_owned());
        thread.spawn(run).map_err(|error| Error::io("start a thread", error))?;
        Ok(told)
    }

    fn tell(&self) {
        let phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        let text = match done.saturating_mul(100).checked_div(total) {
            Some(percent) => {
                format!("{phase}: {}% ({} of {} MiB)", percent.min(99), done >> 20, total >> 20)
            }
            None if done > 0 => format!("{phase}: {} MiB", done >> 20),
            None => phase,
        };
        self.outbox.report(Severity::Info, text);
    }
}

impl Progress for Told {
    fn phase(&self, name: &str) {
        tracing::info!("{name}");
        name.clone_into(&mut self.phase.lock().unwrap_or_else(PoisonError::into_inner));
        self.done.store(0, Ordering::Relaxed);
        self.total.store(0, Ordering::Relaxed);
    }

    fn expect(&self, bytes: u64) {
        self.total.store(bytes, Ordering::Relaxed);
    }

    fn advance(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Frame, Incoming};
    use std::os::unix::net::UnixStream;
    use stream::Cancel;

    #[test]
    fn the_operator_is_told_how_far_it_is() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let told = Told::start(&Outbox::start(ours, Cancel::new()).unwrap()).unwrap();
        let mut incoming = Incoming::new(theirs);
        let mut tell = || {
            told.tell();
            match incoming.receive().unwrap() {
                Frame::Message(ToPlugin::Report { severity: Severity::Info, text }) => text,
                other => panic!("{other:?}"),
            }
        };
        told.phase("copy files");
        assert_eq!(tell(), "copy files");
        told.advance(300 << 20);
        assert_eq!(tell(), "copy files: 300 MiB");
        told.expect(1000 << 20);
        assert_eq!(tell(), "copy files: 30% (300 of 1000 MiB)");
        // More than was expected is not more than all.
        told.advance(1000 << 20);
        assert_eq!(tell(), "copy files: 99% (1300 of 1000 MiB)");
    }
}
