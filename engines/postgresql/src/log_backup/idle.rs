//! Whether nothing happened since the last link: then there is nothing to end and nothing to keep.

use super::parent::Parent;
use crate::data_directory::DataDirectory;
use crate::log_stream::WAL_DIR;
use crate::wal::read_segment;
use errors::Result;
use formats::wal::{Record, Rmgr, Walker};
use formats::{FirstPage, Lsn, SegmentName, SegmentNumber, SegmentSize, TimelineId};

/// `RM_STANDBY_ID`, and its record of the transactions that run, which the server repeats by itself.
const STANDBY: Rmgr = Rmgr(8);
const RUNNING_XACTS: u8 = 0x10;
/// Checkpoints: `XLOG_CHECKPOINT_SHUTDOWN`, `XLOG_CHECKPOINT_ONLINE`, `XLOG_CHECKPOINT_REDO`.
const CHECKPOINTS: [u8; 3] = [0x00, 0x10, 0xE0];

/// Reads the segment that the server writes, if it is the one behind the last link.
///
/// # Errors
/// The segment cannot be read.
pub(super) fn is_idle(
    data: &DataDirectory,
    parent: &Parent,
    (timeline, now): (TimelineId, Lsn),
    size: SegmentSize,
) -> Result<bool> {
    let number = SegmentNumber::of(now, size);
    let is_next =
        parent.course.legs.len() == 1 && number.first_lsn(size) <= next_boundary(parent.to, size);
    if !is_next {
        return Ok(false);
    }
    let path = data.path.join(WAL_DIR).join(SegmentName { timeline, number }.name(size));
    // Behind a switch the server makes the next file when it has something to write into it.
    if !path.exists() {
        return Ok(now_is_at_start(now, size));
    }
    let mut walker = None;
    let mut has_news = false;
    let mut look = |record: &Record<'_>| has_news |= record.begin >= parent.to && is_news(record);
    read_segment(&path, |bytes| {
        if walker.is_none() {
            let page = FirstPage::parse(bytes).ok();
            let page = page.filter(|page| page.page_address == number.first_lsn(size));
            walker = page.map(|page| Walker::new(&page));
        }
        Ok(walker.as_mut().is_some_and(|walker| walker.feed(bytes, &mut look).is_ok()))
    })?;
    Ok(match walker {
        // What is not written out yet is not known, and may be news.
        Some(walker) => !has_news && aligned(walker.complete()) >= aligned(now),
        // Prepared in advance, and not begun yet.
        None => now_is_at_start(now, size),
    })
}

/// A page's header is no news.
fn aligned(lsn: Lsn) -> Lsn {
    const PAGE: u64 = 8192;
    const LONG_HEADER: u64 = 40;
    if lsn.0 % PAGE <= LONG_HEADER { Lsn(lsn.0 - lsn.0 % PAGE) } else { lsn }
}

fn now_is_at_start(now: Lsn, size: SegmentSize) -> bool {
    aligned(now).0.is_multiple_of(size.bytes())
}

/// The end of the segment in which a position lies; the position itself on a boundary.
fn next_boundary(lsn: Lsn, size: SegmentSize) -> Lsn {
    Lsn(lsn.0.div_ceil(size.bytes()) * size.bytes())
}

fn is_news(record: &Record<'_>) -> bool {
    let kind = record.header.kind();
    !match record.header.rmgr {
        Rmgr::XLOG => CHECKPOINTS.contains(&kind),
        STANDBY => kind == RUNNING_XACTS,
        _ => false,
    }
}
