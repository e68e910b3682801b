//! One timeline's pieces, from the first to the last.

use super::{LogReport, Scope};
use crate::wal;
use errors::{Error, Kind, Result};
use formats::segment::RawSegment;
use formats::wal::{StopReason, Walker};
use formats::{FirstPage, History, SegmentName, SegmentNumber, SegmentSize, TimelineId, WalFile};
use std::collections::BTreeSet;

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
                        "wal-strange-name",
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
        let (mut page, mut stop, mut bytes, mut continues) = (None, None, 0, false);
        let mut going = walk.take();
        let read = scope.log.read(&key, &mut |block| {
            scope.check_cancel()?;
            if page.is_none() {
                page = FirstPage::parse(block).ok();
                going = going.take().filter(|walk| follows(walk, page.as_ref(), raw));
                continues = going.is_some();
            }
            if let (None, Some(page)) = (&going, &page) {
                let next = SegmentNumber::of(page.page_address, page.segment_size);
                going = Some(Walk { walker: Walker::new(page), next });
            }
            if let (Some(walk), None) = (&mut going, stop) {
                stop = walk.walker.feed(block, &mut |_| {}).err();
            }
            bytes += block.len() as u64;
            scope.progress.advance(block.len() as u64);
            Ok(())
        });
        if let Err(error) = read {
            return damaged(error, report);
        }
        report.segments += 1;
        report.bytes += bytes;
        let Some(page) = page else {
            report.note("wal-wrong-content", format!("{key} is no segment"));
            return Ok(());
        };
        self.size = self.size.or(Some(page.segment_size));
        let Some(named) = raw.with_size(page.segment_size) else {
            report
                .note("wal-wrong-content", format!("{key}: no segment of its size has that name"));
            return Ok(());
        };
        self.require_no_gap(named, report);
        self.segments.insert(named.number);
        if let Err(error) = page.check(&named, Some(scope.system)) {
            report.note("wal-wrong-content", format!("{key} is not what its name says: {error}"));
        } else if let Some(stop) = stop {
            let is_other = continues && stop.at <= named.first_lsn(page.segment_size);
            match is_other && stop.reason != StopReason::Zeros {
                true => report.note(
                    "wal-diverged",
                    format!("{key} does not continue the segment before it: {stop}"),
                ),
                false => report.note("wal-torn", format!("{key}: {stop}")),
            }
        } else if bytes != page.segment_size.bytes() {
            let wanted = page.segment_size.bytes();
            report.note(
                "wal-torn",
                format!("{key} has {bytes} bytes, a complete segment has {wanted}"),
            );
        } else if let Some(mut going) = going {
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
            "wal-gap",
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
                Err(error) => report.note("wal-history-damaged", format!("{key}: {error}")),
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

fn follows(walk: &Walk, page: Option<&FirstPage>, raw: RawSegment) -> bool {
    let named = page.and_then(|page| raw.with_size(page.segment_size));
    named.is_some_and(|name| name.number == walk.next)
}

/// A piece whose bytes are not those that were written is a finding; all else ends the work.
fn damaged(error: Error, report: &mut LogReport) -> Result<()> {
    if !matches!(error.kind(), Kind::Checksum | Kind::Manifest) {
        return Err(error);
    }
    report.note("wal-damaged", error.line());
    Ok(())
}
