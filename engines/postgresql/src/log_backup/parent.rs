//! What a log backup continues: the newest link of the same cluster, if today's history comes from
//! there; and whether anything happened since, without which there is nothing to end or to keep.

use super::source::Source;
use crate::cover::Course;
use crate::data_directory::DataDirectory;
use crate::log_stream::WAL_DIR;
use crate::server::Server;
use crate::wal::{self, read_segment};
use errors::{Error, Kind, Result};
use formats::wal::{Record, Rmgr, Walker};
use formats::{FirstPage, Lsn, SegmentName, SegmentNumber, SegmentSize, TimelineId};
use stream::{Job, Link};
use uuid::Uuid;

/// The link before, and the timelines from there to now.
pub(super) struct Parent {
    pub(super) link: Uuid,
    /// Where it ends: here the log begins.
    pub(super) to: Lsn,
    pub(super) course: Course,
}

impl Parent {
    /// # Errors
    /// `not-found`: there is none; `log-gap`: the server's history does not come from there.
    pub(super) fn find(
        job: &Job,
        server: &Server,
        timeline: TimelineId,
        source: &Source<'_>,
    ) -> Result<Self> {
        let ours = server.system_identifier.to_string();
        let is_ours = |link: &&Link| link.lineage.get("system_identifier") == Some(&ours);
        let link = job.links.iter().rfind(is_ours).ok_or_else(|| {
            Error::new(
                Kind::NotFound,
                format!("there is no backup of the cluster {ours} to continue"),
            )
            .hint("Take a full first: --level full.")
        })?;
        let to = wal::lsn(link.to);
        let before = link.lineage.get("timeline").and_then(|text| text.parse().ok());
        let before = before.and_then(TimelineId::new).ok_or_else(|| {
            Error::new(Kind::Manifest, format!("the backup {} tells no timeline", link.name()))
        })?;
        let course = course(source, before, to, timeline)?.ok_or_else(|| {
            Error::new(
                Kind::LogGap,
                format!(
                    "the server is on timeline {timeline}, which does not come from the end of the backup {} ({to} on timeline {before})",
                    link.name()
                ),
            )
            .hint("The server was restored to an earlier moment. Take a full: --level full.")
        })?;
        Ok(Self { link: link.id, to, course })
    }
}

/// The timelines from one to another; `None` where the first was left before the position, or never
/// was on the way.
fn course(
    source: &Source<'_>,
    from: TimelineId,
    at: Lsn,
    to: TimelineId,
) -> Result<Option<Course>> {
    if from == to {
        return Ok(Some(Course::alone(to)));
    }
    let path = source.history(to).ok_or_else(|| {
        Error::new(Kind::LogGap, format!("the history of timeline {to} is missing"))
            .hint("It is a file of pg_wal, and of the directory that archive_command fills.")
    })?;
    Ok(Course::through(&wal::check_history(&path, to)?, from, at, to))
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use formats::History;

    #[test]
    fn a_parent_beyond_a_fork_is_no_parent() {
        let timeline = |number| TimelineId::new(number).unwrap();
        let history = History::parse(timeline(3), b"1\t0/5000000\tx\n2\t0/7000000\ty\n").unwrap();
        let from = |number, at| Course::through(&history, timeline(number), Lsn(at), timeline(3));
        let legs = from(1, 0x0500_0000).unwrap().legs;
        let ends: Vec<_> = legs.iter().map(|leg| leg.switch).collect();
        assert_eq!(ends, [Some(Lsn(0x0500_0000)), Some(Lsn(0x0700_0000)), None]);
        assert!(from(1, 0x0500_0001).is_none(), "the parent has what was undone");
        assert_eq!(from(2, 0x0600_0000).unwrap().legs.len(), 2);
        assert!(from(4, 0x0600_0000).is_none());
    }
}
