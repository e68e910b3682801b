//! A tool's streams: each link is unpacked into a tree of its own while it comes, and prepared on
//! request when all are here.

use super::carried_log::CarriedLog;
use super::chain::Selection;
use super::coming::{Coming, IncomingBody};
use super::subject::{Surroundings, place};
use super::{Way, is_file};
use crate::envelope::Envelope;
use crate::names::Name;
use errors::Result;
use protocol::{FileType, Reply, Severity};
use restore::{LinkTree, StreamsRestore, tree_of};
use std::path::PathBuf;
use stream::{Destination, JobId, Progress as _, RestoreJob, StreamsRestorer};

/// Trees in the making.
pub(super) struct TreesRestore<'a> {
    with: Surroundings<'a>,
    engine: &'static dyn StreamsRestorer,
    selection: Selection,
    job: RestoreJob,
    /// Where all trees lie.
    dir: PathBuf,
    /// The link whose streams come at present.
    tree: Option<(JobId, LinkTree)>,
}

impl<'a> TreesRestore<'a> {
    /// Decides everything that can be decided before the first file.
    pub(super) fn begin(
        with: Surroundings<'a>,
        engine: &'static dyn StreamsRestorer,
        envelopes: Vec<Envelope>,
    ) -> Result<Self> {
        let selection = Selection::choose(&with, envelopes)?;
        let chain = selection.chain()?;
        let dir = match with.choices.to_directory(with.engine)? {
            Some(to) => with.below(to),
            None => with.own_directory(engine.tree_directory(chain.newest())?),
        };
        let job = with.job(Destination::Directory(dir.clone()), Vec::new());
        if with.choices.prepare {
            // What could only fail after hours fails now.
            engine.check_preparation(&chain, &job)?;
        }
        let count = chain.links().len();
        let text = format!("{count} backups are unpacked below {}", dir.display());
        with.talk.outbox.report(Severity::Info, text);
        Ok(Self { with, engine, selection, job, dir, tree: None })
    }

    /// The tree that a stream belongs to; the first stream of a link begins it. `None`: it is
    /// another file of the link.
    fn tree(&mut self, name: &Name) -> Result<Option<&mut LinkTree>> {
        let (root, path) = place(name).ok_or_else(super::out_of_turn)?;
        if self.tree.as_ref().is_none_or(|(job, _)| *job != name.job) {
            let Some(link) = self.selection.needed.link(name.job) else { return Ok(None) };
            if !self.engine.stream_names(link)?.contains(&(root.clone(), path.clone())) {
                return Ok(None);
            }
            end(self.tree.take())?;
            let dir = tree_of(&self.dir, link);
            let tree = LinkTree::begin(self.engine, link, &dir, &self.job)?;
            self.with.talk.told.expect(link.totals.bytes);
            self.tree = Some((name.job, tree));
        }
        let tree = self.tree.as_mut().map(|(_, tree)| tree);
        Ok(tree.filter(|tree| tree.expects(root, path)))
    }
}

/// All streams of a link must have come.
fn end(tree: Option<(JobId, LinkTree)>) -> Result<()> {
    tree.map_or(Ok(()), |(_, tree)| tree.finish())
}

impl Way for TreesRestore<'_> {
    fn create(&mut self, name: &Name, file: &Coming) -> Result<Reply> {
        let is_wanted = self.selection.needed.link(name.job).is_some() && is_file(name);
        Ok(match is_wanted && file.file_type == FileType::File {
            true => Reply::Extract,
            false => Reply::Skip,
        })
    }

    fn body(&mut self, name: &Name, _file: &Coming, body: &mut IncomingBody<'_>) -> Result<()> {
        let (root, path) = place(name).ok_or_else(super::out_of_turn)?;
        if let Some(tree) = self.tree(name)? {
            let unpacked = tree.stream(root, path, body);
            body.outcome(unpacked)?;
        }
        // What the tool's own extractor would not have read belongs to the body all the same.
        self.selection.needed.account(name, body)?;
        match self.tree.take() {
            Some(tree) if tree.1.is_complete() => end(Some(tree)),
            tree => {
                self.tree = tree;
                Ok(())
            }
        }
    }

    fn finish(&mut self) -> Result<()> {
        end(self.tree.take())?;
        let plan = self.selection.prove(self.with.engine, &CarriedLog::default())?;
        for note in plan.notes {
            self.with.talk.outbox.report(Severity::Info, note);
        }
        let chain = self.selection.chain()?;
        let restore = StreamsRestore { engine: self.engine, chain: &chain, job: &self.job };
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
