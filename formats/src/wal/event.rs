//! What records say that matters for backup and recovery; all others are passed over.

mod log;
mod transaction;

use chrono::{DateTime, Utc};

use crate::wal::record::{Malformed, Parts, Record, RecordHeader, Rmgr};
use crate::wal::xid::Xid;
use crate::{Lsn, TimelineId};

pub(crate) use log::Kind as LogKind;
pub(crate) use transaction::Operation;

/// What a record says. Times have microseconds and come from the server's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A transaction committed (`XLOG_XACT_COMMIT`, `XLOG_XACT_COMMIT_PREPARED`).
    Commit(Finish),
    /// A transaction ended without effect (`XLOG_XACT_ABORT`, `XLOG_XACT_ABORT_PREPARED`).
    Abort(Finish),
    /// A transaction waits for the second phase of its commit (`XLOG_XACT_PREPARE`).
    Prepare {
        /// The transaction.
        xid: Xid,
        /// When it was prepared.
        time: DateTime<Utc>,
        /// Its name, in the encoding of its database: at most 199 bytes.
        gid: Vec<u8>,
    },
    /// A named place (`xl_restore_point`).
    RestorePoint {
        /// The name: at most 63 bytes, in the encoding of the database where it was made.
        name: Vec<u8>,
        /// When it was made.
        time: DateTime<Utc>,
    },
    /// The rest of the segment holds nothing (`XLOG_SWITCH`).
    Switch,
    /// A checkpoint (`CheckPoint`).
    Checkpoint {
        /// Of which kind.
        kind: CheckpointKind,
        /// Where recovery begins that starts with it.
        redo: Lsn,
        /// Timeline of what follows.
        timeline: TimelineId,
        /// Timeline of what came before; differs from `timeline` where a new one begins here.
        previous: TimelineId,
    },
    /// An online checkpoint's redo position, from 17 on (`XLOG_CHECKPOINT_REDO`).
    CheckpointRedo,
    /// Recovery ended and a new timeline begins with this record (`xl_end_of_recovery`).
    EndOfRecovery {
        /// When.
        time: DateTime<Utc>,
        /// The new timeline.
        timeline: TimelineId,
        /// The timeline that was recovered.
        previous: TimelineId,
    },
    /// Settings changed that a standby has to know (`xl_parameter_change`).
    ParameterChange {
        /// `wal_level`: 0 minimal (no backup can be recovered across it), 1 replica, 2 logical.
        wal_level: u32,
    },
    /// `full_page_writes` was switched; while off, standbys cannot be backed up (`XLOG_FPW_CHANGE`).
    FullPageWrites {
        /// What it is now.
        on: bool,
    },
    /// A backup of a primary ended (`XLOG_BACKUP_END`).
    BackupEnd {
        /// Where it began: the redo position in its label.
        start: Lsn,
    },
    /// A record was lost in a crash and is skipped (`xl_overwrite_contrecord`).
    OverwriteContrecord {
        /// Where the lost record begins.
        overwritten: Lsn,
        /// When that was noticed.
        time: DateTime<Utc>,
    },
}

/// The end of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finish {
    /// The transaction. `None` where a prepared one's number lies beyond the record's bytes that
    /// were kept.
    pub xid: Option<Xid>,
    /// When it ended: what `recovery_target_time` is compared with.
    pub time: DateTime<Utc>,
    /// Whether it was prepared before.
    pub prepared: bool,
}

/// Kinds of checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointKind {
    /// Nothing else is written meanwhile: at a shutdown, or at the end of recovery.
    Shutdown,
    /// While the server works.
    Online,
}

impl Record<'_> {
    /// What the record says, if it is one of those that matter for backup and recovery.
    ///
    /// # Errors
    ///
    /// Where the record is shorter than its kind, or holds what no server writes.
    pub fn event(&self) -> Result<Option<Event>, Malformed> {
        decode(&self.header, self.kept, self.major)
    }
}

/// The main data of a record, perhaps only its beginning.
pub(crate) struct Main<'a> {
    bytes: &'a [u8],
    /// Whether it is all there.
    whole: bool,
}

/// What a record says whose first bytes are `kept`.
pub(crate) fn decode(
    header: &RecordHeader,
    kept: &[u8],
    major: u16,
) -> Result<Option<Event>, Malformed> {
    if !matches!(header.rmgr, Rmgr::XLOG | Rmgr::TRANSACTION) || !matters(header) {
        return Ok(None);
    }
    let parts = Parts::read(kept, header.length, major)?;
    let begin = usize::try_from(parts.main_offset).map_err(|_| Malformed)?;
    let bytes = kept.get(begin.min(kept.len())..).unwrap_or_default();
    let main = Main { bytes, whole: bytes.len() as u64 == u64::from(parts.main_length) };
    let event = match header.rmgr {
        Rmgr::XLOG => log::decode(header, &main, major),
        _ => transaction::decode(header, &main, major),
    };
    event.map(Some).ok_or(Malformed)
}

/// Whether records of that kind have an event.
pub(crate) fn matters(header: &RecordHeader) -> bool {
    match header.rmgr {
        Rmgr::XLOG => LogKind::of(header.kind()).is_some(),
        Rmgr::TRANSACTION => Operation::of(header.kind()).is_some(),
        _ => false,
    }
}
