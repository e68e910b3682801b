//! Where a recovery may begin, and along which timelines: all ways, the best one first.

use super::timelines::{Course, Timelines, Wanted};
use crate::state::State;
use crate::wal;
use errors::{Error, Kind, Result};
use formats::{SystemIdentifier, TimelineId};
use std::collections::BTreeSet;
use stream::{Chain, Level, Link, LogView, RecoveryRequest, RecoveryTarget, exact_time};

/// A backup, and the timelines from there to the end.
#[derive(Debug, Clone)]
pub(super) struct Route<'a> {
    pub(super) link: &'a Link,
    pub(super) state: State,
    pub(super) course: Course,
}

impl Route<'_> {
    /// Which cluster's history it follows, and to which timeline.
    pub(super) fn history(&self) -> (SystemIdentifier, TimelineId) {
        (self.state.system_identifier, self.course.last)
    }
}

/// The backups that can serve as far as they tell themselves: the newest cluster of the target, the
/// newest backup of it.
///
/// # Errors
/// `not-found`: there is no backup, or not the one asked for; `log-gap`: none is old enough; `usage`:
/// not a transaction, or not a timeline.
pub(crate) fn choose<'a>(links: &'a [Link], request: &RecoveryRequest) -> Result<Vec<Chain<'a>>> {
    // A file daemon proves only when all files have come: what cannot be read is found before.
    Wanted::parse(request.history.as_deref())?;
    super::sought(request)?;
    let fulls = fulls(links, request)?;
    let (serving, rest): (Vec<_>, Vec<_>) =
        fulls.into_iter().partition(|(link, _)| serves(link, &request.target));
    if serving.is_empty() {
        return Err(too_early(&rest, request));
    }
    let mut chosen = Vec::new();
    for system in clusters(&serving) {
        let mut own: Vec<_> =
            serving.iter().filter(|(_, state)| state.system_identifier == system).collect();
        own.sort_by_key(|(link, _)| std::cmp::Reverse(link.to));
        chosen.extend(own.into_iter().map(|(link, _)| Chain::alone(link)));
    }
    Ok(chosen)
}

/// All routes from the chosen backups, in this order: the newest cluster, its newest timeline, the
/// newest backup on it. Never empty.
///
/// # Errors
/// `log-gap`: none lies on the timeline.
pub(super) fn routes<'a>(
    chains: &[Chain<'a>],
    log: &dyn LogView,
    request: &RecoveryRequest,
) -> Result<Vec<Route<'a>>> {
    let read = |chain: &Chain<'a>| Ok((chain.newest(), State::of(chain.newest())?));
    let fulls = chains.iter().map(read).collect::<Result<Vec<Full<'a>>>>()?;
    let wanted = Wanted::parse(request.history.as_deref())?;
    let mut all = Vec::new();
    for system in clusters(&fulls) {
        let timelines = Timelines::read(log, system)?;
        let mut own: Vec<_> =
            fulls.iter().filter(|(_, state)| state.system_identifier == system).collect();
        own.sort_by_key(|(link, _)| std::cmp::Reverse(link.to));
        let ends: BTreeSet<TimelineId> =
            timelines.newest_first().chain(own.iter().map(|(_, state)| state.timeline)).collect();
        for last in ends.into_iter().rev() {
            for (link, state) in &own {
                let course = match (&request.target, wanted) {
                    // Recovery ends before any other timeline could begin.
                    (RecoveryTarget::Immediate, Wanted::Latest | Wanted::Current)
                    | (_, Wanted::Current) => (state.timeline == last).then(|| Course::alone(last)),
                    (_, Wanted::Number(number)) if number != last => None,
                    _ => timelines.course(state, last),
                };
                all.extend(course.map(|course| Route { link, state: state.clone(), course }));
            }
        }
    }
    match all.is_empty() {
        true => Err(off_the_timeline(request)),
        false => Ok(all),
    }
}

type Full<'a> = (&'a Link, State);

fn fulls<'a>(links: &'a [Link], request: &RecoveryRequest) -> Result<Vec<Full<'a>>> {
    let mut fulls = Vec::new();
    for link in links.iter().filter(|link| link.level == Level::Full) {
        if request.link.is_none_or(|wanted| wanted == link.name()) {
            fulls.push((link, State::of(link)?));
        }
    }
    if !fulls.is_empty() {
        return Ok(fulls);
    }
    Err(match request.link {
        Some(wanted) => Error::new(Kind::NotFound, format!("there is no backup {wanted}")),
        None => Error::new(Kind::NotFound, "there is no backup to restore from")
            .hint("`seawall list` shows what is there."),
    })
}

/// The clusters of a target, the one that was backed up last first.
fn clusters(fulls: &[Full<'_>]) -> Vec<SystemIdentifier> {
    let mut by_job: Vec<_> = fulls.iter().collect();
    by_job.sort_by_key(|(link, _)| std::cmp::Reverse(link.job));
    let mut clusters = Vec::new();
    for (_, state) in by_job {
        if !clusters.contains(&state.system_identifier) {
            clusters.push(state.system_identifier);
        }
    }
    clusters
}

/// Whether a backup is old enough for a target. Of a transaction or a name only its place in the
/// log can tell.
fn serves(link: &Link, target: &RecoveryTarget) -> bool {
    let Some(earliest) = &link.earliest else { return false };
    match target {
        RecoveryTarget::Latest
        | RecoveryTarget::Immediate
        | RecoveryTarget::Transaction(_)
        | RecoveryTarget::Name(_) => true,
        RecoveryTarget::Time(time) => earliest.time <= *time,
        RecoveryTarget::Position(position) => earliest.position.value() <= position.value(),
    }
}

fn off_the_timeline(request: &RecoveryRequest) -> Error {
    let timeline = request.history.as_deref().unwrap_or("latest");
    let what = match request.link {
        Some(link) => format!("the backup {link} is not on timeline {timeline}"),
        None => format!("no backup lies on timeline {timeline} before it was begun or on it"),
    };
    Error::new(Kind::LogGap, what)
        .hint("`seawall list` shows each backup's timeline; `seawall show` which follow it.")
}

fn too_early(fulls: &[Full<'_>], request: &RecoveryRequest) -> Error {
    let earliest = fulls.iter().filter_map(|(link, _)| link.earliest.as_ref());
    let what = match request.link {
        Some(link) => format!("the backup {link} cannot serve this target"),
        None => "no backup is old enough for this target".to_owned(),
    };
    let error = Error::new(Kind::LogGap, what);
    match earliest.min_by_key(|earliest| earliest.time) {
        None => error,
        Some(earliest) => {
            let lsn = wal::lsn(earliest.position);
            error.hint(format!("It begins at {}, LSN {lsn}.", exact_time(&earliest.time)))
        }
    }
}
