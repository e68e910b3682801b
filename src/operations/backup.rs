//! Backups: each unit of a target has a job of its own.

use super::{Work, units};
use errors::{Error, Kind, Result};
use repository::{
    Claim, LinkDocument, Repository, RepositorySink, SinkOptions, StoredRows, UnitStore,
};
use std::sync::Arc;
use std::time::{Duration, Instant};
use stream::{
    Engine, Job, JobId, Level, Link, Looking, Options, Sink, TargetName, Unit, UnitName,
    UnitPattern, VirtualFile,
};
use uuid::Uuid;

/// What is backed up, and where to.
pub(crate) struct BackupRequest<'a> {
    pub(crate) engine: &'static dyn Engine,
    pub(crate) options: &'a Options,
    pub(crate) target: TargetName,
    pub(crate) level: Level,
    pub(crate) patterns: &'a [UnitPattern],
    /// The label of the job; the first one that is free from here on.
    pub(crate) label: JobId,
    pub(crate) repository: &'a Repository,
    pub(crate) work: Work,
}

/// What became of one unit.
pub(crate) struct UnitOutcome<T> {
    pub(crate) unit: Option<UnitName>,
    pub(crate) elapsed: Duration,
    pub(crate) result: Result<T>,
}

impl BackupRequest<'_> {
    /// Backs up every unit that is asked for. A unit that fails costs no other its backup.
    ///
    /// # Errors
    /// The units cannot be found out. What becomes of each is in its outcome.
    pub(crate) fn run(&self, options: SinkOptions) -> Result<Vec<UnitOutcome<LinkDocument>>> {
        self.for_each_unit(|job, unit, store| self.back_up(job, unit, store, options))
    }

    /// What a backup would read. The server enters and leaves backup mode as for a real one.
    ///
    /// # Errors
    /// As [`BackupRequest::run`].
    pub(crate) fn look(
        &self,
        see: &(dyn Fn(Option<&UnitName>, &VirtualFile) + Sync),
    ) -> Result<Vec<UnitOutcome<Link>>> {
        self.for_each_unit(|job, unit, _store| {
            let sink = Looking(|file: &VirtualFile| {
                see(unit.name.as_ref(), file);
                Ok(())
            });
            self.engine.backup(job, unit, &sink)
        })
    }

    fn for_each_unit<T>(
        &self,
        act: impl Fn(&mut Job, &Unit, &UnitStore) -> Result<T>,
    ) -> Result<Vec<UnitOutcome<T>>> {
        let units = units::of_server(self.engine, &self.job(), self.patterns)?;
        let mut outcomes = Vec::new();
        for unit in units {
            let began = Instant::now();
            let result = stream::check_cancel(&self.work.cancel, "the job was cancelled")
                .and_then(|()| self.one(&unit, &act));
            outcomes.push(UnitOutcome { unit: unit.name, elapsed: began.elapsed(), result });
        }
        Ok(outcomes)
    }

    fn one<T>(
        &self,
        unit: &Unit,
        act: impl Fn(&mut Job, &Unit, &UnitStore) -> Result<T>,
    ) -> Result<T> {
        let store = self.repository.unit(
            &self.target,
            unit.name.as_ref(),
            self.engine.descriptor().log_scope,
        );
        let mut job = self.job();
        let own = |link: &Link| link.engine == self.engine.descriptor().name;
        let links = store.links()?.into_iter().map(|document| document.link);
        job.links = links.filter(own).collect();
        job.accepted = store.accepted_lineages()?;
        job.parent_rows = Some(Arc::new(StoredRows::new(store.clone())));
        act(&mut job, unit, &store)
    }

    /// The engine's job for one unit: its link has an identity of its own, and whether it becomes a
    /// full is its own affair.
    fn job(&self) -> Job {
        Job {
            id: self.label,
            uuid: Uuid::new_v4(),
            target: self.target.clone(),
            level: self.level,
            options: self.options.clone(),
            links: Vec::new(),
            accepted: Vec::new(),
            parent_rows: None,
            cancel: self.work.cancel.clone(),
            progress: Arc::clone(&self.work.progress),
        }
    }

    fn back_up(
        &self,
        job: &mut Job,
        unit: &Unit,
        store: &UnitStore,
        options: SinkOptions,
    ) -> Result<LinkDocument> {
        // The label is claimed first: from here on everything of this job has its name.
        let claim = Claim::take(store, job.uuid, job.level, job.id)?;
        job.id = claim.job();
        let sink = RepositorySink::start(claim, options, job.cancel.clone(), job.progress.clone())?;
        let link = self.engine.backup(job, unit, &sink)?;
        let name = link.name();
        // All or nothing: the link is what makes the backup exist.
        Box::new(sink).finish(link)?;
        store.link(&name)
    }
}

/// The failure of a job as a whole: that of its only unit, or one that names the units that failed.
/// A signal ends the job, whatever the units that were done before it.
///
/// # Errors
/// `incomplete`, `interrupted`, or that of the only unit.
pub(crate) fn failure_of<T>(outcomes: &[UnitOutcome<T>]) -> Result<()> {
    let failed: Vec<(&UnitOutcome<T>, &Error)> = outcomes
        .iter()
        .filter_map(|outcome| Some((outcome, outcome.result.as_ref().err()?)))
        .collect();
    let Some((_, first)) = failed.first() else { return Ok(()) };
    if outcomes.len() == 1 {
        return Err(first.repeat());
    }
    if let Some((_, error)) = failed.iter().find(|(_, error)| error.kind() == Kind::Interrupted) {
        return Err(error.repeat());
    }
    let name = |outcome: &UnitOutcome<T>| {
        outcome.unit.as_ref().map_or_else(String::new, ToString::to_string)
    };
    let names: Vec<String> = failed.iter().map(|(outcome, _)| name(outcome)).collect();
    let text = format!("{} of {} units failed: {}", failed.len(), outcomes.len(), names.join(", "));
    let mut error = Error::new(Kind::Incomplete, text);
    for (outcome, failure) in failed {
        error = error.hint(format!("{}: {}", name(outcome), failure.line()));
    }
    Err(error)
}
