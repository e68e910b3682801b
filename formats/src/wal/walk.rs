//! Going over the log, record by record, however its bytes arrive.

mod assembly;
mod pages;
mod records;
mod stop;

use crate::wal::page::FirstPage;
use crate::wal::record::Record;
use crate::{Lsn, TimelineId};

pub(crate) use assembly::{Assembly, checksum};
pub(crate) use pages::Foreign;
use pages::PageBytes;
pub use stop::{Stop, StopReason};

/// Walks over the log from the beginning of a segment on, as a server's `xlogreader` does.
///
/// It is fed the bytes of the segment, and then those of the ones that follow, in chunks of any
/// size. The end of a record that began before the first segment is passed over. Memory stays below
/// 100 KiB whatever the log holds.
#[derive(Clone, Debug)]
pub struct Walker {
    first: FirstPage,
    /// Position of the next byte.
    at: Lsn,
    /// Where the log is complete up to.
    complete: Lsn,
    /// Timeline of the page.
    timeline: TimelineId,
    page: PageBytes,
    state: State,
    record: Assembly,
    /// Where the last whole record began.
    last: Option<Lsn>,
    foreign: Option<Foreign>,
    stopped: Option<Stop>,
}

/// What the next byte belongs to, page headers aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A page that says what comes first.
    Start,
    /// A record that began before the walk.
    Foreign,
    /// Padding, and then a record.
    Between { padding: u64 },
    /// The record in `record`.
    Record,
    /// The rest of a segment after a switch, where nothing is looked at.
    Rest { left: u64 },
}

impl Walker {
    /// A walk that begins with the first byte of a segment, whose first page is this. That page is
    /// fed again.
    pub fn new(first: &FirstPage) -> Self {
        Self {
            first: *first,
            at: first.page_address,
            complete: first.page_address,
            timeline: first.timeline,
            page: PageBytes::default(),
            state: State::Start,
            record: Assembly::new(first.timeline),
            last: None,
            foreign: None,
            stopped: None,
        }
    }

    /// Takes the next bytes, and hands out every record that ends in them.
    ///
    /// # Errors
    ///
    /// [`Stop`] where the log does not go on. That is final: all later bytes are refused with it.
    pub fn feed(&mut self, bytes: &[u8], seen: &mut impl FnMut(&Record<'_>)) -> Result<(), Stop> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if let Some(stop) = self.stopped {
                return Err(stop);
            }
            match self.step(rest, seen) {
                Ok(used) => {
                    self.at = Lsn(self.at.0.wrapping_add(used as u64));
                    rest = rest.get(used..).unwrap_or_default();
                }
                Err(reason) => self.stopped = Some(Stop { at: self.complete, reason }),
            }
        }
        self.stopped.map_or(Ok(()), Err)
    }

    /// Position of the next byte.
    pub const fn position(&self) -> Lsn {
        self.at
    }

    /// Where the last record ended that is there as a whole.
    pub const fn complete(&self) -> Lsn {
        self.complete
    }

    /// Timeline of the last page.
    pub const fn timeline(&self) -> TimelineId {
        self.timeline
    }

    /// Whether the rest of the segment holds nothing, because of a switch.
    pub const fn is_switched(&self) -> bool {
        matches!(self.state, State::Rest { .. })
    }

    /// The record that has begun and not ended.
    pub(crate) fn unfinished(&self) -> Option<&Assembly> {
        (self.state == State::Record).then_some(&self.record)
    }

    /// The record with which the walk began, if that had begun before.
    pub(crate) const fn foreign(&self) -> Option<&Foreign> {
        self.foreign.as_ref()
    }

    /// Takes some bytes, perhaps none, and says how many.
    fn step(
        &mut self,
        bytes: &[u8],
        seen: &mut impl FnMut(&Record<'_>),
    ) -> Result<usize, StopReason> {
        if let State::Rest { left } = self.state {
            // The state stays until there is more, and tells how the segment ended.
            if left == 0 {
                self.state = State::Between { padding: 0 };
                return Ok(0);
            }
            let used = left.min(bytes.len() as u64);
            self.state = State::Rest { left: left - used };
            return Ok(usize::try_from(used).unwrap_or(bytes.len()));
        }
        let block = u64::from(self.first.block_size);
        let offset = self.at.0 % block;
        if let Some(used) = self.page_header(offset, bytes)? {
            return Ok(used);
        }
        let in_page = usize::try_from(block - offset).unwrap_or(bytes.len());
        let body = bytes.get(..in_page.min(bytes.len())).unwrap_or_default();
        match self.state {
            State::Between { padding: 0 } => {
                self.record.restart(self.at, self.timeline);
                self.state = State::Record;
                Ok(0)
            }
            State::Between { padding } => {
                let used = padding.min(body.len() as u64);
                self.state = State::Between { padding: padding - used };
                Ok(usize::try_from(used).unwrap_or(body.len()))
            }
            State::Foreign => Ok(self.foreign_bytes(body)),
            State::Record => self.record_bytes(body, seen),
            // The page header has ended the one, the lines above the other.
            State::Start | State::Rest { .. } => Err(StopReason::Content),
        }
    }
}
