//! A backup, step by step.

use crate::asked::Asked;
use crate::envelope::{Envelope, assemble};
use crate::host_state::HostState;
use crate::inbox::Inbox;
use crate::names::Subject;
use crate::sink::{DaemonSink, Place, lock};
use crate::target::{self, Chosen, Host};
use crate::{Talk, restore, units};
use errors::{Error, Kind, Result};
use protocol::{Daemon, Severity, ToPlugin};
use std::sync::Arc;
use stream::{Engine, Finding, Job, Level, Link, Sink, Unit, print_position};
use uuid::Uuid;

/// More findings than anybody reads are counted only.
const FINDINGS_TOLD: usize = 20;

/// Backs up what a plugin line names.
///
/// # Errors
/// Whatever makes the backup unusable.
pub(crate) fn run(talk: &Talk, asked: &Asked, inbox: Inbox, host: &dyn Host) -> Result<()> {
    // Whose job it is, and what it wants. From here on the daemon's end is ours, too.
    let end_of_job = inbox.listen(talk.cancel.clone())?;
    let chosen = target::choose(target::read(&asked.line, host)?, host)?;
    let state = HostState::new(target::state_dir(&chosen.target, &asked.working_dir));

    // Each unit makes a link of its own.
    let plain_job = job(talk, asked, &chosen, Vec::new());
    let kept = units::each(talk, &chosen, &plain_job, |unit, subject| {
        let mut job = job(talk, asked, &chosen, parents(asked, &state, subject, unit));
        let backup = Backup { talk, asked, chosen: &chosen, unit, subject };
        Ok((subject.clone(), backup.run(&mut job)?))
    })?;
    if asked.daemon == Daemon::Bacula && asked.level == Level::Full {
        talk.outbox.send(ToPlugin::Choices { text: restore::declaration() })?;
    }
    talk.outbox.end_of_files()?;

    // Only a job that ended well is ever continued.
    if end_of_job.recv() != Ok(true) {
        return Ok(());
    }
    for (subject, envelope) in &kept {
        if let Err(error) = state.write(&asked.name, subject, envelope) {
            // The director of Bareos gives back what it keeps itself.
            let text = match asked.daemon {
                Daemon::Bacula => format!("{}: the next incremental will be a full", error.line()),
                Daemon::Bareos => format!("{}: the director alone has the state now", error.line()),
            };
            talk.outbox.report(Severity::Warning, text);
        }
    }
    talk.outbox.send(ToPlugin::Done { good: true })
}

/// The engine's job for one unit: its link has an identity of its own, and whether it becomes a full
/// is its own affair.
pub(crate) fn job(talk: &Talk, asked: &Asked, chosen: &Chosen, links: Vec<Link>) -> Job {
    let engine = chosen.target.engine;
    Job {
        id: asked.number,
        uuid: Uuid::new_v4(),
        target: chosen.target.name.clone(),
        level: level(engine, asked.level),
        options: chosen.target.options.clone(),
        links,
        accepted: Vec::new(),
        parent_rows: None,
        cancel: talk.cancel.clone(),
        progress: Arc::clone(&talk.told) as _,
    }
}

/// The daemons know no level for log alone: an engine whose log holds every change takes that for
/// what is less than a full.
fn level(engine: &dyn Engine, asked: Level) -> Level {
    let levels = engine.descriptor().levels;
    if levels.contains(&asked) {
        return asked;
    }
    if levels.contains(&Level::Log) { Level::Log } else { Level::Full }
}

/// What the job may continue: what Bareos gave back, or what this host has kept.
pub(crate) fn parents(
    asked: &Asked,
    state: &HostState,
    subject: &Subject,
    unit: &Unit,
) -> Vec<Link> {
    if asked.level == Level::Full {
        return Vec::new();
    }
    let (envelopes, useless) = assemble(asked.objects.iter().map(|object| object.piece.as_slice()));
    if useless > 0 {
        tracing::warn!("{useless} restore objects are of no use: they are damaged");
    }
    // Two long names of units may look alike where they are encoded.
    let is_ours = |link: &Link| Subject::of(link) == *subject && link.unit == unit.name;
    let links: Vec<Link> =
        envelopes.into_iter().map(|envelope| envelope.link).filter(is_ours).collect();
    if !links.is_empty() {
        return links;
    }
    let kept = asked.previous.as_deref().and_then(|name| state.read(name, subject));
    kept.into_iter().map(|envelope| envelope.link).filter(is_ours).collect()
}

/// The backup of one unit.
struct Backup<'a> {
    talk: &'a Talk,
    asked: &'a Asked,
    chosen: &'a Chosen,
    unit: &'a Unit,
    subject: &'a Subject,
}

impl Backup<'_> {
    fn run(&self, job: &mut Job) -> Result<Envelope> {
        // The last file of a unit that failed may have been cut off in the middle.
        self.talk.outbox.close_cut_off()?;
        let place = Place { subject: self.subject.clone(), job: job.id };
        let progress = Arc::clone(&self.talk.told) as _;
        let sink = DaemonSink::start(place, &self.talk.outbox, &job.cancel, progress)?;
        let link = match take(self.chosen, job, self.unit, &sink, &|| sink.is_untouched()) {
            Ok(link) => link,
            Err(error) => {
                sink.discard();
                return Err(error);
            }
        };
        self.tell(&link);
        if link.level == Level::Full && self.asked.level != Level::Full {
            // An accurate job would otherwise keep a chain that nothing continues.
            self.talk.outbox.send(ToPlugin::Superseded {
                prefix: self.subject.prefix().into_bytes(),
                except: self.subject.job_prefix(job.id).into_bytes(),
            })?;
        }
        let finished = sink.finished();
        Box::new(sink).finish(link)?;
        let envelope = lock(&finished).take();
        envelope.ok_or_else(|| Error::new(Kind::Bug, "the sink kept no link"))
    }

    /// What was wrong at the source, in the job's log.
    fn tell(&self, link: &Link) {
        for finding in link.findings.iter().take(FINDINGS_TOLD) {
            self.talk.outbox.report(Severity::Warning, finding.text.clone());
        }
        if let Some(more @ 1..) = link.findings.len().checked_sub(FINDINGS_TOLD) {
            let text = format!("and {more} findings more: they stand in {}.json", link.name());
            self.talk.outbox.report(Severity::Warning, text);
        }
        let position = print_position(self.chosen.target.engine, link.to);
        let text = format!("{} backup {} is consistent at {position}", link.level, link.name());
        self.talk.outbox.report(Severity::Info, text);
    }
}

/// Runs the engine; a second time, for a full, where nothing can be continued.
///
/// # Errors
/// The engine's.
pub(crate) fn take(
    chosen: &Chosen,
    job: &mut Job,
    unit: &Unit,
    sink: &dyn Sink,
    is_untouched: &dyn Fn() -> bool,
) -> Result<Link> {
    let engine = chosen.target.engine;
    let error = match engine.backup(job, unit, sink) {
        Err(error) if job.level != Level::Full && is_untouched() => error,
        taken => return taken,
    };
    let is_about_parent =
        matches!(error.kind(), Kind::NotFound | Kind::LogGap | Kind::SystemIdentifier);
    if !is_about_parent || chosen.needs_parent || job.cancel.is_cancelled() {
        return Err(error);
    }
    let why = match job.links.is_empty() {
        true => "no earlier backup is known that the job could continue".to_owned(),
        false => error.line(),
    };
    let text = format!("a full was taken and no {}: {why}", job.level);
    job.level = Level::Full;
    job.links.clear();
    let mut link = engine.backup(job, unit, sink)?;
    link.findings.push(Finding { id: "no-parent".to_owned(), offset: 0, text });
    Ok(link)
}
