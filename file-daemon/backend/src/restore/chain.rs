//! Which of the selected jobs are laid out: the newest backup of data, and all that continue it.

use super::carried_log::CarriedLog;
use super::subject::{Needed, Surroundings};
use errors::{Error, Kind, Result};
use std::collections::BTreeSet;
use stream::{Level, Link, Plan, RecoveryRequest, RecoveryTarget};
use uuid::Uuid;

/// The newest backup of data that can serve the target, among the jobs that were selected.
pub(super) fn choose<'a>(links: &'a [Link], request: &RecoveryRequest) -> Result<&'a Link> {
    let serves = |link: &&Link| {
        let Some(earliest) = &link.earliest else { return false };
        match &request.target {
            RecoveryTarget::Time(time) => earliest.time <= *time,
            RecoveryTarget::Position(position) => earliest.position <= *position,
            _ => true,
        }
    };
    let data = || links.iter().filter(|link| link.level != Level::Log);
    data().rfind(serves).ok_or_else(|| {
        let names: Vec<String> = data().map(|link| link.name().to_string()).collect();
        let text = match names.is_empty() {
            true => "among the selected jobs is none with the data itself".to_owned(),
            false => format!("none of {} reaches back to the target", names.join(", ")),
        };
        Error::new(Kind::NotFound, text).hint("Select the jobs from the last full on.")
    })
}

/// A backup and all that continue it.
pub(super) fn descendants(links: &[Link], data: &Link) -> BTreeSet<Uuid> {
    let mut found = BTreeSet::from([data.id]);
    // They stand in the order of their jobs: a parent before its children.
    for link in links {
        if link.parent.is_some_and(|parent| found.contains(&parent)) {
            found.insert(link.id);
        }
    }
    found
}

/// Says which of the selected jobs are of no use here.
pub(super) fn leave_out(links: &[Link], chain: &BTreeSet<Uuid>) {
    for link in links.iter().filter(|link| !chain.contains(&link.id)) {
        tracing::warn!("the backup {} is not part of the chain and is left out", link.name());
    }
}

/// The log must reach from the backup on, as far as the links tell; whether it reaches the target
/// is known when it is here.
pub(super) fn first_proof(
    with: &Surroundings<'_>,
    data: &Link,
    needed: &Needed,
    request: &RecoveryRequest,
) -> Result<Plan> {
    let promised = CarriedLog::promised(needed.links());
    let to_its_end = RecoveryRequest {
        target: RecoveryTarget::Immediate,
        inclusive: None,
        action: None,
        // Which histories there are is written in pieces of log that have not come yet.
        history: (promised.lanes_count() > 1).then(|| "current".to_owned()),
        ..request.clone()
    };
    with.engine.cover(std::slice::from_ref(data), &promised, &to_its_end)
}
