//! Planning a recovery: which backup, along which timelines, and whether the log reaches.

mod facts;
mod proof;
mod reach;
mod route;
mod timelines;
mod window;

use crate::state::State;
use crate::wal;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use errors::{Error, Kind, Result};
use facts::Segments;
use formats::wal::Xid;
use formats::{Lsn, SegmentNumber};
use proof::{Proof, Sought};
use reach::Reach;
use route::Route;
pub(crate) use route::choose;

use std::collections::BTreeMap;
use stream::{
    Chain, Link, LogView, Plan, RecoveryRequest, RecoveryTarget, TargetAction, exact_time,
};
pub(crate) use timelines::Course;
pub(crate) use window::{restore_points, window};

/// Proves of the newest of the chosen backups that can do it that recovery from it finds the target.
///
/// # Errors
/// `log-gap`: none serves, or the log does not reach the target; the message says what can be
/// reached instead.
pub(crate) fn prove(
    chains: &[Chain<'_>],
    log: &dyn LogView,
    request: &RecoveryRequest,
) -> Result<Plan> {
    let routes = route::routes(chains, log, request)?;
    let Some(best) = routes.first() else {
        return Err(Error::new(Kind::Bug, "there is no way to recover"));
    };
    // Another backup may serve where this one does not; another history is never taken unasked.
    let mut refused = None;
    for route in routes.iter().filter(|route| route.history() == best.history()) {
        match prove_route(route, log, request) {
            Ok(plan) => return Ok(plan),
            Err(Refusal::TooLate(error)) => {
                refused.get_or_insert(error);
            }
            Err(Refusal::Final(error)) => {
                refused.get_or_insert(error);
                break;
            }
        }
    }
    let error = refused.unwrap_or_else(|| Error::new(Kind::Bug, "nothing was tried"));
    Err(with_other_timelines(error, &routes, best, log, request))
}

/// Why one way does not serve.
enum Refusal {
    /// The target lies before the backup's end, or is not in the log behind it: an older backup may
    /// serve.
    TooLate(Error),
    Final(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

fn prove_route(
    route: &Route<'_>,
    log: &dyn LogView,
    request: &RecoveryRequest,
) -> Result<Plan, Refusal> {
    let Route { link, state, course } = route;
    let reach = Reach::measure(log, state, course)?;
    reach.require_backup(state, link)?;
    let mut settings = BTreeMap::from([
        ("timeline".to_owned(), course.last.to_string()),
        ("major".to_owned(), state.major.to_string()),
        ("lineage".to_owned(), state.system_identifier.to_string()),
        ("reaches_lsn".to_owned(), reach.end().to_string()),
    ]);
    let mut notes = Vec::new();
    if let Some(sought) = sought(request)? {
        let segments = Segments { log, system: state.system_identifier, size: state.segment_size };
        let proof = proof::search(segments, reach.segments(), &sought)?;
        match &proof.stop {
            Some(stop) if stop.begin >= state.stop => {
                settings.insert("stops_at".to_owned(), format!("{}, {}", stop.begin, stop.what));
                if let Some(last) = proof.last {
                    settings.insert("last_before".to_owned(), exact_time(&last));
                }
            }
            Some(stop) => return Err(Refusal::TooLate(before_consistency(link, stop.begin))),
            None => {
                let error = unreachable(&reach, &proof, request, link);
                return Err(match sought {
                    // An older backup has more log behind it.
                    Sought::Transaction(_) | Sought::Name(_) => Refusal::TooLate(error),
                    Sought::Time { .. } | Sought::Position(_) => Refusal::Final(error),
                });
            }
        }
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
        log: reach.spans(state),
        settings,
        notes,
    })
}

/// What recovery will look for; nothing where it goes to the end, or as far as the backup itself.
fn sought(request: &RecoveryRequest) -> Result<Option<Sought>> {
    let or_at = request.inclusive == Some(false);
    Ok(match &request.target {
        RecoveryTarget::Latest | RecoveryTarget::Immediate => None,
        RecoveryTarget::Time(time) => Some(Sought::Time { time: *time, or_at }),
        RecoveryTarget::Position(position) => Some(Sought::Position(wal::lsn(*position))),
        RecoveryTarget::Transaction(text) => Some(Sought::Transaction(transaction(text)?)),
        RecoveryTarget::Name(name) => Some(Sought::Name(name.clone().into_bytes())),
    })
}

/// A transaction as `txid_current()` prints it.
fn transaction(text: &str) -> Result<Xid> {
    let number: u64 = text.parse().map_err(|_| {
        Error::new(Kind::Usage, format!("{text:?} is not a transaction number"))
            .hint("Write it as txid_current() prints it, for example 731.")
    })?;
    u32::try_from(number).map(Xid).map_err(|_| {
        Error::new(Kind::Usage, format!("{number} is not a transaction of this server"))
            .hint("The log knows the lower 32 bits: what txid_current() says modulo 2^32.")
    })
}

/// Without a target the server ends recovery at the end of the log, and is a primary then.
fn action(request: &RecoveryRequest) -> TargetAction {
    match request.target {
        RecoveryTarget::Latest => TargetAction::Promote,
        _ => request.action.unwrap_or(TargetAction::Pause),
    }
}

fn before_consistency(link: &Link, lsn: Lsn) -> Error {
    Error::new(
        Kind::LogGap,
        format!("the target lies at {lsn}, before the backup {} is consistent", link.name()),
    )
    .hint("An older backup is needed.")
}

/// The target is nowhere in the log that follows the backup.
fn unreachable(reach: &Reach, proof: &Proof, request: &RecoveryRequest, link: &Link) -> Error {
    let what = match &request.target {
        RecoveryTarget::Time(time) => format!("the log does not reach {}", exact_time(time)),
        RecoveryTarget::Position(position) => {
            format!("the log does not reach LSN {}", wal::lsn(*position))
        }
        RecoveryTarget::Transaction(number) => format!("transaction {number} is not in the log"),
        RecoveryTarget::Name(name) => format!("there is no restore point {name:?} in the log"),
        RecoveryTarget::Latest | RecoveryTarget::Immediate => String::new(),
    };
    let end = proof.broken.clone().unwrap_or_else(|| reach.end_text());
    let error = Error::new(Kind::LogGap, format!("{what}: {end}"))
        .hint(format!("It reaches LSN {}.", reach.end()));
    let latest = proof.latest.map(|last| (last, latest_second(last, link)));
    let error = match latest {
        None => error.hint("No transaction ended after the backup."),
        Some((last, None)) => error.hint(format!("The last one ended at {}.", exact_time(&last))),
        Some((last, Some(second))) => error.hint(format!(
            "The last transaction ended at {}: the latest second that can be recovered is {}.",
            exact_time(&last),
            exact_time(&second)
        )),
    };
    error.hint("--target latest recovers all of it.")
}

/// The latest full second that recovery can be asked for, if the backup serves it: the server stops
/// before the first transaction that ended later, so not at the last one's own time.
fn latest_second(last: DateTime<Utc>, link: &Link) -> Option<DateTime<Utc>> {
    let second = (last - TimeDelta::microseconds(1)).trunc_subsecs(0);
    link.earliest.as_ref().is_some_and(|earliest| earliest.time <= second).then_some(second)
}

/// The target may lie on another branch of the history.
fn with_other_timelines(
    error: Error,
    routes: &[Route<'_>],
    refused: &Route<'_>,
    log: &dyn LogView,
    request: &RecoveryRequest,
) -> Error {
    let (system, last) = refused.history();
    let others = routes.iter().filter(|route| {
        let history = route.history();
        history.0 == system && history.1 != last
    });
    for route in others {
        if prove_route(route, log, request).is_ok() {
            let timeline = route.course.last;
            return error.hint(format!("Timeline {timeline} has it: --target-timeline {timeline}"));
        }
    }
    error
}

/// The segment in which recovery of a backup begins.
fn first_segment(state: &State) -> SegmentNumber {
    SegmentNumber::of(state.start, state.segment_size)
}

#[cfg(test)]
mod tests;
