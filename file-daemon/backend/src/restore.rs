//! A restore, step by step.
//!
//! | file | what it knows |
//! |---|---|
//! | `choices` | what the operator may choose, in both daemons' words |
//! | `coming` | a file that comes back, and its body |
//! | `subject` | what all ways of restoring share: links, sums over what came |
//! | `chain` | which jobs are needed, and the proof at the end |
//! | `options` | the engine's options |
//! | `directory` | a data directory that a server starts on; `places`: where it goes |
//! | `trees` | a tool's streams, unpacked into trees and prepared on request |
//! | `server` | what a running server or a file takes |
//! | `carried_log` | the log that came among the files |

mod carried_log;
mod chain;
mod choices;
mod coming;
mod directory;
mod options;
mod places;
mod server;
mod subject;
mod trees;

pub(crate) use choices::declaration;

use crate::Talk;
use crate::asked::{Asked, Object};
use crate::envelope::{Envelope, assemble, link_of};
use crate::inbox::{Inbox, message_of};
use crate::names::{Name, Subject, What};
use crate::target::Host;
use choices::{Choices, Mode};
use coming::{Coming, IncomingBody};
use directory::DirectoryRestore;
use errors::{Error, Kind, Result};
use options::engine_options;
use protocol::{Frame, Reply, ToBackend, ToPlugin};
use server::ServerRestore;
use std::collections::{BTreeMap, BTreeSet};
use stream::{Engine, Restorer};
use trees::TreesRestore;
use uuid::Uuid;

/// Takes back what the daemon sends, until it says that its job is over.
///
/// # Errors
/// Whatever makes the restored data unusable.
pub(crate) fn run(talk: &Talk, asked: &Asked, mut inbox: Inbox, host: &dyn Host) -> Result<()> {
    let mut restore = Restore::begin(talk, asked, host)?;
    loop {
        match inbox.frame()? {
            Frame::Message(message @ ToBackend::Create { .. }) => {
                let file = Coming::of(message)?;
                let reply = restore.create(&file)?;
                talk.outbox.send(ToPlugin::Created { reply })?;
                if reply == Reply::Extract {
                    let mut body = IncomingBody::new(&mut inbox);
                    restore.body(&file, &mut body)?;
                    body.drain()?;
                    talk.outbox.send(ToPlugin::Closed { good: true })?;
                }
            }
            Frame::Message(ToBackend::Finish { good }) => {
                inbox.watch(talk.cancel.clone())?;
                if good {
                    restore.finish()?;
                }
                return talk.outbox.send(ToPlugin::Done { good });
            }
            other => return message_of(other).and_then(|_| Err(out_of_turn())),
        }
    }
}

fn out_of_turn() -> Error {
    Error::new(Kind::Bug, "the plugin says something that belongs to another place")
}

/// One way of restoring one subject.
trait Way {
    /// What becomes of a file.
    fn create(&mut self, name: &Name, file: &Coming) -> Result<Reply>;

    /// Takes the body of a file that is extracted.
    fn body(&mut self, name: &Name, file: &Coming, body: &mut IncomingBody<'_>) -> Result<()>;

    /// Everything has come.
    fn finish(&mut self) -> Result<()>;
}

/// All subjects of a restore.
struct Restore<'a> {
    talk: &'a Talk,
    asked: &'a Asked,
    host: &'a dyn Host,
    envelopes: Vec<Envelope>,
    /// Which link was saved by which plugin line.
    lines: BTreeMap<Uuid, &'a str>,
    ways: BTreeMap<Subject, Option<Box<dyn Way + 'a>>>,
}

impl<'a> Restore<'a> {
    fn begin(talk: &'a Talk, asked: &'a Asked, host: &'a dyn Host) -> Result<Self> {
        let (mut envelopes, useless) =
            assemble(asked.objects.iter().map(|object| object.piece.as_slice()));
        if useless > 0 {
            tracing::warn!("{useless} restore objects are of no use: they are damaged");
        }
        // A link comes back once for each plugin line of its job.
        envelopes.dedup_by_key(|envelope| envelope.link.id);
        let line = |object: &'a Object| Some((link_of(&object.piece)?, object.line.as_str()));
        let lines = asked.objects.iter().filter_map(line).collect();
        let restore = Self { talk, asked, host, envelopes, lines, ways: BTreeMap::new() };
        // What cannot be read is found before anything is written, whatever it is for.
        for (line, options) in &asked.options {
            Choices::parse(options, &restore.engines_of(line))?;
        }
        Ok(restore)
    }

    /// The engines whose links a plugin line has saved; of a line that saved none, all of them. What
    /// this program lacks is told when a file of it comes.
    fn engines_of(&self, line: &str) -> Vec<&'static dyn Engine> {
        let is_known = self.lines.values().any(|known| *known == line);
        let is_its = |link: &Uuid| !is_known || self.lines.get(link) == Some(&line);
        let links = self.envelopes.iter().map(|envelope| &envelope.link);
        let names: BTreeSet<&str> =
            links.filter(|link| is_its(&link.id)).map(|link| link.engine.as_str()).collect();
        names.into_iter().filter_map(|name| self.host.engine(name).ok()).collect()
    }

    fn create(&mut self, file: &Coming) -> Result<Reply> {
        let name = Name::parse(&file.name)?;
        if !self.ways.contains_key(&name.subject) {
            let way = self.choose(&name.subject)?;
            self.ways.insert(name.subject.clone(), way);
        }
        match self.ways.get_mut(&name.subject) {
            Some(Some(way)) => way.create(&name, file),
            _ => Ok(Reply::Core),
        }
    }

    fn body(&mut self, file: &Coming, body: &mut IncomingBody<'_>) -> Result<()> {
        let name = Name::parse(&file.name)?;
        match self.ways.get_mut(&name.subject) {
            Some(Some(way)) => way.body(&name, file, body),
            _ => Err(out_of_turn()),
        }
    }

    fn finish(&mut self) -> Result<()> {
        self.ways.values_mut().flatten().try_for_each(|way| way.finish())
    }

    /// What was chosen for some links: for the plugin lines that they were saved by, or for all.
    fn choices(&self, links: &[Envelope]) -> Result<Choices> {
        let is_theirs = |line: &str| {
            links.iter().any(|envelope| self.lines.get(&envelope.link.id) == Some(&line))
        };
        let is_known = |line: &str| self.lines.values().any(|known| *known == line);
        let options = self.asked.options.iter();
        let options = options.filter(|(line, _)| !is_known(line) || is_theirs(line));
        let options: Vec<&str> = options.map(|(_, text)| text.as_str()).collect();
        Choices::parse(&options.join("\n"), &self.engines_of(""))
    }

    /// How a subject is restored; `None`: as plain files.
    fn choose(&self, subject: &Subject) -> Result<Option<Box<dyn Way + 'a>>> {
        let is_ours = |envelope: &&Envelope| Subject::of(&envelope.link) == *subject;
        let links: Vec<Envelope> = self.envelopes.iter().filter(is_ours).cloned().collect();
        let choices = self.choices(&links)?;
        if choices.mode == Mode::Files {
            return Ok(None);
        }
        let Some(prefix) = &self.asked.prefix else {
            tracing::warn!(
                "names are rewritten by a rule: {} comes back as plain files, and no server is made of them",
                subject.as_str()
            );
            return Ok(None);
        };
        let Some(newest) = links.last().map(|envelope| &envelope.link) else {
            // The files are of use, but what was asked for is not done: the job must say so.
            tracing::error!(
                "nothing is known of the backups of {}: the director gave back no restore objects. \
                 Its files come back as they are, below the directory that the job names",
                subject.as_str()
            );
            return Ok(None);
        };
        if links.iter().any(|envelope| envelope.link.unit != newest.unit) {
            let text = format!("{} stands for two units whose names look alike", subject.as_str());
            return Err(Error::new(Kind::Manifest, text)
                .hint("Restore the jobs of one of them, or all as plain files: mode=files."));
        }
        let engine = self.host.engine(&newest.engine)?;
        let line = self.lines.get(&newest.id).copied();
        let options = engine_options(self.host, newest, line, &choices.engine_options)?;
        let mut others = self
            .envelopes
            .iter()
            .filter(|envelope| !is_ours(envelope) && envelope.link.engine == newest.engine);
        let with = subject::Surroundings {
            talk: self.talk,
            host: self.host,
            choices,
            engine,
            options,
            prefix: prefix.clone(),
            replace: self.asked.replace,
            job: self.asked.number,
            among_others: others.next().map(|_| subject.as_str().to_owned()),
        };
        Ok(Some(match engine.restorer() {
            Restorer::Files(files) => Box::new(DirectoryRestore::begin(with, files, links)?),
            Restorer::Streams(streams) => Box::new(TreesRestore::begin(with, streams, links)?),
            Restorer::Server(server) => Box::new(ServerRestore::begin(with, server, links)?),
        }))
    }
}

/// Whether a name is that of a file of a backup.
fn is_file(name: &Name) -> bool {
    matches!(name.what, What::File(..))
}

#[cfg(test)]
mod tests;
