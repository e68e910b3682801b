//! Records on the way: what their headers must say, and where they end.

use super::assembly::Progress;
use super::{State, StopReason, Walker};
use crate::Lsn;
use crate::wal::event::LogKind;
use crate::wal::record::{HEADER_BYTES, Record, RecordHeader, Rmgr};

/// Records begin at multiples of this (`MAXIMUM_ALIGNOF`).
const ALIGNMENT: u64 = 8;

/// `XLogRecordMaxSize` is a little less from 16 on; before, what a server can allocate.
const RECORD_BYTES_MAX: u32 = 0x3FFF_FFFF;

impl Walker {
    /// Takes bytes of a record, and says how many.
    pub(super) fn record_bytes(
        &mut self,
        body: &[u8],
        seen: &mut impl FnMut(&Record<'_>),
    ) -> Result<usize, StopReason> {
        let (used, progress) = self.record.take(body);
        let length = self.record.length;
        match progress {
            Progress::Length if length == 0 => return Err(StopReason::Zeros),
            Progress::Length
                if !(HEADER_BYTES as u64..=u64::from(RECORD_BYTES_MAX))
                    .contains(&u64::from(length)) =>
            {
                return Err(StopReason::RecordLength);
            }
            Progress::Header => {
                let header = self.record.header().ok_or(StopReason::RecordLength)?;
                self.check(&header)?;
                if self.record.left() == 0 {
                    self.finish(&header, used, seen)?;
                }
            }
            Progress::Whole => {
                let header = self.record.header().ok_or(StopReason::RecordLength)?;
                self.finish(&header, used, seen)?;
            }
            Progress::Length | Progress::Waiting => {}
        }
        Ok(used)
    }

    /// What `ValidXLogRecordHeader` asks for.
    fn check(&self, header: &RecordHeader) -> Result<(), StopReason> {
        if !header.rmgr.exists(self.first.major) {
            return Err(StopReason::ResourceManager);
        }
        let follows = match self.last {
            Some(last) => header.prev == last,
            None => header.prev < self.record.begin,
        };
        if follows { Ok(()) } else { Err(StopReason::Previous) }
    }

    /// The record's last bytes are the `used` next ones.
    fn finish(
        &mut self,
        header: &RecordHeader,
        used: usize,
        seen: &mut impl FnMut(&Record<'_>),
    ) -> Result<(), StopReason> {
        if !self.record.is_intact() {
            return Err(StopReason::Checksum);
        }
        self.last = Some(self.record.begin);
        let end = self.end_after(used);
        let is_switch =
            header.rmgr == Rmgr::XLOG && LogKind::of(header.kind()) == Some(LogKind::Switch);
        if is_switch {
            let size = self.first.segment_size.bytes();
            let after = Lsn(self.at.0.wrapping_add(used as u64));
            let left = after.0.wrapping_neg() % size;
            self.state = State::Rest { left };
        }
        seen(&Record {
            begin: self.record.begin,
            end,
            timeline: self.record.timeline,
            major: self.first.major,
            header: *header,
            kept: &self.record.kept,
        });
        Ok(())
    }

    /// Makes the position after `used` more bytes, padded, the one up to which the log is complete.
    pub(super) fn end_after(&mut self, used: usize) -> Lsn {
        let after = self.at.0.wrapping_add(used as u64);
        let padding = after.wrapping_neg() % ALIGNMENT;
        self.state = State::Between { padding };
        self.complete = Lsn(after.wrapping_add(padding));
        self.complete
    }
}
