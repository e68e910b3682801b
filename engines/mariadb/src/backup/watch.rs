//! Whether the sink takes the stream as fast as the server writes its redo log.
//!
//! The tool copies the redo log through the same pipe as the data. While the pipe stalls, the
//! server goes on, and once its log has wrapped, the backup fails at its end (measured). So it is
//! said before.

use super::Backup;
use crate::address::Address;
use crate::server;
use crate::session::Session;
use crate::tool::Messages;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use stream::{Cancel, Finding, Options};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Parts of the redo log's capacity at which it is said, in percent.
const STEPS: [u64; 3] = [50, 75, 90];
/// The sink is what is slow when the tool waits for it most of the time.
const WAITING_PERCENT: u128 = 80;

/// How long the pipe's reader was away, of how long altogether.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Times>);

#[derive(Debug, Default)]
struct Times {
    away: Duration,
    left_at: Option<Instant>,
}

impl Pace {
    fn comes(&self) {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(left) = times.left_at.take() {
            times.away += left.elapsed();
        }
    }

    fn leaves(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).left_at = Some(Instant::now());
    }

    /// How long nobody was reading, until now.
    fn away(&self) -> Duration {
        let times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.away + times.left_at.map_or(Duration::ZERO, |left| left.elapsed())
    }
}

/// The tool's output, timed.
pub(super) struct Paced<R> {
    pub(super) source: R,
    pub(super) pace: Arc<Pace>,
}

impl<R: Read> Read for Paced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pace.comes();
        let read = self.source.read(buffer);
        self.pace.leaves();
        read
    }
}

/// What the watch needs to know.
pub(super) struct Watch {
    address: Address,
    options: Options,
    cancel: Cancel,
    capacity: u64,
    messages: Arc<Messages>,
    pace: Arc<Pace>,
    told: Arc<Mutex<Vec<Finding>>>,
    over: Arc<AtomicBool>,
}

/// A watch that runs until it is dropped.
pub(super) struct Watching {
    over: Arc<AtomicBool>,
    told: Arc<Mutex<Vec<Finding>>>,
}

impl Watching {
    /// What was said.
    pub(super) fn findings(&self) -> Vec<Finding> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

impl Watch {
    /// Starts to look, with a session of its own. That there is none is no failure of the backup.
    pub(super) fn start(
        backup: &Backup<'_>,
        messages: &Arc<Messages>,
        pace: &Arc<Pace>,
    ) -> Watching {
        let (over, told) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::default()));
        let watching = Watching { over: Arc::clone(&over), told: Arc::clone(&told) };
        let watch = Self {
            address: backup.address.clone(),
            options: backup.job.options.clone(),
            cancel: backup.job.cancel.clone(),
            capacity: backup.server.redo_capacity,
            messages: Arc::clone(messages),
            pace: Arc::clone(pace),
            told,
            over,
        };
        let thread = std::thread::Builder::new().name("redo-watch".into());
        if backup.server.redo_capacity > 0 && thread.spawn(move || watch.run()).is_err() {
            tracing::warn!("nobody watches the redo log: no thread could be started");
        }
        watching
    }

    fn run(&self) {
        let Ok(mut session) = Session::open(&self.address, &self.options, &self.cancel) else {
            return;
        };
        let Ok(mut reached) = server::current_lsn(&mut session) else { return };
        let mut away = self.pace.away();
        let mut next = STEPS.iter().peekable();
        while !self.over.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK_EVERY);
            let Ok(now) = server::current_lsn(&mut session) else { return };
            let (before, passed) = (away, LOOK_EVERY.as_millis());
            away = self.pace.away();
            let waiting = away.saturating_sub(before).as_millis() * 100 / passed;
            if waiting < WAITING_PERCENT {
                // The tool is free to write: it follows the log.
                reached = now;
                continue;
            }
            reached = reached.max(self.messages.scanned());
            let used = now.saturating_sub(reached).saturating_mul(100) / self.capacity;
            if next.next_if(|step| used >= **step).is_some() {
                self.tell(used);
            }
        }
    }

    fn tell(&self, used: u64) {
        let text = format!(
            "the stream is taken too slowly: {used} % of the redo log were written since the tool \
             could last copy from it; when it has wrapped, the backup fails"
        );
        tracing::warn!("{text}");
        let finding = Finding { id: "slow-sink".to_owned(), offset: 0, text };
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(finding);
    }
}
