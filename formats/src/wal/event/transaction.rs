//! Records that end or prepare transactions (`RM_XACT_ID`, `xactdesc.c` `ParseCommitRecord`).

use crate::bytes::{i64_at, u16_at, u32_at};
use crate::wal::event::log::until_nul;
use crate::wal::event::{Event, Finish, Main};
use crate::wal::record::RecordHeader;
use crate::wal::time::server_time;
use crate::wal::xid::Xid;

/// `XLOG_XACT_OPMASK`.
const OPERATION: u8 = 0x70;

/// `XLOG_XACT_HAS_INFO`: the flags of `xl_xact_xinfo` follow the time.
const HAS_INFO: u8 = 0x80;

/// Flags of `xl_xact_xinfo` that have data, in the order of the data. `XACT_XINFO_HAS_GID` and
/// `XACT_XINFO_HAS_ORIGIN` come after what is read here.
const HAS_DATABASE: u32 = 1 << 0;
const HAS_SUBTRANSACTIONS: u32 = 1 << 1;
const HAS_RELATIONS: u32 = 1 << 2;
const HAS_DROPPED_STATS: u32 = 1 << 8;
const HAS_INVALIDATIONS: u32 = 1 << 3;
const HAS_TWO_PHASE: u32 = 1 << 4;

/// The operations that have an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Commit,
    Prepare,
    Abort,
    CommitPrepared,
    AbortPrepared,
}

impl Operation {
    pub(crate) const fn of(kind: u8) -> Option<Self> {
        Some(match kind & OPERATION {
            0x00 => Self::Commit,
            0x10 => Self::Prepare,
            0x20 => Self::Abort,
            0x30 => Self::CommitPrepared,
            0x40 => Self::AbortPrepared,
            _ => return None,
        })
    }
}

pub(super) fn decode(header: &RecordHeader, main: &Main<'_>, major: u16) -> Option<Event> {
    let finish = |prepared| {
        let time = server_time(i64_at(main.bytes, 0)?)?;
        let xid = if prepared { prepared_xid(header, main, major)? } else { Some(header.xid) };
        Some(Finish { xid, time, prepared })
    };
    Some(match Operation::of(header.kind())? {
        Operation::Commit => Event::Commit(finish(false)?),
        Operation::CommitPrepared => Event::Commit(finish(true)?),
        Operation::Abort => Event::Abort(finish(false)?),
        Operation::AbortPrepared => Event::Abort(finish(true)?),
        Operation::Prepare => prepare(main.bytes, major)?,
    })
}

/// The number of the transaction that was prepared before, which stands behind lists of any length:
/// `Some(None)` where that is beyond the bytes that are there.
fn prepared_xid(header: &RecordHeader, main: &Main<'_>, major: u16) -> Option<Option<Xid>> {
    let beyond = if main.whole { None } else { Some(None) };
    if header.info & HAS_INFO == 0 {
        return None;
    }
    let Some(flags) = u32_at(main.bytes, 8) else { return beyond };
    if flags & HAS_TWO_PHASE == 0 {
        return None;
    }
    let mut at = if flags & HAS_DATABASE == 0 { 12 } else { 20 };
    // Bytes of an item: xid; RelFileNode; xl_xact_stats_item, whose object became 64 bits in 18;
    // SharedInvalidationMessage, which an abort does not have.
    let stats = if major < 18 { 12 } else { 16 };
    let lists = [
        (HAS_SUBTRANSACTIONS, 4),
        (HAS_RELATIONS, 12),
        (HAS_DROPPED_STATS, stats),
        (HAS_INVALIDATIONS, 16),
    ];
    for (flag, bytes) in lists {
        if flags & flag == 0 || (flag == HAS_DROPPED_STATS && major < 15) {
            continue;
        }
        let Some(count) = u32_at(main.bytes, at) else { return beyond };
        let count = usize::try_from(i32::try_from(count).ok()?).ok()?;
        at = at.checked_add(4)?.checked_add(count.checked_mul(bytes)?)?;
    }
    match u32_at(main.bytes, at) {
        Some(xid) => Some(Some(Xid(xid))),
        None => beyond,
    }
}

/// `xl_xact_prepare`, called `TwoPhaseFileHeader` before 13. The name follows at a multiple of 8.
fn prepare(bytes: &[u8], major: u16) -> Option<Event> {
    // 15 added the counts of dropped statistics, 11 the replication origin's position and time.
    let (length, name) = match major {
        ..=10 => (46, 48),
        11..=14 => (46, 64),
        _ => (54, 72),
    };
    let length = usize::from(u16_at(bytes, length)?);
    Some(Event::Prepare {
        xid: Xid(u32_at(bytes, 8)?),
        time: server_time(i64_at(bytes, 16)?)?,
        gid: until_nul(bytes.get(name..name + length)?).to_vec(),
    })
}
