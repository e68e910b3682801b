//! What a running server or a file takes: the bodies become files while they come, and go to their
//! destination when all of them are here.

use super::carried_log::{CarriedLog, key_of};
use super::chain::Selection;
use super::choices::Place;
use super::coming::{Coming, IncomingBody};
use super::subject::{Surroundings, place};
use super::{Way, is_file};
use crate::envelope::Envelope;
use crate::names::Name;
use crate::target::Wanted;
use errors::{Error, Kind, Result};
use protocol::{FileType, Reply, Severity};
use restore::{DirectoryBodies, restore_to_server, tree_of, write_link};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use stream::{
    Bodies, Destination, JobId, Link, Progress as _, RestoreJob, RestoreSummary, ServerRestorer,
};
use system::failpoint::TREE;
use system::{Secret, durable};

/// What is in a backup is for nobody else on this host.
const DIR_MODE: u32 = 0o700;

/// Bodies on their way to a server.
pub(super) struct ServerRestore<'a> {
    with: Surroundings<'a>,
    engine: &'static dyn ServerRestorer,
    selection: Selection,
    /// `None`: no destination was chosen, and the bodies stay files.
    job: Option<RestoreJob>,
    /// `<where>/<engine>/<restore job>`, and in it a directory for each link.
    dir: PathBuf,
    /// By the jobs of their links.
    bodies: BTreeMap<JobId, DirectoryBodies>,
    log: CarriedLog,
}

impl<'a> ServerRestore<'a> {
    /// Decides everything that can be decided before the first file.
    pub(super) fn begin(
        with: Surroundings<'a>,
        engine: &'static dyn ServerRestorer,
        envelopes: Vec<Envelope>,
    ) -> Result<Self> {
        let selection = Selection::choose(&with, envelopes)?;
        let chain = selection.chain()?;
        let name = &chain.newest().engine;
        let dir = with.own_directory(name);
        let job = destination(&with, name)?.map(|destination| with.job(destination, Vec::new()));
        if let Some(job) = &job {
            // What could only fail after hours fails now.
            for sentence in engine.check(&chain, job)? {
                with.talk.outbox.report(Severity::Info, sentence);
            }
        }
        durable::create_dirs(&dir, DIR_MODE)
            .map_err(|error| Error::io(format!("create {}", dir.display()), error))?;
        let bodies = |link: &Link| (link.job, DirectoryBodies::new(tree_of(&dir, link)));
        let bodies = selection.needed.links().map(bodies).collect();
        with.talk.told.phase("write files");
        with.talk.told.expect(selection.needed.total_bytes());
        Ok(Self { with, engine, selection, job, dir, bodies, log: CarriedLog::default() })
    }

    /// Gives everything to the destination.
    fn restore(&self, job: &RestoreJob) -> Result<RestoreSummary> {
        let bodies = |link: &Link| -> Result<Box<dyn Bodies + '_>> {
            let bodies = self.bodies.get(&link.job);
            let bodies = bodies.ok_or_else(|| {
                Error::new(Kind::Bug, format!("nothing came of the backup {}", link.name()))
            })?;
            Ok(Box::new(bodies))
        };
        let chain = self.selection.chain()?;
        restore_to_server(self.engine, &chain, &bodies, job, &mut io::sink())
            .map_err(|error| error.hint(format!("Its files stay below {}.", self.dir.display())))
    }
}

/// Where the operator wants it: a server or a file.
fn destination(with: &Surroundings<'_>, engine: &str) -> Result<Option<Destination>> {
    match &with.choices.to {
        None => Ok(None),
        Some(Place::Path(path)) => Ok(Some(Destination::File(path.clone()))),
        Some(Place::Url(url)) => {
            // Nothing of the original server's address: a copy must not touch it.
            let options = with.choices.engine_options.iter();
            let options = options.filter(|(name, _)| with.options.spec(name).is_some());
            let wanted = Wanted {
                target: None,
                url: Some(url.clone()),
                engine: Some(engine.to_owned()),
                options: options
                    .map(|(name, value)| (name.clone(), Secret::new(value.as_str())))
                    .collect(),
            };
            let target = with.host.target(&wanted).map_err(|error| error.context("read to="))?;
            Ok(Some(Destination::Server(target.options)))
        }
    }
}

/// `120 entries, 3 tables`.
fn counted(summary: &RestoreSummary) -> String {
    let parts = summary.restored.iter().map(|(what, count)| format!("{count} {what}"));
    parts.collect::<Vec<_>>().join(", ")
}

impl Way for ServerRestore<'_> {
    fn create(&mut self, name: &Name, file: &Coming) -> Result<Reply> {
        let is_wanted = self.selection.needed.link(name.job).is_some() && is_file(name);
        Ok(match is_wanted && file.file_type == FileType::File {
            true => Reply::Extract,
            false => Reply::Skip,
        })
    }

    fn body(&mut self, name: &Name, _file: &Coming, body: &mut IncomingBody<'_>) -> Result<()> {
        let (root, path) = place(name).ok_or_else(super::out_of_turn)?;
        let link = self.selection.needed.link(name.job).ok_or_else(super::out_of_turn)?;
        let bodies = self.bodies.get_mut(&name.job).ok_or_else(super::out_of_turn)?;
        let added = bodies.add(root, path, body);
        body.outcome(added)?;
        if let Some(key) = key_of(link, root, path) {
            self.log.add(key, bodies.place(root, path));
        }
        self.selection.needed.account(name, body)?;
        self.with.talk.told.advance(body.bytes);
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        let plan = self.selection.prove(self.with.engine, &self.log)?;
        let outbox = &self.with.talk.outbox;
        for note in plan.notes {
            outbox.report(Severity::Info, note);
        }
        self.selection.needed.links().try_for_each(|link| write_link(&self.dir, link))?;
        let Some(job) = &self.job else {
            durable::sync_filesystem(&self.dir, TREE)
                .map_err(|error| Error::io(format!("sync {}", self.dir.display()), error))?;
            let text = format!(
                "the files of the backup lie below {}, each link beside its own: nothing was \
                 restored to a server, because no destination was chosen (to=)",
                self.dir.display()
            );
            outbox.report(Severity::Info, text);
            return Ok(());
        };
        let summary = self.restore(job)?;
        outbox.report(
            Severity::Info,
            format!("restored to {}: {}", job.destination, counted(&summary)),
        );
        for note in summary.notes {
            outbox.report(Severity::Info, note);
        }
        // What they were needed for is done.
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            tracing::warn!("{} cannot be removed: {error}", self.dir.display());
        }
        Ok(())
    }
}
