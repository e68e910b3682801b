//! What can be recovered from a backup: from when to when, and what is missing in between.

use super::facts::Segments;
use super::latest_second;
use super::reach::Reach;
use super::timelines::{Course, Timelines, Wanted};
use crate::state::State;
use chrono::{DateTime, Utc};
use errors::{Error, Kind, Result};
use formats::SegmentName;
use formats::wal::{SegmentFacts, Summary};
use stream::{Gap, Link, LogView, NamedPoint, Position, Window};

/// The window of one backup, along the newest timeline that descends from its own or along the one
/// that is asked for.
///
/// # Errors
/// The log cannot be read.
pub(crate) fn window(link: &Link, log: &dyn LogView, history: Option<&str>) -> Result<Window> {
    let state = State::of(link)?;
    let (segments, reach, timeline) = measure(&state, log, history)?;
    let end = last_transaction(segments, &reach)?;
    let gap = match reach.gap() {
        Some((missing, resumes)) => {
            let last = SegmentName { number: resumes.number.previous(), ..resumes };
            Some(Gap {
                first: missing.name(state.segment_size),
                last: last.name(state.segment_size),
                pieces: resumes.number.get() - missing.number.get(),
                resumes: first_transaction(segments, resumes)?,
            })
        }
        None => None,
    };
    Ok(Window {
        history: timeline,
        to: Position::new(reach.end().0),
        last: end,
        latest: end.and_then(|last| latest_second(last, link)),
        is_whole: reach.end() >= state.stop,
        gap,
    })
}

/// Restore points in the order of the log.
///
/// # Errors
/// As [`window`].
pub(crate) fn restore_points(
    link: &Link,
    log: &dyn LogView,
    history: Option<&str>,
) -> Result<Vec<NamedPoint>> {
    let state = State::of(link)?;
    let (segments, reach, timeline) = measure(&state, log, history)?;
    let mut summary = Summary::new();
    for name in reach.segments() {
        let Some(facts) = segments.facts(&name)? else { break };
        if summary.add(&facts).is_err() {
            break;
        }
    }
    if summary.more_restore_points {
        tracing::warn!("a segment has more restore points than are listed for one");
    }
    let points = summary.restore_points.into_iter().filter(|point| point.begin >= state.stop);
    Ok(points
        .map(|point| NamedPoint {
            name: String::from_utf8_lossy(&point.name).into_owned(),
            time: point.time,
            position: Position::new(point.end.0),
            history: timeline.clone(),
        })
        .collect())
}

fn measure<'a>(
    state: &State,
    log: &'a dyn LogView,
    history: Option<&str>,
) -> Result<(Segments<'a>, Reach, String)> {
    let timelines = Timelines::read(log, state.system_identifier)?;
    let course = match Wanted::parse(history)? {
        Wanted::Latest => timelines.newest(state),
        Wanted::Current => Course::alone(state.timeline),
        Wanted::Number(number) => timelines.course(state, number).ok_or_else(|| {
            Error::new(Kind::LogGap, format!("the backup is not on timeline {number}"))
        })?,
    };
    let reach = Reach::measure(log, state, &course)?;
    let segments = Segments { log, system: state.system_identifier, size: state.segment_size };
    Ok((segments, reach, course.last.to_string()))
}

/// When the last transaction ended: from the end backwards, for most segments have some.
fn last_transaction(segments: Segments<'_>, reach: &Reach) -> Result<Option<DateTime<Utc>>> {
    let mut after: Option<SegmentFacts> = None;
    for name in reach.segments().rev() {
        let Some(facts) = segments.facts(&name)? else { continue };
        // A transaction's end that crosses into the next segment counts there.
        let mut pair = Summary::new();
        for facts in std::iter::once(&facts).chain(&after) {
            if pair.add(facts).is_err() {
                break;
            }
        }
        if let Some(span) = pair.times {
            return Ok(Some(span.latest));
        }
        after = Some(facts);
    }
    Ok(None)
}

/// When the first transaction ended behind a gap.
fn first_transaction(segments: Segments<'_>, first: SegmentName) -> Result<Option<DateTime<Utc>>> {
    let mut name = first;
    while let Some(facts) = segments.facts(&name)? {
        if let Some(span) = facts.times {
            return Ok(Some(span.earliest));
        }
        name.number = name.number.next();
    }
    Ok(None)
}
