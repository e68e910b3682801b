//! Planning a recovery: which backup, along which timelines, and whether the log reaches.

mod reach;
mod timelines;

use crate::state::State;
use chrono::{DateTime, SecondsFormat, Utc};
use errors::{Error, Kind, Result};
use formats::{Lsn, SegmentNumber};
use reach::Reach;
use std::collections::BTreeMap;
use stream::{Level, Link, LogView, Plan, RecoveryRequest, RecoveryTarget, TargetAction};
use timelines::Course;

/// Chooses the newest backup that serves, and proves the log up to the target.
///
/// # Errors
/// `not-found`: no backup at all, or not the one asked for; `log-gap`: none serves, or the log has
/// a gap; the message says what can be reached instead.
pub(crate) fn plan(links: &[Link], log: &dyn LogView, request: &RecoveryRequest) -> Result<Plan> {
    let link = choose(links, request)?;
    let state = State::of(link)?;
    let course = match request.target {
        // Recovery ends before any other timeline could begin.
        RecoveryTarget::Immediate => Course::alone(state.timeline),
        _ => Course::newest(log, &state)?,
    };
    let reach = Reach::measure(log, &state, &course)?;
    reach.require_backup(&state, link)?;
    let mut notes = Vec::new();
    match &request.target {
        RecoveryTarget::Position(position) => {
            let lsn = Lsn(u64::try_from(position.value()).unwrap_or(u64::MAX));
            reach.require_position(lsn)?;
        }
        RecoveryTarget::Time(time) => {
            reach.require_time(*time)?;
            notes.push(
                "the log reaches past that time by the times of its segments; whether a transaction \
                 was committed after it is not proven"
                    .to_owned(),
            );
        }
        RecoveryTarget::Latest | RecoveryTarget::Immediate => {}
    }
    if action(request) == TargetAction::Pause {
        notes.push(
            "paused, the server answers queries, but what a later transaction was changing (a DROP \
             TABLE, say) stays locked until SELECT pg_wal_replay_resume() promotes it"
                .to_owned(),
        );
    }
    notes.extend(reach.note());
    Ok(Plan {
        chain: vec![link.id],
        target: request.target.clone(),
        inclusive: request.inclusive.unwrap_or(true),
        action: action(request),
        log: reach.spans(&state),
        settings: BTreeMap::from([
            ("timeline".to_owned(), course.last.to_string()),
            ("major".to_owned(), state.major.to_string()),
            ("lineage".to_owned(), state.system_identifier.to_string()),
            ("reaches_lsn".to_owned(), reach.end().to_string()),
            ("reaches_time".to_owned(), reach.time().map(print_time).unwrap_or_default()),
        ]),
        notes,
    })
}

/// Without a target the server ends recovery at the end of the log, and is a primary then.
fn action(request: &RecoveryRequest) -> TargetAction {
    match request.target {
        RecoveryTarget::Latest => TargetAction::Promote,
        _ => request.action.unwrap_or(TargetAction::Pause),
    }
}

fn choose<'a>(links: &'a [Link], request: &RecoveryRequest) -> Result<&'a Link> {
    let mut fulls = links.iter().filter(|link| link.level == Level::Full);
    if let Some(wanted) = request.link {
        let found = fulls.find(|link| link.name() == wanted);
        let link = found
            .ok_or_else(|| Error::new(Kind::NotFound, format!("there is no backup {wanted}")))?;
        return if serves(link, &request.target) {
            Ok(link)
        } else {
            Err(too_early(&[link], request))
        };
    }
    let fulls: Vec<&Link> = fulls.collect();
    if fulls.is_empty() {
        return Err(Error::new(Kind::NotFound, "there is no backup to restore from")
            .hint("`seawall list` shows what is there."));
    }
    let newest =
        fulls.iter().filter(|link| serves(link, &request.target)).max_by_key(|link| link.to);
    newest.copied().ok_or_else(|| too_early(&fulls, request))
}

fn serves(link: &Link, target: &RecoveryTarget) -> bool {
    let Some(earliest) = &link.earliest else { return false };
    match target {
        RecoveryTarget::Latest | RecoveryTarget::Immediate => true,
        RecoveryTarget::Time(time) => earliest.time <= *time,
        RecoveryTarget::Position(position) => earliest.position.value() <= position.value(),
    }
}

fn too_early(links: &[&Link], request: &RecoveryRequest) -> Error {
    let first =
        links.iter().filter_map(|link| link.earliest.as_ref()).min_by_key(|earliest| earliest.time);
    let what = match request.link {
        Some(link) => format!("the backup {link} cannot serve this target"),
        None => "no backup is old enough for this target".to_owned(),
    };
    let error = Error::new(Kind::LogGap, what);
    match first {
        None => error,
        Some(earliest) => {
            let lsn = Lsn(u64::try_from(earliest.position.value()).unwrap_or(u64::MAX));
            error.hint(format!("It begins at {}, LSN {lsn}.", print_time(earliest.time)))
        }
    }
}

/// A time as the options take it, in UTC.
pub(crate) fn print_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The segment in which recovery of a backup begins.
fn first_segment(state: &State) -> SegmentNumber {
    SegmentNumber::of(state.start, state.segment_size)
}

#[cfg(test)]
mod tests;
