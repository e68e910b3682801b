//! What one segment says by itself, small enough to be stored with it.

mod crossing;
mod join;
mod scan;
mod summary;
mod text;

use chrono::{DateTime, Utc};

use crate::wal::walk::StopReason;
use crate::wal::xid::XidRange;
use crate::{Lsn, SegmentSize, SystemIdentifier, TimelineId};

pub use crossing::{Crossing, Opening, Outcome, Tail};
pub use join::JoinError;
pub use scan::SegmentScan;
pub use summary::{SegmentXids, Summary};
pub use text::FactsError;

/// Most restore points that are listed for one segment.
const RESTORE_POINTS_MAX: usize = 200;

/// Most bytes of their list as text.
const RESTORE_POINTS_BYTES: usize = 16 << 10;

/// Most changes of timeline that are listed for one segment.
const FORKS_MAX: usize = 16;

/// The facts of one segment, read from its bytes alone. Records count where they end; what crosses
/// the segment's ends is in `opens` and `tail`, and a [`Summary`] puts it together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentFacts {
    /// Position of the segment's first byte.
    pub begin: Lsn,
    /// The cluster's segment size.
    pub size: SegmentSize,
    /// The cluster.
    pub system_identifier: SystemIdentifier,
    /// Major version of the server, 10 to 18.
    pub major: u16,
    /// Timelines of its first page and of the last page that is good.
    pub timelines: (TimelineId, TimelineId),
    /// Records that begin and end in it.
    pub records: u64,
    /// Begin of the first of them, and of the record before that one.
    pub first: Option<(Lsn, Lsn)>,
    /// Begin and end of the last of them.
    pub last: Option<(Lsn, Lsn)>,
    /// Transactions that end in it, with and without effect.
    pub finished: u64,
    /// First and last time of those ends, by time: the order in the log differs by some
    /// microseconds, and more where the clock was set.
    pub times: Option<TimeSpan>,
    /// The range of those transactions' numbers.
    pub xids: Option<XidRange>,
    /// Whether that range has all of them. Not so where a prepared transaction's number lies behind
    /// a very long list of subtransactions.
    pub xids_complete: bool,
    /// Restore points, as many as there is room for.
    pub restore_points: Vec<RestorePoint>,
    /// Whether there are more.
    pub more_restore_points: bool,
    /// Where timelines begin inside it.
    pub forks: Vec<Fork>,
    /// Whether its first page gives up the record that reached it (after a crash).
    pub overwrites: bool,
    /// The record that began before it.
    pub opens: Option<Opening>,
    /// The record that ends after it.
    pub tail: Option<Tail>,
    /// How it ends.
    pub end: SegmentEnd,
}

impl SegmentFacts {
    /// Whether its records go up to its end, or to a switch.
    pub const fn is_complete(&self) -> bool {
        matches!(self.end, SegmentEnd::Full | SegmentEnd::Switch { .. })
    }
}

/// How a segment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentEnd {
    /// With records up to its last byte; the last may go on in the next segment.
    Full,
    /// With a switch. What follows in the segment does not matter to any server: zeros from 11 on,
    /// page headers in 10, and old bytes where the server crashed meanwhile.
    Switch {
        /// Where the switch record begins.
        at: Lsn,
        /// Where it ends.
        end: Lsn,
    },
    /// Early: the segment is damaged, copied in part, or not full yet. So is the last segment of a
    /// timeline that was left (`.partial`), whose records may go beyond the point where the next
    /// timeline begins.
    Torn {
        /// Where the log ends.
        at: Lsn,
        /// What is there instead.
        reason: StopReason,
    },
}

/// From the first to the last of some times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSpan {
    /// The first.
    pub earliest: DateTime<Utc>,
    /// The last.
    pub latest: DateTime<Utc>,
}

impl TimeSpan {
    /// The span that has `time` as well.
    #[must_use]
    pub fn with(self, time: DateTime<Utc>) -> Self {
        Self { earliest: self.earliest.min(time), latest: self.latest.max(time) }
    }
}

/// The span that has `time` as well as what there was.
fn span_with(span: Option<TimeSpan>, time: DateTime<Utc>) -> TimeSpan {
    span.unwrap_or(TimeSpan { earliest: time, latest: time }).with(time)
}

/// A restore point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestorePoint {
    /// Where its record begins.
    pub begin: Lsn,
    /// Where its record ends, which is what `pg_create_restore_point` returned.
    pub end: Lsn,
    /// When it was made.
    pub time: DateTime<Utc>,
    /// Its name: at most 63 bytes, in the encoding of the database where it was made.
    pub name: Vec<u8>,
}

/// A new timeline's first record: the old one's history ends there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fork {
    /// Where the record begins.
    pub at: Lsn,
    /// The timeline before.
    pub from: TimelineId,
    /// The timeline that begins.
    pub to: TimelineId,
}

#[cfg(test)]
mod tests;
