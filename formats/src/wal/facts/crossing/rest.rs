//! Whether the rest of a record, seen without its beginning, may say something about time,
//! transactions or restore points.

use super::KEPT_BYTES;
use crate::wal::event::{LogKind, Operation};
use crate::wal::record::{HEADER_BYTES, Rmgr};

/// Records and segments meet at multiples of 8 bytes.
const STEP: usize = 8;

/// Largest part before the cut for which a transaction's end needs more than what the segment before
/// has: after it, the time has gone by. A prepared transaction's number may come later; it is given
/// up then.
const TRANSACTION_CUT_MAX: usize = 32;

/// Kept of the rest of a transaction's end without its header: the time, and the number of a prepared
/// one that has no lists.
const TRANSACTION_BYTES: usize = 64;

/// Bytes of a switch: a header alone.
const SWITCH_BYTES: usize = HEADER_BYTES;

/// Bytes of a restore point: header, two bytes of data header, time, name.
const RESTORE_POINT_BYTES: usize = 98;

/// How many of these bytes, which begin the `length` last ones of a record, may matter. Counts
/// wrongly for few other records, because the bytes at fixed places must fit, and where those are few
/// it counts few.
pub(super) fn bytes_that_matter(bytes: &[u8], length: u32) -> usize {
    let Ok(length) = usize::try_from(length) else { return 0 };
    let cuts = (STEP..RESTORE_POINT_BYTES).step_by(STEP);
    let needed = cuts.map(|cut| {
        let rest = Rest { bytes, cut, total: cut.saturating_add(length) };
        if rest.is_switch() || rest.is_restore_point() {
            length
        } else if !rest.is_transaction() {
            0
        } else if cut < HEADER_BYTES {
            // The header shows whose record it is.
            KEPT_BYTES
        } else {
            TRANSACTION_BYTES
        }
    });
    needed.max().unwrap_or(0)
}

/// The rest of a record of `total` bytes that was cut after `cut` of them.
struct Rest<'a> {
    bytes: &'a [u8],
    cut: usize,
    total: usize,
}

impl Rest<'_> {
    /// The byte at an offset of the record, unless it lies before the cut.
    fn at(&self, offset: usize) -> Option<u8> {
        self.bytes.get(offset.checked_sub(self.cut)?).copied()
    }

    /// Whether the byte at an offset may be this one.
    fn is(&self, offset: usize, value: u8) -> bool {
        self.at(offset).is_none_or(|byte| byte == value)
    }

    fn header(&self, rmgr: Rmgr, is_kind: impl Fn(u8) -> bool) -> bool {
        let kind = self.at(16).is_none_or(|info| is_kind(info & 0xF0));
        kind && self.is(17, rmgr.0) && self.is(18, 0) && self.is(19, 0)
    }

    /// Whether a time may stand there: in the years 2009 to 2106, which its last 16 bits tell.
    fn time(&self, offset: usize) -> bool {
        self.at(offset + 6).is_none_or(|byte| (1..12).contains(&byte)) && self.is(offset + 7, 0)
    }

    fn is_switch(&self) -> bool {
        self.total == SWITCH_BYTES
            && self.header(Rmgr::XLOG, |kind| LogKind::of(kind) == Some(LogKind::Switch))
    }

    fn is_restore_point(&self) -> bool {
        let kind = |kind| LogKind::of(kind) == Some(LogKind::RestorePoint);
        let mut name = (34..RESTORE_POINT_BYTES).filter_map(|offset| self.at(offset));
        self.total == RESTORE_POINT_BYTES
            && self.header(Rmgr::XLOG, kind)
            && self.is(24, 255)
            && self.is(25, 72)
            && self.time(26)
            && self.is(RESTORE_POINT_BYTES - 1, 0)
            && (name.by_ref().all(|byte| byte != 0) || name.all(|byte| byte == 0))
    }

    fn is_transaction(&self) -> bool {
        let is_end = |kind| Operation::of(kind).is_some_and(|kind| kind != Operation::Prepare);
        // A replication origin may come before the main data, whose length has one byte or four.
        self.cut <= TRANSACTION_CUT_MAX
            && self.header(Rmgr::TRANSACTION, is_end)
            && [24, 27].into_iter().any(|data| {
                let origin = data == 24 || self.is(24, 253);
                origin && (self.short_data(data) || self.long_data(data))
            })
    }

    fn short_data(&self, at: usize) -> bool {
        let length = self.total.checked_sub(at + 2).and_then(|length| u8::try_from(length).ok());
        let fits = |length| self.is(at, 255) && self.is(at + 1, length) && self.end_data(at + 2);
        length.is_some_and(fits)
    }

    fn long_data(&self, at: usize) -> bool {
        let length = self.total.checked_sub(at + 5).and_then(|length| u32::try_from(length).ok());
        let Some(length) = length.filter(|&length| length > u32::from(u8::MAX)) else {
            return false;
        };
        let mut digits = length.to_le_bytes().into_iter().enumerate();
        self.is(at, 254)
            && digits.all(|(index, byte)| self.is(at + 1 + index, byte))
            && self.end_data(at + 5)
    }

    /// The time, and flags of which nine are known.
    fn end_data(&self, at: usize) -> bool {
        let high = self.at(at + 9).is_none_or(|byte| byte <= 1);
        let flags = high && self.is(at + 10, 0) && self.is(at + 11, 0);
        self.time(at) && (self.total == at + 8 || (self.total >= at + 12 && flags))
    }
}
