//! What is still open: tasks that wait or are worked on, and streams that are read.

use errors::Result;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A failure or a cancel wakes nobody who waits here: they look at such intervals.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Counts of what is open.
#[derive(Default)]
pub(super) struct Open {
    counts: Mutex<Counts>,
    changed: Condvar,
}

#[derive(Default)]
struct Counts {
    tasks: u64,
    streams: usize,
}

impl Open {
    pub(super) fn begin_task(&self) {
        lock(&self.counts).tasks += 1;
    }

    pub(super) fn end_task(&self) {
        let mut counts = lock(&self.counts);
        counts.tasks = counts.tasks.saturating_sub(1);
        self.changed.notify_all();
    }

    /// Waits until fewer than `limit` streams are open, and opens one more.
    ///
    /// # Errors
    /// What `check_running` says meanwhile.
    pub(super) fn begin_stream(
        &self,
        limit: usize,
        check_running: &dyn Fn() -> Result<()>,
    ) -> Result<()> {
        let mut counts = lock(&self.counts);
        while counts.streams >= limit {
            check_running()?;
            counts = self.wait_for_change(counts);
        }
        counts.streams += 1;
        Ok(())
    }

    pub(super) fn end_stream(&self) {
        let mut counts = lock(&self.counts);
        counts.streams = counts.streams.saturating_sub(1);
        self.changed.notify_all();
    }

    /// Waits until nothing is open. After a failure the tasks end by themselves, but a stream may
    /// wait for a tool that says nothing: it is not waited for then.
    ///
    /// # Errors
    /// What `check_running` says while streams are open.
    pub(super) fn wait(&self, check_running: &dyn Fn() -> Result<()>) -> Result<()> {
        let mut counts = lock(&self.counts);
        while counts.tasks > 0 || counts.streams > 0 {
            if counts.tasks == 0 {
                check_running()?;
            }
            counts = self.wait_for_change(counts);
        }
        Ok(())
    }

    fn wait_for_change<'a>(&self, counts: MutexGuard<'a, Counts>) -> MutexGuard<'a, Counts> {
        let waited = self.changed.wait_timeout(counts, LOOK_AGAIN);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// A thread that died left the data whole: nothing here is changed in several steps.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
