//! A tool's streams: each link unpacked into a tree of its own while it comes, and prepared on
//! request when all are here.

use super::bridge::{Lane, Pulled, Pushed, bridge};
use super::carried_log::CarriedLog;
use super::coming::{Coming, IncomingBody};
use super::subject::{Needed, Surroundings, place};
use super::{Way, is_file};
use crate::envelope::Envelope;
use crate::names::Name;
use errors::{Error, Kind, Result};
use protocol::{FileType, Reply, Severity};
use restore::StreamRestore;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle, available_parallelism};
use stream::{Bodies, JobId, Link, Plan, Progress as _, RecoveryRequest, StreamEngine, Work};

/// By default the daemons hand over no more at a time.
const BLOCK_BYTES: usize = 64 << 10;

/// Trees in the making.
pub(super) struct TreesRestore<'a> {
    with: Surroundings<'a>,
    streams: &'static dyn StreamEngine,
    /// Parents first.
    chain: Vec<Link>,
    needed: Needed,
    /// `<where>/<tool>/<restore job>`, and below it `<subject>` where there are several: servers that
    /// were made alike have backups of the same LSNs.
    dir: PathBuf,
    /// The link that comes at present.
    unpacking: Option<Unpacking>,
}

/// One link on its way into its tree.
struct Unpacking {
    job: JobId,
    pushed: Pushed,
    thread: JoinHandle<Result<()>>,
}

impl<'a> TreesRestore<'a> {
    /// Decides everything that can be decided before the first file.
    pub(super) fn begin(
        with: Surroundings<'a>,
        streams: &'static dyn StreamEngine,
        envelopes: Vec<Envelope>,
    ) -> Result<Self> {
        let request = with.host.point_in_time(with.engine, &with.choices.point)?;
        let links: Vec<Link> = envelopes.iter().map(|envelope| envelope.link.clone()).collect();
        let plan = plan(&with, &links, &request)?;
        let chain: Vec<Link> = plan
            .chain
            .iter()
            .filter_map(|id| links.iter().find(|link| link.id == *id))
            .cloned()
            .collect();
        let newest = chain.last().ok_or_else(|| Error::new(Kind::Bug, "an empty chain"))?;
        for link in links.iter().filter(|link| !plan.chain.contains(&link.id)) {
            tracing::warn!("the backup {} is not part of the chain and is left out", link.name());
        }
        if with.choices.prepare {
            // What could only fail after hours fails now.
            streams.check_preparation(&chain.iter().collect::<Vec<_>>())?;
        }
        let above = match &with.choices.to {
            Some(to) => to.clone(),
            None => with.relocated(&Path::new("/").join(streams.tree_directory(newest)?)),
        };
        let mut dir = above.join(with.job.to_string());
        dir.extend(&with.among_others);
        let needed = Needed::new(
            envelopes.into_iter().filter(|envelope| plan.chain.contains(&envelope.link.id)),
        );
        let text = format!("{} backups are unpacked below {}", chain.len(), dir.display());
        with.talk.outbox.report(Severity::Info, text);
        with.talk.told.expect(chain.iter().map(|link| link.totals.bytes).sum());
        Ok(Self { with, streams, chain, needed, dir, unpacking: None })
    }

    /// The lane of a stream; the first one of a link starts its unpacking. `None`: it is another
    /// file of the link.
    fn lane(&mut self, name: &Name) -> Result<Option<Lane>> {
        let (root, path) = place(name).ok_or_else(super::out_of_turn)?;
        if self.unpacking.as_ref().is_none_or(|unpacking| unpacking.job != name.job) {
            let Some(link) = self.needed.link(name.job) else { return Ok(None) };
            let wanted = self.streams.stream_names(link)?;
            if !wanted.contains(&(root.clone(), path.clone())) {
                return Ok(None);
            }
            let unpacking = self.start(link.clone(), wanted)?;
            self.end_link()?;
            self.unpacking = Some(unpacking);
        }
        let unpacking = self.unpacking.as_mut().ok_or_else(super::out_of_turn)?;
        Ok(unpacking.pushed.take(root, path))
    }

    fn start(
        &self,
        link: Link,
        wanted: Vec<(stream::RootName, stream::RelPath)>,
    ) -> Result<Unpacking> {
        let (pushed, pulled) = bridge(wanted.into_iter());
        let (job, dir) = (link.job, self.dir.clone());
        let (streams, cancel) = (self.streams, self.with.talk.cancel.clone());
        let told = Arc::clone(&self.with.talk.told);
        let run = move || {
            let restore = Unpack { streams, link: &link, pulled: &pulled };
            restore.run(&dir, &cancel, told.as_ref())
        };
        let thread = thread::Builder::new().name("unpack".to_owned());
        let thread = thread.spawn(run).map_err(|error| Error::io("start a thread", error))?;
        Ok(Unpacking { job, pushed, thread })
    }

    /// Waits until the present link's tree is complete.
    fn end_link(&mut self) -> Result<()> {
        let Some(unpacking) = self.unpacking.take() else { return Ok(()) };
        drop(unpacking.pushed);
        let ended = unpacking.thread.join();
        ended.unwrap_or_else(|_| Err(Error::new(Kind::Bug, "the unpacking panicked")))
    }
}

impl Way for TreesRestore<'_> {
    fn create(&mut self, name: &Name, file: &Coming) -> Result<Reply> {
        let is_wanted = self.needed.link(name.job).is_some() && is_file(name);
        Ok(match is_wanted && file.file_type == FileType::File {
            true => Reply::Extract,
            false => Reply::Skip,
        })
    }

    fn body(&mut self, name: &Name, _file: &Coming, body: &mut IncomingBody<'_>) -> Result<()> {
        if let Some(lane) = self.lane(name)? {
            let mut is_read = true;
            loop {
                let mut block = vec![0; BLOCK_BYTES];
                let taken = body.take(&mut block)?;
                if taken == 0 {
                    break;
                }
                block.truncate(taken);
                is_read = is_read && lane.block(block);
            }
            // The lane's end comes after the body's: nothing of a broken body is taken for whole.
            let is_read = is_read && lane.end();
            let is_last = self.unpacking.as_ref().is_some_and(|link| link.pushed.is_empty());
            if is_last || !is_read {
                self.end_link()?;
            }
        }
        self.needed.account(name, body)
    }

    fn finish(&mut self) -> Result<()> {
        self.end_link()?;
        self.needed.check()?;
        let chain: Vec<&Link> = self.chain.iter().collect();
        let no_bodies = |_: &Link| -> Result<Box<dyn Bodies>> {
            Err(Error::new(Kind::Bug, "the streams have come already"))
        };
        let restore = StreamRestore {
            engine: self.streams,
            chain: &chain,
            bodies: &no_bodies,
            work: work(&self.with.talk.cancel, self.with.talk.told.as_ref()),
        };
        restore.write_links(&self.dir)?;
        let text = match self.with.choices.prepare {
            true => {
                let base = restore.prepare_trees(&self.dir)?;
                format!(
                    "{} is prepared: move its content into an empty data directory",
                    base.display()
                )
            }
            false => format!(
                "the trees below {} are complete: prepare them, oldest first, before a server is started",
                self.dir.display()
            ),
        };
        self.with.talk.outbox.report(Severity::Info, text);
        Ok(())
    }
}

/// The chain up to the target, among the jobs that were selected.
fn plan(with: &Surroundings<'_>, links: &[Link], request: &RecoveryRequest) -> Result<Plan> {
    with.engine.cover(links, &CarriedLog::default(), request)
}

fn work<'a>(cancel: &'a stream::Cancel, progress: &'a dyn stream::Progress) -> Work<'a> {
    Work { workers: available_parallelism().map_or(2, NonZero::get), cancel, progress }
}

/// One link's unpacking, on its own thread.
struct Unpack<'a> {
    streams: &'a dyn StreamEngine,
    link: &'a Link,
    pulled: &'a Pulled,
}

impl Unpack<'_> {
    fn run(&self, dir: &Path, cancel: &stream::Cancel, told: &dyn stream::Progress) -> Result<()> {
        let give =
            |_: &Link| -> Result<Box<dyn Bodies + '_>> { Ok(Box::new(Borrowed(self.pulled))) };
        let restore = StreamRestore {
            engine: self.streams,
            chain: &[self.link],
            bodies: &give,
            work: work(cancel, told),
        };
        restore.into_trees(dir).map(drop)
    }
}

struct Borrowed<'a>(&'a Pulled);

impl Bodies for Borrowed<'_> {
    fn open(
        &self,
        root: &stream::RootName,
        path: &stream::RelPath,
    ) -> Result<Box<dyn std::io::Read + Send>> {
        self.0.open(root, path)
    }
}
