//! The course of a recovery: from a backup's timeline along its descendants.

use crate::state::State;
use crate::wal;
use errors::{Context, Error, Kind, Result};
use formats::{History, Lsn, SystemIdentifier, TimelineId, WalFile};
use std::collections::{BTreeMap, BTreeSet};
use stream::LogView;

/// Which history the operator wants to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The newest that a backup is on, as the server does.
    Latest,
    /// The backup's own, whatever was begun after it.
    Current,
    Number(TimelineId),
}

impl Wanted {
    /// # Errors
    /// `usage`.
    pub(super) fn parse(word: Option<&str>) -> Result<Self> {
        match word {
            None | Some("latest") => Ok(Self::Latest),
            Some("current") => Ok(Self::Current),
            Some(text) => {
                let number = text.parse().ok().and_then(TimelineId::new);
                number.map(Self::Number).ok_or_else(|| {
                    Error::new(Kind::Usage, format!("{text:?} is no timeline"))
                        .hint("Write latest, current, or a number such as 3.")
                })
            }
        }
    }
}

/// The timelines of a lineage, as its log tells them.
pub(super) struct Timelines {
    lanes: BTreeSet<TimelineId>,
    histories: BTreeMap<TimelineId, History>,
}

impl Timelines {
    /// # Errors
    /// The log cannot be read, or a history is damaged.
    pub(super) fn read(log: &dyn LogView, system: SystemIdentifier) -> Result<Self> {
        let mut timelines = Self { lanes: BTreeSet::new(), histories: BTreeMap::new() };
        for lane in log.lanes(&system.to_string())? {
            let number = u32::from_str_radix(&lane, 16).ok().and_then(TimelineId::new);
            let Some(timeline) = number else { continue };
            timelines.lanes.insert(timeline);
            let key = wal::key(&WalFile::History(timeline), system);
            let Some(bytes) = log.read_small(&key)? else { continue };
            let history = History::parse(timeline, &bytes)
                .or_kind(Kind::Manifest, || format!("read the history of timeline {timeline}"))?;
            timelines.histories.insert(timeline, history);
        }
        Ok(timelines)
    }

    /// All that have log here, the newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = TimelineId> + '_ {
        self.lanes.iter().rev().copied()
    }

    /// The course from a backup to the end of a timeline; `None` where the backup is not on that
    /// timeline, or was not consistent yet when its own was left.
    pub(super) fn course(&self, state: &State, last: TimelineId) -> Option<Course> {
        if last == state.timeline {
            return Some(Course::alone(last));
        }
        Course::through(self.histories.get(&last)?, state.timeline, state.stop, last)
    }

    /// The course to the newest timeline that descends from the backup's, after the backup.
    pub(super) fn newest(&self, state: &State) -> Course {
        let descendants = self.newest_first().filter(|timeline| *timeline > state.timeline);
        let mut courses = descendants.filter_map(|timeline| self.course(state, timeline));
        courses.next().unwrap_or_else(|| Course::alone(state.timeline))
    }
}

/// Timelines in the order in which recovery follows them, each with the position where it is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Course {
    pub(crate) legs: Vec<Leg>,
    /// The timeline that recovery ends on.
    pub(crate) last: TimelineId,
}

/// One timeline of a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leg {
    pub(crate) timeline: TimelineId,
    /// Where the next one begins; `None` for the last.
    pub(crate) switch: Option<Lsn>,
}

impl Course {
    /// A course that never leaves its timeline.
    pub(crate) fn alone(timeline: TimelineId) -> Self {
        Self { legs: vec![Leg { timeline, switch: None }], last: timeline }
    }

    /// The course along the history of `last`, from a position on one of its ancestors; `None` where
    /// that one was left before, or is no ancestor.
    pub(crate) fn through(
        history: &History,
        from: TimelineId,
        at: Lsn,
        last: TimelineId,
    ) -> Option<Self> {
        history.fork_of(from).filter(|fork| *fork >= at)?;
        let spans = history.path(last).into_iter().filter(|span| span.timeline >= from);
        let legs = spans.map(|span| Leg { timeline: span.timeline, switch: span.end }).collect();
        Some(Self { legs, last })
    }
}
