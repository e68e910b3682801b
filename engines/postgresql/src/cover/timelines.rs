//! The course of a recovery: from a backup's timeline along its descendants.

use crate::state::State;
use crate::wal;
use errors::{Context, Kind, Result};
use formats::{History, Lsn, TimelineId, WalFile};
use stream::LogView;

/// Timelines in the order in which recovery follows them, each with the position where it is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Course {
    pub(super) legs: Vec<Leg>,
    /// The timeline that recovery ends on.
    pub(super) last: TimelineId,
}

/// One timeline of a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leg {
    pub(super) timeline: TimelineId,
    /// Where the next one begins; `None` for the last.
    pub(super) switch: Option<Lsn>,
}

impl Course {
    /// A course that never leaves its timeline.
    pub(super) fn alone(timeline: TimelineId) -> Self {
        Self { legs: vec![Leg { timeline, switch: None }], last: timeline }
    }

    /// The course to the newest timeline that descends from the backup's, after the backup.
    ///
    /// # Errors
    /// The log cannot be read, or a history is damaged.
    pub(super) fn newest(log: &dyn LogView, state: &State) -> Result<Self> {
        let system = state.system_identifier;
        for lane in log.lanes(&system.to_string())?.into_iter().rev() {
            let number = u32::from_str_radix(&lane, 16).ok().and_then(TimelineId::new);
            let Some(timeline) = number.filter(|timeline| *timeline > state.timeline) else {
                continue;
            };
            let key = wal::key(&WalFile::History(timeline), system);
            let Some(bytes) = log.read_small(&key)? else { continue };
            let history = History::parse(timeline, &bytes)
                .or_kind(Kind::Manifest, || format!("read the history of timeline {timeline}"))?;
            if let Some(course) = Self::through(&history, timeline, state) {
                return Ok(course);
            }
        }
        Ok(Self::alone(state.timeline))
    }

    /// The course along a history; `None` where the backup is not on it.
    fn through(history: &History, last: TimelineId, state: &State) -> Option<Self> {
        // The backup must be consistent before its timeline was left.
        history.fork_of(state.timeline).filter(|fork| *fork >= state.stop)?;
        let legs = history
            .path(last)
            .into_iter()
            .filter(|span| span.timeline >= state.timeline)
            .map(|span| Leg { timeline: span.timeline, switch: span.end })
            .collect();
        Some(Self { legs, last })
    }
}
