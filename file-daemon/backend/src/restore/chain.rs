//! Which of the selected jobs are needed: in two steps, because the log comes among the files. The
//! chain is chosen from the links alone, before the first file; that the log reaches the target is
//! proven when all of it is here.

use super::carried_log::CarriedLog;
use super::subject::{Needed, Surroundings};
use crate::envelope::Envelope;
use errors::{Error, Kind, Result};
use std::collections::BTreeSet;
use stream::{Chain, Engine, Level, Link, Plan, RecoveryRequest, print_position};
use uuid::Uuid;

const SELECT_MORE: &str = "Select the jobs from the last full on.";

/// The links that are needed, and what for.
pub(super) struct Selection {
    request: RecoveryRequest,
    /// What is laid out, parents first.
    links: Vec<Link>,
    /// The same, and all log that continues it.
    pub(super) needed: Needed,
}

impl Selection {
    /// Chooses the best chain among the selected jobs, and leaves out everything else.
    ///
    /// # Errors
    /// None of them serves, or they do not hold the log without which the backup is of no use.
    pub(super) fn choose(with: &Surroundings<'_>, envelopes: Vec<Envelope>) -> Result<Self> {
        let request = with.host.point_in_time(with.engine, &with.choices.point)?;
        let links: Vec<Link> = envelopes.iter().map(|envelope| envelope.link.clone()).collect();
        let chains = restore::plan::choose(with.engine, &links, &request);
        let chains = chains.map_err(|error| explain(&error, &links))?;
        let chain = chains.first().ok_or_else(|| Error::new(Kind::Bug, "no chain was chosen"))?;
        let ids = with_log(chain, &links);
        for link in links.iter().filter(|link| !ids.contains(&link.id)) {
            tracing::warn!("the backup {} is not part of the chain and is left out", link.name());
        }
        let newest = chain.newest();
        let needed = envelopes.into_iter().filter(|envelope| ids.contains(&envelope.link.id));
        let needed = Needed::new(needed);
        check_promised(with.engine, newest, &CarriedLog::promised(needed.links()), &request)?;
        let request = RecoveryRequest { link: Some(newest.name()), ..request };
        Ok(Self { request, links: chain.links().iter().copied().cloned().collect(), needed })
    }

    /// What is laid out.
    pub(super) fn chain(&self) -> Result<Chain<'_>> {
        Chain::new(self.links.iter().collect())
    }

    /// Everything has come, and the log reaches where recovery shall end.
    ///
    /// # Errors
    /// `restore-check`: not all files came back as they were; `log-gap`.
    pub(super) fn prove(&self, engine: &dyn Engine, log: &CarriedLog) -> Result<Plan> {
        self.needed.check()?;
        restore::plan::prove(engine, &[self.chain()?], log, &self.request)
    }
}

/// The links of a chain, and all links of log that continue it.
fn with_log(chain: &Chain<'_>, links: &[Link]) -> BTreeSet<Uuid> {
    let mut found = BTreeSet::from_iter(chain.ids());
    // They stand in the order of their jobs: a parent before its children.
    for link in links.iter().filter(|link| link.level == Level::Log) {
        if link.parent.is_some_and(|parent| found.contains(&parent)) {
            found.insert(link.id);
        }
    }
    found
}

/// The log that the backup itself needs must be among what the jobs say they hold. How far it goes
/// on from there is known when it is here.
fn check_promised(
    engine: &dyn Engine,
    newest: &Link,
    promised: &CarriedLog,
    request: &RecoveryRequest,
) -> Result<()> {
    let Some(log) = engine.log() else { return Ok(()) };
    // Where a history branches off is written in log that has not come yet.
    let history = request.history.as_deref().filter(|_| promised.lanes_count() <= 1);
    let window = log.window(newest, promised, history)?;
    if window.is_whole {
        return Ok(());
    }
    let text = format!(
        "the backup {} needs log that the selected jobs do not hold: theirs ends at {}",
        newest.name(),
        print_position(engine, window.to)
    );
    Err(Error::new(Kind::LogGap, text).hint(SELECT_MORE))
}

/// Says which jobs were looked at. Hints that name verbs of the command are of no use here.
fn explain(error: &Error, links: &[Link]) -> Error {
    if !matches!(error.kind(), Kind::NotFound | Kind::LogGap) {
        return error.repeat();
    }
    let data = links.iter().filter(|link| link.level != Level::Log);
    let names: Vec<String> = data.map(|link| link.name().to_string()).collect();
    if names.is_empty() {
        let text = "none of the selected jobs holds the data itself";
        return Error::new(error.kind(), text).hint(SELECT_MORE);
    }
    let text = format!("choose among {}: {}", names.join(", "), error.line());
    let hints = error.hints().iter().filter(|hint| !hint.contains("`seawall "));
    let explained = hints.fold(Error::new(error.kind(), text), Error::hint);
    explained.hint(SELECT_MORE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::Shelf;
    use crate::envelope::tests::envelope;
    use stream::{LogReach, RecoveryTarget, RelPath, RootName};

    fn link(job: u64, level: Level, parent: Option<&Link>) -> Link {
        Link { level, parent: parent.map(|link| link.id), ..envelope(job).link }
    }

    fn latest() -> RecoveryRequest {
        let target = RecoveryTarget::Latest;
        RecoveryRequest { target, inclusive: None, action: None, link: None, history: None }
    }

    #[test]
    fn the_parents_and_the_log_that_continues_them_are_needed() {
        let full = link(1, Level::Full, None);
        let before = link(2, Level::Log, Some(&full));
        let child = link(3, Level::Differential, Some(&full));
        let after = link(4, Level::Log, Some(&child));
        let last = link(5, Level::Log, Some(&after));
        let later = link(6, Level::Incremental, Some(&child));
        let other = link(7, Level::Full, None);
        let of_other = link(8, Level::Log, Some(&other));
        let links = [full, before, child, after, last, later, other, of_other];
        let chain = Chain::of(&links[2], &links).unwrap();
        let needed = with_log(&chain, &links);
        let jobs = links.iter().enumerate().filter(|(_, link)| needed.contains(&link.id));
        assert_eq!(jobs.map(|(at, _)| at + 1).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_backup_whose_own_log_no_job_holds_is_refused_before_anything_comes() {
        let engine = Shelf { has_log: true, ..Shelf::default() };
        let mut full = link(1, Level::Full, None);
        let check = |full: &Link| {
            let promised = CarriedLog::promised(std::iter::once(full));
            check_promised(&engine, full, &promised, &latest())
        };
        let error = check(&full).unwrap_err();
        assert_eq!(error.kind(), Kind::LogGap);
        assert!(error.message().ends_with("theirs ends at page 0"), "{}", error.message());
        full.log.push(LogReach {
            lineage: "shelf".to_owned(),
            lane: "1".to_owned(),
            root: RootName::new("data").unwrap(),
            directory: RelPath::new("log").unwrap(),
            pieces: vec!["0/1".to_owned()],
        });
        check(&full).unwrap();
        // An engine without a log needs none.
        let promised = CarriedLog::promised([].into_iter());
        check_promised(&Shelf::default(), &full, &promised, &latest()).unwrap();
    }

    #[test]
    fn what_is_refused_names_the_selected_jobs() {
        let full = link(1, Level::Full, None);
        let log = link(2, Level::Log, Some(&full));
        let error = || {
            Error::new(Kind::NotFound, "there is none")
                .hint("`seawall list` shows what is there.")
                .hint("It begins at noon.")
        };
        let none = explain(&error(), std::slice::from_ref(&log));
        assert_eq!(none.message(), "none of the selected jobs holds the data itself");
        assert_eq!(none.hints(), [SELECT_MORE]);
        let some = explain(&error(), &[full.clone(), log]);
        assert_eq!(some.message(), format!("choose among {}: there is none", full.name()));
        assert_eq!(some.hints(), ["It begins at noon.", SELECT_MORE]);
        let usage = explain(&Error::new(Kind::Usage, "not a time"), &[full]);
        assert_eq!((usage.kind(), usage.message()), (Kind::Usage, "not a time"));
    }
}
