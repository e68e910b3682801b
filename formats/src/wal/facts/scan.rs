//! Reading a segment's facts from its bytes.

use super::crossing::{Opening, Tail};
use super::text::restore_point_bytes;
use super::{
    FORKS_MAX, Fork, RESTORE_POINTS_BYTES, RESTORE_POINTS_MAX, RestorePoint, SegmentEnd,
    SegmentFacts, TimeSpan, span_with,
};
use crate::Lsn;
use crate::wal::event::{CheckpointKind, Event, Finish};
use crate::wal::page::{FirstPage, FirstPageError, PageHeader};
use crate::wal::record::Record;
use crate::wal::walk::{Stop, StopReason, Walker};
use crate::wal::xid::XidRange;

/// Reads one segment in chunks of any size.
#[derive(Clone, Debug, Default)]
pub struct SegmentScan {
    /// The first bytes, until they are a page header.
    head: Vec<u8>,
    walk: Option<(FirstPage, Walker)>,
    stop: Option<Stop>,
    bytes: u64,
    seen: Seen,
}

impl SegmentScan {
    /// A scan that was fed nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the segment.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if self.walk.is_none() {
            let room = PageHeader::bytes(0).saturating_sub(self.head.len()).min(bytes.len());
            let (head, after) = bytes.split_at(room);
            self.head.extend_from_slice(head);
            rest = after;
            if let Ok(first) = FirstPage::parse(&self.head) {
                self.walk = Some((first, Walker::new(&first)));
                self.walk(&self.head.clone());
            }
        }
        self.walk(rest);
    }

    fn walk(&mut self, bytes: &[u8]) {
        let Some((first, walker)) = &mut self.walk else { return };
        let left = first.segment_size.bytes().saturating_sub(self.bytes);
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let bytes = bytes.get(..left).unwrap_or(bytes);
        let seen = &mut self.seen;
        if self.stop.is_none() {
            self.stop = walker.feed(bytes, &mut |record| seen.add(record)).err();
        }
    }

    /// The facts, after all of the segment.
    ///
    /// # Errors
    ///
    /// Where the bytes do not begin as a segment. All other damage is a fact.
    pub fn finish(self) -> Result<SegmentFacts, FirstPageError> {
        let Some((first, walker)) = self.walk else {
            return Err(match FirstPage::parse(&self.head) {
                Err(error) => error,
                Ok(_) => FirstPageError::TooShort { bytes: self.head.len() },
            });
        };
        let seen = self.seen;
        let size = first.segment_size;
        let torn = seen
            .malformed
            .map(|at| Stop { at, reason: StopReason::Content })
            .or(self.stop)
            .or_else(|| {
                let reason = match self.bytes.cmp(&size.bytes()) {
                    std::cmp::Ordering::Less => StopReason::Short,
                    std::cmp::Ordering::Equal => return None,
                    std::cmp::Ordering::Greater => StopReason::Long,
                };
                Some(Stop { at: walker.complete(), reason })
            });
        let end = match (torn, seen.last) {
            (Some(Stop { at, reason }), _) => SegmentEnd::Torn { at, reason },
            (None, Some((at, end))) if walker.is_switched() => SegmentEnd::Switch { at, end },
            (None, _) => SegmentEnd::Full,
        };
        let is_full = end == SegmentEnd::Full;
        Ok(SegmentFacts {
            begin: first.page_address,
            size,
            system_identifier: first.system_identifier,
            major: first.major,
            timelines: (first.timeline, walker.timeline()),
            records: seen.records,
            first: seen.first,
            last: seen.last,
            finished: seen.finished,
            times: seen.times,
            xids: seen.xids,
            xids_complete: !seen.xids_missing,
            restore_points: seen.restore_points,
            more_restore_points: seen.more_restore_points,
            forks: seen.forks,
            overwrites: PageHeader::read(&self.head).is_some_and(|header| header.overwrites()),
            opens: walker.foreign().map(Opening::of),
            tail: walker.unfinished().filter(|_| is_full).map(Tail::of),
            end,
        })
    }
}

/// What the records have said so far.
#[derive(Clone, Debug, Default)]
struct Seen {
    records: u64,
    first: Option<(Lsn, Lsn)>,
    last: Option<(Lsn, Lsn)>,
    finished: u64,
    times: Option<TimeSpan>,
    xids: Option<XidRange>,
    xids_missing: bool,
    restore_points: Vec<RestorePoint>,
    restore_points_bytes: usize,
    more_restore_points: bool,
    forks: Vec<Fork>,
    /// Begin of the first record that has no meaning; nothing after it counts.
    malformed: Option<Lsn>,
}

impl Seen {
    fn add(&mut self, record: &Record<'_>) {
        if self.malformed.is_some() {
            return;
        }
        let Ok(event) = record.event() else {
            self.malformed = Some(record.begin);
            return;
        };
        self.records += 1;
        self.first.get_or_insert((record.begin, record.header.prev));
        self.last = Some((record.begin, record.end));
        match event {
            Some(Event::Commit(finish) | Event::Abort(finish)) => self.finish(&finish),
            Some(Event::RestorePoint { name, time }) => {
                let (begin, end) = (record.begin, record.end);
                self.restore_point(RestorePoint { begin, end, time, name });
            }
            Some(
                Event::Checkpoint { kind: CheckpointKind::Shutdown, timeline, previous, .. }
                | Event::EndOfRecovery { timeline, previous, .. },
            ) if timeline != previous && self.forks.len() < FORKS_MAX => {
                self.forks.push(Fork { at: record.begin, from: previous, to: timeline });
            }
            _ => {}
        }
    }

    fn finish(&mut self, finish: &Finish) {
        self.finished += 1;
        self.times = Some(span_with(self.times, finish.time));
        match finish.xid.filter(|xid| xid.is_valid()) {
            Some(xid) => self.xids = Some(self.xids.unwrap_or(XidRange::of(xid)).with(xid)),
            None => self.xids_missing = true,
        }
    }

    fn restore_point(&mut self, point: RestorePoint) {
        let bytes = self.restore_points_bytes.saturating_add(restore_point_bytes(&point));
        if self.restore_points.len() < RESTORE_POINTS_MAX && bytes <= RESTORE_POINTS_BYTES {
            self.restore_points.push(point);
            self.restore_points_bytes = bytes;
        } else {
            self.more_restore_points = true;
        }
    }
}
