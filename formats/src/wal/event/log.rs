//! Records of the log itself (`RM_XLOG_ID`).

use crate::bytes::{i64_at, u8_at, u32_at, u64_at};
use crate::wal::event::{CheckpointKind, Event, Main};
use crate::wal::record::RecordHeader;
use crate::wal::time::server_time;
use crate::{Lsn, TimelineId};

/// `MAXFNAMELEN`: bytes of a restore point's name, with the NUL that ends it.
const NAME_BYTES: usize = 64;

/// The kinds that have an event, by `XLOG_…` in `pg_control.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    CheckpointShutdown,
    CheckpointOnline,
    Switch,
    BackupEnd,
    ParameterChange,
    RestorePoint,
    FullPageWrites,
    EndOfRecovery,
    OverwriteContrecord,
    CheckpointRedo,
}

impl Kind {
    pub(crate) const fn of(kind: u8) -> Option<Self> {
        Some(match kind {
            0x00 => Self::CheckpointShutdown,
            0x10 => Self::CheckpointOnline,
            0x40 => Self::Switch,
            0x50 => Self::BackupEnd,
            0x60 => Self::ParameterChange,
            0x70 => Self::RestorePoint,
            0x80 => Self::FullPageWrites,
            0x90 => Self::EndOfRecovery,
            0xD0 => Self::OverwriteContrecord,
            0xE0 => Self::CheckpointRedo,
            _ => return None,
        })
    }
}

pub(super) fn decode(header: &RecordHeader, main: &Main<'_>, major: u16) -> Option<Event> {
    let bytes = main.bytes;
    Some(match Kind::of(header.kind())? {
        Kind::CheckpointShutdown => checkpoint(bytes, CheckpointKind::Shutdown)?,
        Kind::CheckpointOnline => checkpoint(bytes, CheckpointKind::Online)?,
        Kind::Switch => Event::Switch,
        Kind::BackupEnd => Event::BackupEnd { start: Lsn(u64_at(bytes, 0)?) },
        Kind::ParameterChange => {
            // max_wal_senders came before it in 12.
            let offset = if major < 12 { 16 } else { 20 };
            Event::ParameterChange { wal_level: u32_at(bytes, offset)? }
        }
        Kind::RestorePoint => Event::RestorePoint {
            name: until_nul(bytes.get(8..8 + NAME_BYTES)?).to_vec(),
            time: server_time(i64_at(bytes, 0)?)?,
        },
        Kind::FullPageWrites => Event::FullPageWrites { on: u8_at(bytes, 0)? != 0 },
        Kind::EndOfRecovery => Event::EndOfRecovery {
            time: server_time(i64_at(bytes, 0)?)?,
            timeline: TimelineId::new(u32_at(bytes, 8)?)?,
            previous: TimelineId::new(u32_at(bytes, 12)?)?,
        },
        Kind::OverwriteContrecord => Event::OverwriteContrecord {
            overwritten: Lsn(u64_at(bytes, 0)?),
            time: server_time(i64_at(bytes, 8)?)?,
        },
        Kind::CheckpointRedo => Event::CheckpointRedo,
    })
}

fn checkpoint(bytes: &[u8], kind: CheckpointKind) -> Option<Event> {
    Some(Event::Checkpoint {
        kind,
        redo: Lsn(u64_at(bytes, 0)?),
        timeline: TimelineId::new(u32_at(bytes, 8)?)?,
        previous: TimelineId::new(u32_at(bytes, 12)?)?,
    })
}

/// The bytes before the first NUL, or all.
pub(super) fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}
