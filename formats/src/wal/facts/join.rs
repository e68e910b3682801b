//! Why the facts of two segments do not belong together.

use crate::{Lsn, TimelineId};

/// Why a segment does not follow the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// A segment lies between them, or they came in the wrong order.
    #[error("the segment at {expected} is missing, the next one is at {found}")]
    Gap {
        /// Where the next segment must begin.
        expected: Lsn,
        /// Where it begins.
        found: Lsn,
    },
    /// It belongs to another cluster, or to another version of the server.
    #[error("the segment at {at} belongs to another cluster")]
    Identity {
        /// Where it begins.
        at: Lsn,
    },
    /// The log ended in the segment before.
    #[error("the log ended at {at}, in the segment before")]
    Ended {
        /// Where.
        at: Lsn,
    },
    /// It begins on an older timeline than the one before ended on.
    #[error("timeline {found} cannot follow timeline {before}")]
    Timeline {
        /// Timeline of its first page.
        found: TimelineId,
        /// Timeline of the last page of the one before.
        before: TimelineId,
    },
    /// A record's two parts do not fit, or one of them is missing.
    #[error("the record at {at} is not continued in the next segment")]
    Continuation {
        /// Where the record begins, or the segment if it should begin with none.
        at: Lsn,
    },
    /// Its first record does not follow the last one of the segment before.
    #[error("the record at {at} follows one at {found}, the last one was at {expected}")]
    Previous {
        /// Where the record begins.
        at: Lsn,
        /// Which one it says is before it.
        found: Lsn,
        /// Which one is.
        expected: Lsn,
    },
    /// A record's parts do not have its checksum.
    #[error("the record at {at} has a wrong checksum")]
    Checksum {
        /// Where the record begins.
        at: Lsn,
    },
}
