//! `global/pg_control`: what a PostgreSQL cluster says about itself, for servers 10 to 18.

mod fields;
pub(crate) mod layout;

use std::fmt;

use crate::bytes::u32_at;
use crate::{Lsn, SegmentSize, SystemIdentifier, TimelineId};
use fields::Fields;
use layout::Layout;

/// The fields of pg_control that a backup or a restore decides by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlFile {
    /// The cluster's identity.
    pub system_identifier: SystemIdentifier,
    /// Layout of the file: 1002, 1100, 1201, 1300 (13 to 16), 1700 or 1800.
    pub pg_control_version: u32,
    /// Version of the system catalogues.
    pub catalog_version: u32,
    /// The server's major version, by catalogue version; `None` for one that was never released.
    pub major: Option<u16>,
    /// What the server was doing.
    pub state: ClusterState,
    /// When the file was last written, in seconds since 1970.
    pub time: i64,
    /// The latest checkpoint record.
    pub checkpoint: Lsn,
    /// Where recovery from that checkpoint begins.
    pub redo: Lsn,
    /// Timeline of that checkpoint.
    pub timeline: TimelineId,
    /// The timeline before it, if the checkpoint began a new one; otherwise the same.
    pub prev_timeline: Option<TimelineId>,
    /// The setting at that checkpoint; a standby's backup is unsafe without it.
    pub full_page_writes: bool,
    /// Recovery must reach this position; [`Lsn::INVALID`] on a primary.
    pub min_recovery_point: Lsn,
    /// Timeline of that position; `None` on a primary.
    pub min_recovery_timeline: Option<TimelineId>,
    /// Set while a restored backup has not reached its end: the backup's redo position.
    pub backup_start: Lsn,
    /// Set while a restored standby backup has not reached its end: that end.
    pub backup_end: Lsn,
    /// The setting `wal_level`.
    pub wal_level: WalLevel,
    /// The setting; a restored server that is to be a hot standby needs at least as much.
    pub max_connections: u32,
    /// As for `max_connections`.
    pub max_worker_processes: u32,
    /// As for `max_connections`; kept since 12.
    pub max_wal_senders: Option<u32>,
    /// As for `max_connections`.
    pub max_prepared_xacts: u32,
    /// As for `max_connections`.
    pub max_locks_per_xact: u32,
    /// Bytes in a data page.
    pub block_size: u32,
    /// Pages in one file of a relation; longer relations continue in `.1`, `.2` and so on.
    pub relation_segment_blocks: u32,
    /// Bytes in a WAL page.
    pub wal_block_size: u32,
    /// Bytes in a WAL segment.
    pub segment_size: SegmentSize,
    /// Version of the data page checksum; 0 without checksums.
    pub data_checksum_version: u32,
}

/// What the server was doing when it wrote pg_control (`DBState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterState {
    /// Just initialised, never started.
    StartingUp,
    /// Cleanly shut down.
    ShutDown,
    /// A standby, cleanly shut down.
    ShutDownInRecovery,
    /// Writing its last checkpoint.
    ShuttingDown,
    /// Recovering from a crash.
    InCrashRecovery,
    /// A standby, or a restored backup that recovers.
    InArchiveRecovery,
    /// A primary at work.
    InProduction,
}

/// How much the log tells (`wal_level`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WalLevel {
    /// Enough for recovery from a crash; no backup of a running server is possible.
    Minimal,
    /// Enough for archiving and standbys.
    Replica,
    /// Enough for logical decoding as well.
    Logical,
}

/// Why bytes are not a usable pg_control.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// The file ends before its last field.
    #[error("pg_control has {bytes} bytes and needs {needed}")]
    TooShort {
        /// Bytes there are.
        bytes: usize,
        /// Bytes there must be.
        needed: usize,
    },
    /// The cluster was made on a machine of the other byte order.
    #[error("pg_control has the byte order of another machine")]
    ByteOrder,
    /// The file belongs to no server from 10 to 18.
    #[error("pg_control version {version} belongs to no supported server")]
    UnknownVersion {
        /// The version found.
        version: u32,
    },
    /// Read while the server was writing, or damaged: read it again, and believe the second failure.
    #[error("pg_control holds checksum {stored:08X}, its bytes have {computed:08X}")]
    Checksum {
        /// CRC-32C in the file.
        stored: u32,
        /// CRC-32C of the bytes.
        computed: u32,
    },
    /// The checksum is right, yet a field holds what no server writes.
    #[error("pg_control holds {field} {value}")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// What it holds.
        value: u32,
    },
}

impl ControlFile {
    /// Reads the file's bytes; all servers write 8192, of which about 300 count.
    ///
    /// # Errors
    ///
    /// [`ControlError::Checksum`] is worth a second read, because servers write the file in place.
    pub fn parse(bytes: &[u8]) -> Result<Self, ControlError> {
        let short = |needed| ControlError::TooShort { bytes: bytes.len(), needed };
        let version = u32_at(bytes, 8).ok_or(short(12))?;
        let layout = Layout::of(version).ok_or_else(|| unknown(version))?;
        // The checksum is the last field, so a file that has it has every other.
        let needed = layout.crc + size_of::<u32>();
        let covered = bytes.get(..layout.crc).ok_or(short(needed))?;
        let stored = u32_at(bytes, layout.crc).ok_or(short(needed))?;
        let computed = crc32c::crc32c(covered);
        if stored != computed {
            return Err(ControlError::Checksum { stored, computed });
        }
        Fields(covered).read(layout)
    }
}

fn unknown(version: u32) -> ControlError {
    match Layout::of(version.swap_bytes()) {
        Some(_) => ControlError::ByteOrder,
        None => ControlError::UnknownVersion { version },
    }
}

impl fmt::Display for ClusterState {
    /// The words of `pg_controldata`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::StartingUp => "starting up",
            Self::ShutDown => "shut down",
            Self::ShutDownInRecovery => "shut down in recovery",
            Self::ShuttingDown => "shutting down",
            Self::InCrashRecovery => "in crash recovery",
            Self::InArchiveRecovery => "in archive recovery",
            Self::InProduction => "in production",
        })
    }
}

impl fmt::Display for WalLevel {
    /// The words of the setting `wal_level`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Minimal => "minimal",
            Self::Replica => "replica",
            Self::Logical => "logical",
        })
    }
}

#[cfg(test)]
mod tests;
