//! Page headers on the way: what they must say, and what they say about the record that reaches them.

use super::{State, StopReason, Walker};
use crate::Lsn;
use crate::TimelineId;
use crate::bytes::all_zero;
use crate::wal::page::{FirstPage, PageHeader};

/// Kept of a record that began before the walk.
const FOREIGN_BYTES: usize = 8 << 10;

/// The bytes of a page header, as far as they have come.
#[derive(Clone, Debug, Default)]
pub(super) struct PageBytes {
    bytes: Vec<u8>,
}

/// The rest of a record that began before the walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// Its length, as the first page says.
    pub(crate) length: u32,
    /// Bytes so far.
    pub(crate) got: u32,
    /// CRC-32C of them.
    pub(crate) crc: u32,
    /// The first of them.
    pub(crate) kept: Vec<u8>,
    /// Where it ended.
    pub(crate) end: Option<Lsn>,
    /// Whether a later page says that it was lost in a crash.
    pub(crate) abandoned: bool,
}

impl Walker {
    /// Takes bytes of the header of the page that has `offset` of its bytes behind it. `None` where
    /// the header is through.
    pub(super) fn page_header(
        &mut self,
        offset: u64,
        bytes: &[u8],
    ) -> Result<Option<usize>, StopReason> {
        let page = Lsn(self.at.0 - offset);
        let in_segment = page.0 % self.first.segment_size.bytes();
        let wanted = PageHeader::bytes(in_segment) as u64;
        let Some(left) = wanted.checked_sub(offset).filter(|&left| left > 0) else {
            return Ok(None);
        };
        if offset == 0 {
            self.page.bytes.clear();
        }
        let used = usize::try_from(left).unwrap_or(bytes.len()).min(bytes.len());
        self.page.bytes.extend_from_slice(bytes.get(..used).unwrap_or_default());
        if self.page.bytes.len() as u64 == wanted {
            let header = self.checked(page, in_segment == 0)?;
            self.timeline = TimelineId::new(header.timeline).ok_or(StopReason::PageTimeline)?;
            self.enter(&header)?;
        }
        Ok(Some(used))
    }

    /// What `XLogReaderValidatePageHeader` asks for.
    fn checked(&self, page: Lsn, is_first: bool) -> Result<PageHeader, StopReason> {
        let bytes = &self.page.bytes;
        let header = PageHeader::read(bytes).ok_or(StopReason::PageMagic)?;
        if header.magic != self.first.magic {
            let zeros = all_zero(bytes);
            return Err(if zeros { StopReason::Zeros } else { StopReason::PageMagic });
        }
        if !header.flags_fit(is_first) {
            return Err(StopReason::PageFlags);
        }
        if is_first {
            let same = FirstPage::parse(bytes).is_ok_and(|first| {
                first.system_identifier == self.first.system_identifier
                    && first.segment_size == self.first.segment_size
                    && first.block_size == self.first.block_size
            });
            if !same {
                return Err(StopReason::PageIdentity);
            }
        }
        if header.address != page {
            return Err(StopReason::PageAddress);
        }
        if header.timeline < self.timeline.get() {
            return Err(StopReason::PageTimeline);
        }
        Ok(header)
    }

    /// Whether the record that reaches the page goes on in it.
    fn enter(&mut self, header: &PageHeader) -> Result<(), StopReason> {
        let between = State::Between { padding: 0 };
        let left = match self.state {
            State::Start if header.continues() && header.rest > 0 => {
                let (length, kept) = (header.rest, Vec::new());
                let foreign = Foreign { length, got: 0, crc: 0, kept, end: None, abandoned: false };
                self.foreign = Some(foreign);
                self.state = State::Foreign;
                return Ok(());
            }
            State::Start => 0,
            State::Record => self.record.left(),
            State::Foreign => self.foreign.as_ref().map_or(0, Foreign::left),
            State::Between { .. } | State::Rest { .. } => 0,
        };
        if left > 0 && header.overwrites() {
            if let Some(foreign) = self.foreign.as_mut().filter(|_| self.state == State::Foreign) {
                foreign.abandoned = true;
            }
            self.complete = header.address;
            self.state = between;
            return Ok(());
        }
        let continued = if header.continues() { Some(header.rest) } else { None };
        if continued != Some(left).filter(|&left| left > 0) {
            return Err(StopReason::Continuation);
        }
        if left == 0 {
            self.complete = header.address;
            self.state = between;
        }
        Ok(())
    }

    /// Takes bytes of the record that began before the walk, and says how many.
    pub(super) fn foreign_bytes(&mut self, body: &[u8]) -> usize {
        let Some(foreign) = self.foreign.as_mut() else { return 0 };
        let left = usize::try_from(foreign.left()).unwrap_or(usize::MAX);
        let used = left.min(body.len());
        let taken = body.get(..used).unwrap_or_default();
        foreign.crc = crc32c::crc32c_append(foreign.crc, taken);
        let room = FOREIGN_BYTES.saturating_sub(foreign.kept.len()).min(used);
        foreign.kept.extend_from_slice(taken.get(..room).unwrap_or_default());
        foreign.got = foreign.got.saturating_add(u32::try_from(used).unwrap_or(u32::MAX));
        if foreign.left() == 0 {
            let end = self.end_after(used);
            if let Some(foreign) = self.foreign.as_mut() {
                foreign.end = Some(end);
            }
        }
        used
    }
}

impl Foreign {
    const fn left(&self) -> u32 {
        self.length.saturating_sub(self.got)
    }
}
