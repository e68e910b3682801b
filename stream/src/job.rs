//! A job: one run of one engine for one target.

use crate::{FilePart, JobId, Level, Link, Options, ParentRows, Progress, TargetName};
use errors::{Error, Kind, Result};
use std::sync::Arc;
use uuid::Uuid;

/// Set when the job shall end: by a signal, by a daemon's cancel. Sync code asks
/// `is_cancelled()`, async code awaits `cancelled()`.
pub type Cancel = tokio_util::sync::CancellationToken;

/// What an engine needs to know of the job it works for.
pub struct Job {
    /// The label, claimed in the repository.
    pub id: JobId,
    /// The identity that the job's link will have.
    pub uuid: Uuid,
    /// The configured database.
    pub target: TargetName,
    /// How much data is asked for.
    pub level: Level,
    /// The engine's options, checked.
    pub options: Options,
    /// Earlier links of this target, oldest first: candidates for a parent.
    pub links: Vec<Link>,
    /// Lineages that an operator accepted for this target beside those of its links.
    pub accepted: Vec<String>,
    /// The rows of those links; `None` where the job's place keeps none, as a file daemon.
    pub parent_rows: Option<Arc<dyn ParentRows>>,
    /// Ends the job.
    pub cancel: Cancel,
    /// Told how far the work is.
    pub progress: Arc<dyn Progress>,
}

impl Job {
    /// Calls `act` with what an earlier link holds of each file. `false`: nobody can tell, and the
    /// engine makes a full.
    ///
    /// # Errors
    /// Those of [`ParentRows::rows`].
    pub fn rows_of(
        &self,
        link: Uuid,
        act: &mut dyn FnMut(&FilePart) -> Result<()>,
    ) -> Result<bool> {
        self.parent_rows.as_ref().map_or(Ok(false), |rows| rows.rows(link, act))
    }

    /// Fails once the job is cancelled.
    ///
    /// # Errors
    /// `interrupted`.
    pub fn check_cancel(&self) -> Result<()> {
        check_cancel(&self.cancel, "the job was cancelled")
    }
}

/// Fails once the work is cancelled; `text` says what was.
///
/// # Errors
/// `interrupted`.
pub fn check_cancel(cancel: &Cancel, text: &str) -> Result<()> {
    match cancel.is_cancelled() {
        true => Err(Error::new(Kind::Interrupted, text)),
        false => Ok(()),
    }
}
