//! The work of the verbs, over units and repositories. It returns values; the verbs print them.

pub(crate) mod accept;
pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod restore;
pub(crate) mod stored;
pub(crate) mod units;

use chrono::Utc;
use std::sync::Arc;
use stream::{Cancel, JobId, Progress};

/// How the work is done: what ends it, and what is told of it.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) cancel: Cancel,
    pub(crate) progress: Arc<dyn Progress>,
}

/// The label of a job that begins now: the second.
pub(crate) fn label() -> JobId {
    JobId::new(u64::try_from(Utc::now().timestamp()).unwrap_or(0))
}
