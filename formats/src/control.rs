//! `global/pg_control`: what a PostgreSQL cluster says about itself, for servers 10 to 18.

use std::fmt;

use crate::bytes::{i64_at, u8_at, u32_at, u64_at};
use crate::{Lsn, SegmentSize, SystemIdentifier, TimelineId};

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

/// Where servers of one `PG_CONTROL_VERSION` keep their fields (`ControlFileData`): offsets in bytes.
/// Fields that keep their distance to a listed one in every version are not listed.
pub(crate) struct Layout {
    /// `pg_control_version`.
    pub(crate) version: u32,
    /// `checkPointCopy`, a `CheckPoint`.
    pub(crate) checkpoint_copy: usize,
    /// `minRecoveryPoint`.
    pub(crate) min_recovery_point: usize,
    /// `max_wal_senders`, kept since 12.
    pub(crate) max_wal_senders: Option<usize>,
    /// `max_prepared_xacts`.
    pub(crate) max_prepared_xacts: usize,
    /// `blcksz`.
    pub(crate) block_size: usize,
    /// `crc`, the last field; everything before it is covered.
    pub(crate) crc: usize,
}

/// 10 still kept the previous checkpoint; 12 widened the transaction id in the checkpoint and added
/// `max_wal_senders`; 13 to 16 share one version, and 17 moved none of these; 18 added a byte before
/// the nonce. Compared with files and `pg_controldata` of those servers.
#[rustfmt::skip]
pub(crate) const LAYOUTS: [Layout; 6] = [
    Layout { version: 1002, checkpoint_copy: 48, min_recovery_point: 136, max_wal_senders: None,
             max_prepared_xacts: 188, block_size: 216, crc: 288 },
    Layout { version: 1100, checkpoint_copy: 40, min_recovery_point: 128, max_wal_senders: None,
             max_prepared_xacts: 180, block_size: 208, crc: 280 },
    Layout { version: 1201, checkpoint_copy: 40, min_recovery_point: 136, max_wal_senders: Some(188),
             max_prepared_xacts: 192, block_size: 216, crc: 288 },
    Layout { version: 1300, checkpoint_copy: 40, min_recovery_point: 136, max_wal_senders: Some(188),
             max_prepared_xacts: 192, block_size: 216, crc: 288 },
    Layout { version: 1700, checkpoint_copy: 40, min_recovery_point: 136, max_wal_senders: Some(188),
             max_prepared_xacts: 192, block_size: 216, crc: 288 },
    Layout { version: 1800, checkpoint_copy: 40, min_recovery_point: 136, max_wal_senders: Some(188),
             max_prepared_xacts: 192, block_size: 216, crc: 292 },
];

/// Released majors by `CATALOG_VERSION_NO`: the only thing in pg_control that tells 13 to 16 apart.
/// A release never changes it.
const CATALOGS: [(u32, u16); 9] = [
    (201_707_211, 10),
    (201_809_051, 11),
    (201_909_212, 12),
    (202_007_201, 13),
    (202_107_181, 14),
    (202_209_061, 15),
    (202_307_071, 16),
    (202_406_281, 17),
    (202_506_291, 18),
];

impl Layout {
    /// The layout of a control version.
    pub(crate) fn of(version: u32) -> Option<&'static Self> {
        LAYOUTS.iter().find(|layout| layout.version == version)
    }
}

/// The major version of a released catalogue.
fn major_of_catalog(catalog_version: u32) -> Option<u16> {
    CATALOGS.iter().find(|(catalog, _)| *catalog == catalog_version).map(|&(_, major)| major)
}

/// The bytes that the checksum covers.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    /// Reads every field at the place the layout gives it.
    fn read(&self, layout: &Layout) -> Result<ControlFile, ControlError> {
        let (copy, recovery) = (layout.checkpoint_copy, layout.min_recovery_point);
        let (prepared, block) = (layout.max_prepared_xacts, layout.block_size);
        let catalog_version = self.u32(12)?;
        Ok(ControlFile {
            system_identifier: SystemIdentifier::new(self.u64(0)?),
            pg_control_version: layout.version,
            catalog_version,
            major: major_of_catalog(catalog_version),
            state: self.state(16)?,
            time: i64_at(self.0, 24).ok_or_else(|| self.short(32))?,
            checkpoint: Lsn(self.u64(32)?),
            redo: Lsn(self.u64(copy)?),
            timeline: self.timeline(copy + 8)?,
            prev_timeline: TimelineId::new(self.u32(copy + 12)?),
            full_page_writes: u8_at(self.0, copy + 16).ok_or_else(|| self.short(copy + 17))? != 0,
            min_recovery_point: Lsn(self.u64(recovery)?),
            min_recovery_timeline: TimelineId::new(self.u32(recovery + 8)?),
            backup_start: Lsn(self.u64(recovery + 16)?),
            backup_end: Lsn(self.u64(recovery + 24)?),
            wal_level: self.wal_level(recovery + 36)?,
            max_connections: self.u32(recovery + 44)?,
            max_worker_processes: self.u32(recovery + 48)?,
            max_wal_senders: layout.max_wal_senders.map(|offset| self.u32(offset)).transpose()?,
            max_prepared_xacts: self.u32(prepared)?,
            max_locks_per_xact: self.u32(prepared + 4)?,
            block_size: self.page_size("block size", block)?,
            relation_segment_blocks: self.relation_segment_blocks(block + 4)?,
            wal_block_size: self.page_size("WAL block size", block + 8)?,
            segment_size: self.segment_size(block + 12)?,
            data_checksum_version: self.u32(block + 36)?,
        })
    }

    fn u32(&self, offset: usize) -> Result<u32, ControlError> {
        u32_at(self.0, offset).ok_or_else(|| self.short(offset + 4))
    }

    fn u64(&self, offset: usize) -> Result<u64, ControlError> {
        u64_at(self.0, offset).ok_or_else(|| self.short(offset + 8))
    }

    fn short(&self, needed: usize) -> ControlError {
        ControlError::TooShort { bytes: self.0.len(), needed }
    }

    fn state(&self, offset: usize) -> Result<ClusterState, ControlError> {
        Ok(match self.u32(offset)? {
            0 => ClusterState::StartingUp,
            1 => ClusterState::ShutDown,
            2 => ClusterState::ShutDownInRecovery,
            3 => ClusterState::ShuttingDown,
            4 => ClusterState::InCrashRecovery,
            5 => ClusterState::InArchiveRecovery,
            6 => ClusterState::InProduction,
            other => return Err(field("cluster state", other)),
        })
    }

    fn wal_level(&self, offset: usize) -> Result<WalLevel, ControlError> {
        Ok(match self.u32(offset)? {
            0 => WalLevel::Minimal,
            1 => WalLevel::Replica,
            2 => WalLevel::Logical,
            other => return Err(field("wal_level", other)),
        })
    }

    fn timeline(&self, offset: usize) -> Result<TimelineId, ControlError> {
        TimelineId::new(self.u32(offset)?).ok_or(field("timeline", 0))
    }

    /// Servers are built with pages of 1 to 32 KiB, and 1 to 64 KiB in the log.
    fn page_size(&self, name: &'static str, offset: usize) -> Result<u32, ControlError> {
        let size = self.u32(offset)?;
        let allowed = size.is_power_of_two() && (1 << 10..=1 << 16).contains(&size);
        if allowed { Ok(size) } else { Err(field(name, size)) }
    }

    fn relation_segment_blocks(&self, offset: usize) -> Result<u32, ControlError> {
        match self.u32(offset)? {
            0 => Err(field("blocks per relation segment", 0)),
            blocks => Ok(blocks),
        }
    }

    fn segment_size(&self, offset: usize) -> Result<SegmentSize, ControlError> {
        let size = self.u32(offset)?;
        SegmentSize::new(u64::from(size)).ok_or(field("WAL segment size", size))
    }
}

fn field(field: &'static str, value: u32) -> ControlError {
    ControlError::Field { field, value }
}

#[cfg(test)]
mod tests;
