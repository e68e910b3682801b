//! The chain of a recovery: a full, its increments, and nothing that contradicts them.

use crate::state::State;
use errors::{Error, Kind, Result};
use std::collections::BTreeMap;
use std::fs;
use stream::{
    Chain, Layout, Level, Link, Plan, RecoveryRequest, RecoveryTarget, TargetAction, Window,
    exact_time,
};

/// Chooses the newest backup that is not after the target, and its parents.
///
/// # Errors
/// `not-found`: no backup serves; `log-gap`: the target lies after the newest one, and binlogs are
/// not archived; `manifest`: a chain is broken.
pub(crate) fn choose<'a>(links: &'a [Link], request: &RecoveryRequest) -> Result<Chain<'a>> {
    let mut data: Vec<&Link> = links.iter().filter(|link| link.level != Level::Log).collect();
    data.sort_by_key(|link| (link.finished_at, link.job));
    let last = newest(&data, request)?;
    Chain::new(chain(&data, last)?)
}

/// What the recovery of a chain will do.
///
/// # Errors
/// `manifest`: a link cannot be read.
pub(crate) fn plan(chain: &Chain<'_>, request: &RecoveryRequest) -> Result<Plan> {
    let state = State::of(chain.newest())?;
    let mut settings = BTreeMap::from([("last_lsn".to_owned(), state.last_lsn.to_string())]);
    if let Some(place) = &state.binlog {
        settings.insert("binlog_file".to_owned(), place.file.clone());
        settings.insert("binlog_position".to_owned(), place.position.to_string());
        settings.insert("gtid".to_owned(), place.gtid.clone());
    }
    Ok(Plan {
        chain: chain.ids(),
        // There is no log to go on from: the newest that there is, is the backup itself.
        target: match &request.target {
            RecoveryTarget::Latest => RecoveryTarget::Immediate,
            other => other.clone(),
        },
        inclusive: true,
        action: TargetAction::Promote,
        log: Vec::new(),
        settings,
        notes: notes(&state, request),
    })
}

fn notes(state: &State, request: &RecoveryRequest) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(place) = &state.binlog {
        let gtid = if place.gtid.is_empty() { "none" } else { &place.gtid };
        notes.push(format!(
            "binlogs go on from {} position {}, GTID {gtid}",
            place.file, place.position
        ));
    }
    if matches!(request.target, RecoveryTarget::Time(_)) {
        notes.push("the state is that of the backup itself: binlogs are not replayed".to_owned());
    }
    notes
}

fn newest<'a>(data: &[&'a Link], request: &RecoveryRequest) -> Result<&'a Link> {
    let none = || Error::new(Kind::NotFound, "there are no backups of data");
    if let Some(name) = request.link {
        let found = data.iter().find(|link| link.name() == name).copied();
        return found.ok_or_else(|| Error::new(Kind::NotFound, format!("there is no {name}")));
    }
    let newest = data.iter().rev().find(|link| !is_partial(link)).copied().ok_or_else(none)?;
    match &request.target {
        RecoveryTarget::Latest | RecoveryTarget::Immediate => Ok(newest),
        RecoveryTarget::Time(time) => at_or_before(
            data,
            newest,
            |link| link.earliest.as_ref().is_some_and(|earliest| earliest.time == *time),
            &exact_time(time),
        ),
        RecoveryTarget::Position(position) => {
            at_or_before(data, newest, |link| link.to == *position, &position.value().to_string())
        }
        RecoveryTarget::Transaction(_) | RecoveryTarget::Name(_) => {
            Err(Error::new(Kind::Usage, "MariaDB and MySQL know no such target")
                .hint("Name a backup with --backup."))
        }
    }
}

/// Without binlogs only the backups' own moments can be reached.
fn at_or_before<'a>(
    data: &[&'a Link],
    newest: &'a Link,
    is_it: impl Fn(&Link) -> bool,
    wanted: &str,
) -> Result<&'a Link> {
    if let Some(link) = data.iter().find(|link| is_it(link) && !is_partial(link)) {
        return Ok(link);
    }
    let moments: Vec<String> = data
        .iter()
        .filter_map(|link| Some((link, link.earliest.as_ref()?)))
        .map(|(link, earliest)| {
            format!("{} (LSN {}, {})", exact_time(&earliest.time), link.to.value(), link.name())
        })
        .collect();
    Err(Error::new(
        Kind::LogGap,
        format!("no backup ends at {wanted}, and there are no binlogs to replay"),
    )
    .hint(format!("What can be reached: {}.", moments.join("; ")))
    .hint(format!("For the newest one give no target, or --backup {}.", newest.name())))
}

fn is_partial(link: &Link) -> bool {
    State::of(link).is_ok_and(|state| state.is_partial)
}

/// The links from the full to the last one; those that hold nothing are passed over.
fn chain<'a>(data: &[&'a Link], last: &'a Link) -> Result<Vec<&'a Link>> {
    let mut chain = Vec::new();
    let mut next = Some(last);
    while let Some(link) = next {
        if chain.len() > data.len() {
            return Err(Error::new(Kind::Manifest, format!("{} is its own parent", link.name())));
        }
        if !State::of(link)?.streams.is_empty() {
            chain.push(link);
        }
        next = match (&link.parent, link.level) {
            (None, Level::Full) => None,
            (None, _) => {
                let text = format!("{} is not a full and has no parent", link.name());
                return Err(Error::new(Kind::Manifest, text));
            }
            (Some(id), _) => Some(parent(data, link, *id)?),
        };
    }
    chain.reverse();
    Ok(chain)
}

/// A child begins where its parent ends; the tool would find out, but only after hours.
fn parent<'a>(data: &[&'a Link], link: &Link, id: uuid::Uuid) -> Result<&'a Link> {
    let found = data.iter().find(|parent| parent.id == id).copied().ok_or_else(|| {
        let text = format!("the parent of {} is not in the repository", link.name());
        Error::new(Kind::NotFound, text).hint("Restore another backup: `seawall list`.")
    })?;
    if found.to == link.from {
        return Ok(found);
    }
    let text = format!("{} begins elsewhere than its parent {} ends", link.name(), found.name());
    Err(Error::new(Kind::Manifest, text))
}

/// What a backup reaches: itself.
pub(crate) fn window(link: &Link) -> Window {
    Window {
        history: String::new(),
        to: link.to,
        last: link.earliest.as_ref().map(|earliest| earliest.time),
        latest: link.earliest.as_ref().map(|earliest| earliest.time),
        is_whole: true,
        gap: None,
    }
}

/// Refuses a data directory in which a server holds its files.
///
/// # Errors
/// `target-running`.
pub(crate) fn refuse_running(layout: &Layout) -> Result<()> {
    let Some(data) = layout.roots.get(&crate::root()?) else { return Ok(()) };
    let Ok(wanted) = fs::canonicalize(data) else { return Ok(()) };
    let Ok(processes) = fs::read_dir("/proc") else { return Ok(()) };
    for process in processes.flatten() {
        let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
        let is_server = matches!(name.trim(), "mariadbd" | "mysqld");
        if is_server && fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == wanted) {
            let text = format!("a server is running in {}", data.display());
            return Err(Error::new(Kind::TargetRunning, text)
                .hint("Stop it, or restore to another directory."));
        }
    }
    Ok(())
}
