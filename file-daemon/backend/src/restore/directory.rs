//! A data directory that a server starts on: every block is written once, where it belongs.

use super::carried_log::{CarriedLog, key_of};
use super::chain::Selection;
use super::coming::{Coming, IncomingBody};
use super::places::{layout, occupied};
use super::subject::{Surroundings, owner, place};
use super::{Way, is_file};
use crate::envelope::Envelope;
use crate::names::Name;
use chrono::{DateTime, Utc};
use errors::{Error, Kind, Result};
use protocol::{FileType, Reply, Severity};
use restore::{FilesRestore, Marker, claim_directories};
use stream::{
    Extent, FileKind, FilePart, FilesRestorer, Link, Progress as _, RestoreJob, TreeWriter,
};

/// One data directory in the making.
pub(super) struct DirectoryRestore<'a> {
    with: Surroundings<'a>,
    selection: Selection,
    job: RestoreJob,
    log: CarriedLog,
    /// `None` when it is finished.
    files: Option<FilesRestore<'a>>,
}

impl<'a> DirectoryRestore<'a> {
    /// Decides everything that can be decided before the first file.
    pub(super) fn begin(
        with: Surroundings<'a>,
        engine: &'static dyn FilesRestorer,
        envelopes: Vec<Envelope>,
    ) -> Result<Self> {
        // The chain, from what the jobs said of themselves.
        let selection = Selection::choose(&with, envelopes)?;
        let chain = selection.chain()?;
        let newest = chain.newest();
        if chain.links().len() > 1 {
            // A daemon gives the oldest files first, and a file that is written twice may keep what
            // was cut off since.
            let text = format!("the backup {} continues another one", newest.name());
            return Err(Error::new(Kind::Usage, text).hint(
                "A file daemon cannot lay such files over each other: mode=files brings them back.",
            ));
        }

        // Where it goes, and that nothing is there.
        let (layout, job) = layout(&with, engine, newest)?;
        let bytes = selection.needed.total_bytes();
        claim_directories(engine, &layout, bytes, &occupied(with.replace, with.job))?;
        let text = format!("the backup {} is restored to {}", newest.name(), job.destination);
        let marker = Marker::begin(None, newest, None);
        let files = FilesRestore::begin(engine, newest.clone(), layout, marker)?;
        with.talk.outbox.report(Severity::Info, text);
        with.talk.told.phase("write files");
        with.talk.told.expect(bytes);
        Ok(Self { with, selection, job, log: CarriedLog::default(), files: Some(files) })
    }

    fn files(&self) -> Result<&FilesRestore<'a>> {
        let files = self.files.as_ref();
        files.ok_or_else(|| Error::new(Kind::Bug, "the directory is finished already"))
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
}

impl Way for DirectoryRestore<'_> {
    fn create(&mut self, name: &Name, file: &Coming) -> Result<Reply> {
        let Some(link) = self.selection.needed.link(name.job) else { return Ok(Reply::Skip) };
        if !is_file(name) {
            return Ok(Reply::Skip);
        }
        if file.file_type == FileType::File {
            return Ok(Reply::Extract);
        }
        let part = self.part(link, name, file)?;
        self.files()?.tree().put(&part, &mut std::io::empty())?;
        Ok(Reply::Made)
    }

    fn body(&mut self, name: &Name, file: &Coming, body: &mut IncomingBody<'_>) -> Result<()> {
        let link = self.selection.needed.link(name.job).ok_or_else(super::out_of_turn)?;
        let part = self.part(link, name, file)?;
        let files = self.files()?;
        let written = files.tree().put(&part, body);
        body.outcome(written)?;
        let root = files.layout().roots.get(&part.root);
        if let (Some(key), Some(root)) = (key_of(link, &part.root, &part.path), root) {
            let path = root.join(part.path.as_path());
            self.log.add(key, path);
        }
        self.selection.needed.account(name, body)?;
        self.with.talk.told.advance(body.bytes);
        if body.bytes != part.length {
            let text = format!("{} has {} bytes and not {}", part.path, body.bytes, part.length);
            return Err(Error::new(Kind::RestoreCheck, text));
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        let plan = self.selection.prove(self.with.engine, &self.log)?;
        for note in &plan.notes {
            tracing::warn!("{note}");
        }
        let files = self.files.take().ok_or_else(super::out_of_turn)?;
        let start = files.finish(&plan, &self.job)?;
        let text = format!("{} is ready to start", self.job.destination);
        self.with.talk.outbox.report(Severity::Info, text);
        if let Some(start) = start {
            let text = format!("start it with {}", start.command);
            self.with.talk.outbox.report(Severity::Info, text);
        }
        Ok(())
    }
}
