//! Where timelines part: each must begin where its history says, with a copy of what its parent
//! has.

use super::lane::Lane;
use super::{Note, Scope, catalogue};
use errors::Result;
use formats::{Lsn, SegmentName, SegmentNumber, SegmentSize, TimelineId, WalFile};
use std::hash::{DefaultHasher, Hasher};
use stream::LogReport;

/// # Errors
/// The log cannot be read at all.
pub(super) fn check(scope: &Scope<'_>, lanes: &[Lane], report: &mut LogReport) -> Result<()> {
    for lane in lanes {
        match &lane.history {
            Some(_) => check_fork(scope, lanes, lane, report)?,
            None if lane.timeline.get() > 1 && !lane.segments.is_empty() => {
                let timeline = lane.timeline;
                report.note(
                    &catalogue::HISTORY_MISSING,
                    format!(
                        "the history of timeline {timeline} is missing: no recovery can follow it"
                    ),
                );
            }
            None => {}
        }
        unclaimed_partials(lanes, lane, report);
    }
    Ok(())
}

fn check_fork(
    scope: &Scope<'_>,
    lanes: &[Lane],
    lane: &Lane,
    report: &mut LogReport,
) -> Result<()> {
    let Some(path) = lane.history.as_ref().map(|history| history.path(lane.timeline)) else {
        return Ok(());
    };
    let [.., parent, own] = path.as_slice() else { return Ok(()) };
    let Some(of_parent) = lanes.iter().find(|lane| lane.timeline == parent.timeline) else {
        return Ok(());
    };
    if let Some(history) = &of_parent.history
        && history
            .path(parent.timeline)
            .iter()
            .zip(&path)
            .any(|(theirs, ours)| theirs.timeline != ours.timeline || theirs.begin != ours.begin)
    {
        report.note(
            &catalogue::DIVERGED,
            format!(
                "the histories of timelines {} and {} contradict each other",
                parent.timeline, lane.timeline
            ),
        );
    }
    let Some(size) = lane.size.or(of_parent.size) else { return Ok(()) };
    let fork = own.begin;
    let number = SegmentNumber::of(fork, size);
    begins_at(lane, number, size, report);
    reaches(of_parent, lane.timeline, number, size, report);
    if lane.segments.contains(&number) {
        same_until(scope, of_parent, lane, fork, size, report)?;
    }
    Ok(())
}

/// A timeline's log begins with the segment in which the older one was left.
fn begins_at(lane: &Lane, number: SegmentNumber, size: SegmentSize, report: &mut LogReport) {
    let Some(first) = lane.segments.first().filter(|first| **first > number) else { return };
    let name = |number| SegmentName { timeline: lane.timeline, number }.name(size);
    report.note(
        &catalogue::GAP,
        format!(
            "{} segment(s) are missing from {} on, where timeline {} begins; it goes on with {}",
            first.get() - number.get(),
            name(number),
            lane.timeline,
            name(*first)
        ),
    );
}

/// The older timeline's log must go up to the segment in which it was left.
fn reaches(
    parent: &Lane,
    child: TimelineId,
    number: SegmentNumber,
    size: SegmentSize,
    report: &mut LogReport,
) {
    let Some(last) = parent.segments.last().filter(|last| last.next() < number) else { return };
    let first = SegmentName { timeline: parent.timeline, number: last.next() };
    report.note(
        &catalogue::GAP,
        format!(
            "{} segment(s) are missing from {} on, before timeline {child} begins",
            number.get() - last.next().get(),
            first.name(size)
        ),
    );
}

/// Up to the fork both have the same bytes, or they are two histories under one name.
fn same_until(
    scope: &Scope<'_>,
    parent: &Lane,
    lane: &Lane,
    fork: Lsn,
    size: SegmentSize,
    report: &mut LogReport,
) -> Result<()> {
    let number = SegmentNumber::of(fork, size);
    let theirs = SegmentName { timeline: parent.timeline, number }.name(size);
    let theirs = match (parent.segments.contains(&number), parent.partials.contains(&number)) {
        (true, _) => theirs,
        (false, true) => format!("{theirs}.partial"),
        (false, false) => return Ok(()),
    };
    let ours = SegmentName { timeline: lane.timeline, number }.name(size);
    let length = fork.0 - number.first_lsn(size).0;
    let (one, other) = (hash(scope, &theirs, length)?, hash(scope, &ours, length)?);
    if one.is_some() && other.is_some() && one != other {
        report.note(
            &catalogue::DIVERGED,
            format!("{ours} does not begin with what {theirs} holds before {fork}: it follows another history"),
        );
    }
    Ok(())
}

/// Of the first bytes; `None` where they cannot be read, which is told elsewhere.
fn hash(scope: &Scope<'_>, name: &str, length: u64) -> Result<Option<u64>> {
    let Some(file) = WalFile::parse(name) else { return Ok(None) };
    let mut hasher = DefaultHasher::new();
    let mut left = usize::try_from(length).unwrap_or(usize::MAX);
    let read = scope.log.read(&scope.key(&file), &mut |bytes| {
        let part = bytes.get(..left).unwrap_or(bytes);
        hasher.write(part);
        left -= part.len();
        scope.check_cancel()
    });
    match read {
        Ok(true) => Ok(Some(hasher.finish())),
        Ok(false) => Ok(None),
        Err(error) if error.kind() == errors::Kind::Checksum => Ok(None),
        Err(error) => Err(error),
    }
}

/// A partial segment is used by nobody once a timeline begins in it; until then it may be all that
/// is left of the newest transactions.
fn unclaimed_partials(lanes: &[Lane], lane: &Lane, report: &mut LogReport) {
    let Some(size) = lane.size.or_else(|| lanes.iter().find_map(|lane| lane.size)) else { return };
    for number in lane.partials.difference(&lane.segments) {
        let is_left_there = lanes.iter().any(|child| {
            let fork = child.history.as_ref().and_then(|history| history.fork_of(lane.timeline));
            fork.is_some_and(|fork| SegmentNumber::of(fork, size) == *number)
        });
        if !is_left_there {
            let name = SegmentName { timeline: lane.timeline, number: *number }.name(size);
            report.warn(
                &catalogue::PARTIAL,
                format!("of {name} only a partial copy is there, and no timeline begins in it"),
            );
        }
    }
}
