//! From the checked bytes of pg_control to its fields.

use super::layout::{Layout, major_of_catalog};
use super::{ClusterState, ControlError, ControlFile, WalLevel};
use crate::bytes::{i64_at, u8_at, u32_at, u64_at};
use crate::{Lsn, SegmentSize, SystemIdentifier, TimelineId};

/// The bytes that the checksum covers.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl Fields<'_> {
    /// Reads every field at the place the layout gives it.
    pub(super) fn read(&self, layout: &Layout) -> Result<ControlFile, ControlError> {
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
