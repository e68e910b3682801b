//! A data directory that a server starts on: every block is written once, where it belongs.

use super::carried_log::{CarriedLog, key_of};
use super::chain::{choose, descendants, first_proof, leave_out};
use super::coming::{Coming, IncomingBody};
use super::destination::make_room;
use super::places::layout;
use super::subject::{Needed, Surroundings, owner, place};
use super::{Way, is_file};
use crate::envelope::Envelope;
use crate::names::Name;
use chrono::{DateTime, Utc};
use errors::{Error, Kind, Result};
use protocol::{FileType, Reply, Severity};
use restore::{DirectoryTree, Marker};
use std::path::PathBuf;
use stream::{
    Extent, FileKind, FilePart, LastMile, Layout, Link, Plan, Progress as _, RecoveryRequest,
    TreeWriter,
};

/// What asks for log and gets none: all that there is lies where the server looks next.
const NO_MORE_LOG: &str = "false";

/// One data directory in the making.
pub(super) struct DirectoryRestore<'a> {
    with: Surroundings<'a>,
    /// The backup that is laid out.
    data: Link,
    needed: Needed,
    request: RecoveryRequest,
    layout: Layout,
    to: PathBuf,
    log: CarriedLog,
    tree: Option<Box<DirectoryTree>>,
    marker: Marker,
}

impl<'a> DirectoryRestore<'a> {
    /// Decides everything that can be decided before the first file.
    pub(super) fn begin(with: Surroundings<'a>, envelopes: Vec<Envelope>) -> Result<Self> {
        // The chain, from what the jobs said of themselves.
        let request = with.host.point_in_time(with.engine, &with.choices.point)?;
        let links: Vec<Link> = envelopes.iter().map(|envelope| envelope.link.clone()).collect();
        let data = choose(&links, &request)?.clone();
        let chain = descendants(&links, &data);
        let needed =
            Needed::new(envelopes.into_iter().filter(|envelope| chain.contains(&envelope.link.id)));
        leave_out(&links, &chain);
        let request = RecoveryRequest { link: Some(data.name()), ..request };
        let plan = first_proof(&with, &data, &needed, &request)?;

        // Where it goes, and that nothing is there.
        let (layout, to) = layout(&with, &data)?;
        with.engine.refuse_running(&layout)?;
        let bytes = needed.links().map(|link| link.totals.bytes).sum();
        make_room(&layout, bytes, with.replace, with.job)?;
        let marker = Marker::begin(None, data.target.as_str(), data.name(), &plan);
        marker.write(&to)?;
        let tree = Box::new(DirectoryTree::create(layout.clone(), data.roots.iter())?);
        with.talk.outbox.report(
            Severity::Info,
            format!("the backup {} is restored to {}", data.name(), to.display()),
        );
        with.talk.told.phase("write files");
        with.talk.told.expect(bytes);
        let log = CarriedLog::default();
        Ok(Self { with, data, needed, request, layout, to, log, tree: Some(tree), marker })
    }

    fn tree(&self) -> Result<&DirectoryTree> {
        let tree = self.tree.as_deref();
        tree.ok_or_else(|| Error::new(Kind::Bug, "the directory is finished already"))
    }

    fn part(&self, link: &Link, name: &Name, file: &Coming) -> Result<FilePart> {
        let (root, path) = place(name).ok_or_else(super::out_of_turn)?;
        let kind = match file.file_type {
            FileType::File => FileKind::File,
            FileType::Directory => FileKind::Directory,
            FileType::Symlink => FileKind::Symlink(file.link.clone()),
        };
        Ok(FilePart {
            root: root.clone(),
            path: path.clone(),
            kind,
            mode: file.mode & 0o7777,
            owner: owner(link, root, file),
            mtime: DateTime::from_timestamp(file.mtime, 0).unwrap_or_else(Utc::now),
            extent: Extent::Whole,
            length: file.size.unwrap_or(0),
            crc32c: 0,
        })
    }

    /// The log that came among the files reaches where recovery shall end.
    fn last_proof(&self) -> Result<Plan> {
        self.with.engine.cover(std::slice::from_ref(&self.data), &self.log, &self.request)
    }
}

impl Way for DirectoryRestore<'_> {
    fn create(&mut self, name: &Name, file: &Coming) -> Result<Reply> {
        let Some(link) = self.needed.link(name.job) else { return Ok(Reply::Skip) };
        if !is_file(name) {
            return Ok(Reply::Skip);
        }
        if file.file_type == FileType::File {
            return Ok(Reply::Extract);
        }
        let part = self.part(link, name, file)?;
        self.tree()?.put(&part, &mut std::io::empty())?;
        Ok(Reply::Made)
    }

    fn body(&mut self, name: &Name, file: &Coming, body: &mut IncomingBody<'_>) -> Result<()> {
        let link = self.needed.link(name.job).ok_or_else(super::out_of_turn)?;
        let part = self.part(link, name, file)?;
        self.tree()?.put(&part, body)?;
        let root = self.layout.roots.get(&part.root);
        if let (Some(key), Some(root)) = (key_of(link, &part.root, &part.path), root) {
            self.log.add(key, root.join(part.path.as_path()));
        }
        self.needed.account(name, body)?;
        self.with.talk.told.advance(body.bytes);
        if body.bytes != part.length {
            let text = format!("{} has {} bytes and not {}", part.path, body.bytes, part.length);
            return Err(Error::new(Kind::RestoreCheck, text));
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.needed.check()?;
        let plan = self.last_proof()?;
        for note in &plan.notes {
            tracing::warn!("{note}");
        }

        // What makes the server recover; then everything onto the disk.
        self.with.talk.told.phase("make the server recover");
        self.with.engine.finish(&LastMile {
            plan: &plan,
            link: &self.data,
            layout: &self.layout,
            fetch: vec![NO_MORE_LOG.to_owned()],
            keep_archiving: self.with.choices.keep_archiving,
        })?;
        self.with.talk.told.phase("sync");
        self.tree()?.settle()?;
        if self.with.talk.cancel.is_cancelled() {
            return Err(Error::new(Kind::Interrupted, "the restore was cancelled"));
        }

        // From here on a server may be started.
        let tree = self.tree.take().ok_or_else(super::out_of_turn)?;
        tree.finish()?;
        self.marker.plan = plan;
        self.marker.finished_at = Some(Utc::now());
        self.marker.write(&self.to)?;
        let text = format!("{} is ready to start", self.to.display());
        self.with.talk.outbox.report(Severity::Info, text);
        if let Some(starting) = self.with.engine.starting(&self.data, &self.layout)? {
            let text = format!("start it with {}", starting.command);
            self.with.talk.outbox.report(Severity::Info, text);
        }
        Ok(())
    }
}
