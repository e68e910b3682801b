//! One timeline's pieces, from the first to the last.

use super::{Note, Scope, catalogue};
use crate::wal;
use errors::{Error, Kind, Result};
use formats::segment::RawSegment;
use formats::wal::{Stop, StopReason, Walker};
use formats::{FirstPage, History, SegmentName, SegmentNumber, SegmentSize, TimelineId, WalFile};
use std::collections::BTreeSet;
use stream::{LogKey, LogReport};

/// What a timeline has.
pub(super) struct Lane {
    pub(super) timeline: TimelineId,
    /// The cluster's segment size, once a segment was read.
    pub(super) size: Option<SegmentSize>,
    pub(super) segments: BTreeSet<SegmentNumber>,
    pub(super) partials: BTreeSet<SegmentNumber>,
    pub(super) history: Option<History>,
}

/// A walk over segments that follow each other.
struct Walk {
    walker: Walker,
    next: SegmentNumber,
}

/// Reads all pieces of a timeline.
///
/// # Errors
/// The log cannot be read at all, or the work was cancelled.
pub(super) fn read(
    scope: &Scope<'_>,
    timeline: TimelineId,
    report: &mut LogReport,
) -> Result<Lane> {
    let (segments, partials) = (BTreeSet::new(), BTreeSet::new());
    let mut lane = Lane { timeline, size: None, segments, partials, history: None };
    let lane_name = timeline.hex8();
    let mut walk = None;
    for shard in scope.log.shards(scope.lineage, &lane_name)? {
        for name in scope.log.names(scope.lineage, &lane_name, &shard)? {
            scope.check_cancel()?;
            let file = WalFile::parse(&name)
                .filter(|file| wal::key(file, scope.system).shard == shard && !name.is_empty());
            match file {
                Some(WalFile::Segment(_)) => lane.segment(scope, &name, &mut walk, report)?,
                Some(file @ WalFile::Partial(raw)) => {
                    let size = match lane.size {
                        Some(size) => Some(size),
                        None => scope.first_page(&scope.key(&file))?.map(|page| page.segment_size),
                    };
                    let named = size.and_then(|size| raw.with_size(size));
                    lane.partials.extend(named.map(|name| name.number));
                    lane.small(scope, &name, report)?;
                }
                Some(WalFile::History(of)) if of == timeline => {
                    lane.read_history(scope, report)?;
                }
                Some(_) => lane.small(scope, &name, report)?,
                None => {
                    report.warn(
                        &catalogue::STRANGE_NAME,
                        format!("{lane_name}/{shard}/{name} is no file of the log"),
                    );
                }
            }
        }
    }
    Ok(lane)
}

impl Lane {
    fn segment(
        &mut self,
        scope: &Scope<'_>,
        name: &str,
        walk: &mut Option<Walk>,
        report: &mut LogReport,
    ) -> Result<()> {
        let Some(file @ WalFile::Segment(raw)) = WalFile::parse(name) else { return Ok(()) };
        let key = scope.key(&file);
        let read = match Read::all(scope, &key, raw, walk.take()) {
            Ok(read) => read,
            Err(error) => return damaged(error, report),
        };
        report.pieces += 1;
        report.bytes += read.bytes;
        let named = read.page.and_then(|page| Some((page, raw.with_size(page.segment_size)?)));
        let Some((page, named)) = named else {
            let text = format!("{key} is no segment of that name");
            report.note(&catalogue::WRONG_CONTENT, text);
            return Ok(());
        };
        self.size = self.size.or(Some(page.segment_size));
        self.require_no_gap(named, report);
        self.segments.insert(named.number);
        if let Err(error) = page.check(&named, Some(scope.system)) {
            let text = format!("{key} is not what its name says: {error}");
            report.note(&catalogue::WRONG_CONTENT, text);
        } else if let Some(stop) = read.stop {
            let is_other = read.continues
                && stop.at <= named.first_lsn(page.segment_size)
                && stop.reason != StopReason::Zeros;
            let (rule, text) = if is_other {
                let text = format!("{key} does not continue the segment before it: {stop}");
                (&catalogue::DIVERGED, text)
            } else {
                (&catalogue::TORN, format!("{key}: {stop}"))
            };
            report.note(rule, text);
        } else if read.bytes != page.segment_size.bytes() {
            let (bytes, wanted) = (read.bytes, page.segment_size.bytes());
            let text = format!("{key} has {bytes} bytes, a complete segment has {wanted}");
            report.note(&catalogue::TORN, text);
        } else if let Some(mut going) = read.going {
            going.next = named.number.next();
            *walk = Some(going);
        }
        Ok(())
    }

    fn require_no_gap(&self, name: SegmentName, report: &mut LogReport) {
        let (Some(last), Some(size)) = (self.segments.last(), self.size) else { return };
        if name.number <= last.next() {
            return;
        }
        let first = SegmentName { timeline: self.timeline, number: last.next() };
        let missing = name.number.get() - last.next().get();
        report.note(
            &catalogue::GAP,
            format!(
                "{missing} segment(s) are missing from {} on; the log goes on with {}",
                first.name(size),
                name.name(size)
            ),
        );
    }

    fn read_history(&mut self, scope: &Scope<'_>, report: &mut LogReport) -> Result<()> {
        let key = scope.key(&WalFile::History(self.timeline));
        match scope.log.read_small(&key) {
            Ok(Some(bytes)) => match History::parse(self.timeline, &bytes) {
                Ok(history) => self.history = Some(history),
                Err(error) => report.note(&catalogue::HISTORY_DAMAGED, format!("{key}: {error}")),
            },
            Ok(None) => {}
            Err(error) => damaged(error, report)?,
        }
        Ok(())
    }

    /// Pieces of which only the bytes can be checked.
    fn small(&self, scope: &Scope<'_>, name: &str, report: &mut LogReport) -> Result<()> {
        let Some(file) = WalFile::parse(name) else { return Ok(()) };
        match scope.log.read(&scope.key(&file), &mut |_| Ok(())) {
            Ok(_) => Ok(()),
            Err(error) => damaged(error, report),
        }
    }
}

/// What reading a segment to its end showed.
#[derive(Default)]
struct Read {
    page: Option<FirstPage>,
    bytes: u64,
    stop: Option<Stop>,
    /// Whether the walk came from the segment before.
    continues: bool,
    going: Option<Walk>,
}

impl Read {
    /// # Errors
    /// The piece cannot be read, or its bytes are not those that were written.
    fn all(
        scope: &Scope<'_>,
        key: &LogKey,
        raw: RawSegment,
        mut before: Option<Walk>,
    ) -> Result<Self> {
        let mut read = Self::default();
        scope.log.read(key, &mut |block| {
            scope.check_cancel()?;
            if read.page.is_none() {
                read.page = FirstPage::parse(block).ok();
                read.going = before.take().filter(|walk| follows(walk, read.page.as_ref(), raw));
                read.continues = read.going.is_some();
            }
            if let (None, Some(page)) = (&read.going, &read.page) {
                let next = SegmentNumber::of(page.page_address, page.segment_size);
                read.going = Some(Walk { walker: Walker::new(page), next });
            }
            if let (Some(walk), None) = (&mut read.going, read.stop) {
                read.stop = walk.walker.feed(block, &mut |_| {}).err();
            }
            read.bytes += block.len() as u64;
            scope.progress.advance(block.len() as u64);
            Ok(())
        })?;
        Ok(read)
    }
}

fn follows(walk: &Walk, page: Option<&FirstPage>, raw: RawSegment) -> bool {
    let named = page.and_then(|page| raw.with_size(page.segment_size));
    named.is_some_and(|name| name.number == walk.next)
}

/// A piece whose bytes are not those that were written is a finding; all else ends the work.
fn damaged(error: Error, report: &mut LogReport) -> Result<()> {
    if !matches!(error.kind(), Kind::Checksum | Kind::Manifest) {
        return Err(error);
    }
    report.note(&catalogue::DAMAGED, error.line());
    Ok(())
}
