//! Whether nothing happened since the last link: then there is nothing to end and nothing to keep.

use super::parent::Parent;
use crate::data_directory::DataDirectory;
use errors::{Error, Kind, Result};
use formats::wal::{Record, Rmgr, Walker};
use formats::{FirstPage, Lsn, SegmentName, SegmentNumber, SegmentSize, TimelineId};
use std::fs::File;
use std::io::Read;

/// `RM_STANDBY_ID`, and its record of the transactions that run, which the server repeats by itself.
const STANDBY: Rmgr = Rmgr(8);
const RUNNING_XACTS: u8 = 0x10;
/// Checkpoints: `XLOG_CHECKPOINT_SHUTDOWN`, `XLOG_CHECKPOINT_ONLINE`, `XLOG_CHECKPOINT_REDO`.
const CHECKPOINTS: [u8; 3] = [0x00, 0x10, 0xE0];
const BLOCK_BYTES: usize = 256 << 10;

/// Reads the segment that the server writes, if it is the one behind the last link.
///
/// # Errors
/// The segment cannot be read.
pub(super) fn is_idle(
    data: &DataDirectory,
    parent: &Parent,
    (timeline, now): &(TimelineId, Lsn),
    size: SegmentSize,
) -> Result<bool> {
    let number = SegmentNumber::of(*now, size);
    let is_next =
        parent.course.legs.len() == 1 && number.first_lsn(size) <= next_boundary(parent.to, size);
    if !is_next {
        return Ok(false);
    }
    let name = SegmentName { timeline: *timeline, number }.name(size);
    let path = data.path.join(super::WAL_DIR).join(name);
    let failed =
        |error| Error::io(format!("read {}", path.display()), error).with_kind(Kind::SourceFiles);
    let mut file = File::open(&path).map_err(failed)?;
    let (mut walker, mut block) = (None, vec![0; BLOCK_BYTES]);
    let mut has_news = false;
    let mut look = |record: &Record<'_>| has_news |= record.begin >= parent.to && is_news(record);
    loop {
        let read = file.read(&mut block).map_err(failed)?;
        let bytes = &block[..read];
        if walker.is_none() {
            // Prepared in advance, and not begun yet.
            let Ok(page) = FirstPage::parse(bytes) else { return Ok(now_is_at_start(*now, size)) };
            if page.page_address != number.first_lsn(size) {
                return Ok(now_is_at_start(*now, size));
            }
            walker = Some(Walker::new(&page));
        }
        let Some(walker) = &mut walker else { return Ok(false) };
        if read == 0 || walker.feed(bytes, &mut look).is_err() {
            // What is not written out yet is not known, and may be news.
            return Ok(!has_news && aligned(walker.complete()) >= aligned(*now));
        }
    }
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
