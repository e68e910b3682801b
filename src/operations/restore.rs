//! A restore, step by step: choose and prove, decide where everything goes, bring it there.
//!
//! The runbooks are in the room `restore`; here a repository is their source of bodies.

use errors::{Context as _, Error, Kind, Result};
use repository::{
    BodyOptions, ExtractOptions, LinkDocument, Repository, UnitStore, bodies, extract,
};
use restore::{
    FilesRestore, Marker, Occupied, StreamsRestore, claim_directories, restore_to_server,
};
use std::io::Write;
use std::path::{Path, PathBuf};
use stream::{
    Bodies, Chain, Engine, Extent, FileKind, FilePart, FilesRestorer, Layout, Link, LogSource,
    Plan, RecoveryRequest, RelPath, RestoreJob, RestoreSummary, Restorer, StartCommand, TreeWriter,
};

/// A restore of one unit.
pub(crate) struct Restore<'a> {
    pub(crate) repository: &'a Repository,
    pub(crate) store: &'a UnitStore,
    pub(crate) engine: &'static dyn Engine,
    pub(crate) job: RestoreJob,
    /// Unpack a tool's streams, and prepare nothing.
    pub(crate) layout_only: bool,
}

/// Everything that is decided before anything is written.
pub(crate) struct Prepared {
    pub(crate) plan: Plan,
    /// The chain, parents first; never empty.
    documents: Vec<LinkDocument>,
    pub(crate) place: Place,
}

/// Where a restore ends.
pub(crate) enum Place {
    Directories {
        layout: Layout,
        start: Option<StartCommand>,
    },
    /// What a server, a file or a stream will be given, a sentence each.
    Elsewhere {
        notes: Vec<String>,
    },
}

/// What was done.
pub(crate) enum Restored {
    /// A directory that a server starts on.
    Directory(PathBuf),
    /// Trees that are to be prepared.
    Trees(Vec<PathBuf>),
    /// A server, a file or a stream took it.
    Elsewhere(RestoreSummary),
}

impl Prepared {
    /// The newest link of the chain, as it is stored.
    pub(crate) fn newest(&self) -> Result<&LinkDocument> {
        self.documents.last().ok_or_else(|| Error::new(Kind::Bug, "an empty chain"))
    }

    fn chain(&self) -> Result<Chain<'_>> {
        Chain::new(self.documents.iter().map(|document| &document.link).collect())
    }
}

impl Restore<'_> {
    /// Chooses the backup, proves that the log reaches the target, and decides where everything
    /// goes. Nothing is written.
    ///
    /// # Errors
    /// No backup serves, the log has a gap, the place is not empty, a tool is missing.
    pub(crate) fn prepare(
        &self,
        documents: Vec<LinkDocument>,
        request: &RecoveryRequest,
    ) -> Result<Prepared> {
        // Choose the chain and prove that the log leads from it to the target.
        let links: Vec<Link> = documents.iter().map(|document| document.link.clone()).collect();
        let plan = restore::plan::plan(self.engine, &links, &self.store.log(), request)?;
        let documents = chain(documents, &plan)?;
        let mut prepared =
            Prepared { plan, documents, place: Place::Elsewhere { notes: Vec::new() } };

        // Refuse what could only fail after hours.
        let chain = prepared.chain()?;
        match self.engine.restorer() {
            Restorer::Streams(streams) if !self.layout_only => {
                streams.check_preparation(&chain, &self.job)?;
            }
            Restorer::Streams(_) => {}
            Restorer::Files(_) | Restorer::Server(_) if self.layout_only => {
                let text = "--layout-only is for backups that are a tool's streams";
                return Err(Error::new(Kind::Usage, text)
                    .hint("A restore of this one lays the files out as they are wanted already."));
            }
            Restorer::Files(_) | Restorer::Server(_) => {}
        }

        // Decide where everything goes, and refuse what is not empty.
        prepared.place = self.place(&chain)?;
        Ok(prepared)
    }

    fn place(&self, chain: &Chain<'_>) -> Result<Place> {
        let restorer = self.engine.restorer();
        if let Restorer::Server(server) = restorer {
            return Ok(Place::Elsewhere { notes: server.check(chain, &self.job)? });
        }
        let directories =
            restorer.directories().ok_or_else(|| Error::new(Kind::Bug, "no place"))?;
        let layout = directories.layout(chain.newest(), &self.job)?;
        let start = match restorer {
            Restorer::Files(files) => files.start_command(chain.newest(), &layout)?,
            _ => None,
        };
        let occupied = Occupied::Refuse(None);
        claim_directories(directories, &layout, chain.total_bytes(), &occupied)?;
        Ok(Place::Directories { layout, start })
    }

    /// Brings everything to its place. `out` takes the bytes of a restore to standard output.
    ///
    /// # Errors
    /// Damage, a full disk. A directory that is not finished cannot be started.
    pub(crate) fn run(&self, prepared: &Prepared, out: &mut dyn Write) -> Result<Restored> {
        let chain = prepared.chain()?;
        let bodies = |link: &Link| self.bodies(prepared, link);
        match (self.engine.restorer(), &prepared.place) {
            (Restorer::Server(server), _) => {
                let done = restore_to_server(server, &chain, &bodies, &self.job, out)?;
                Ok(Restored::Elsewhere(done))
            }
            (Restorer::Files(files), Place::Directories { layout, .. }) => {
                self.lay_out_files(files, prepared, layout)?;
                Ok(Restored::Directory(layout.main_dir()?.to_owned()))
            }
            (Restorer::Streams(streams), Place::Directories { layout, .. }) => {
                let restore = StreamsRestore { engine: streams, chain: &chain, job: &self.job };
                self.job.progress.expect(chain.total_bytes());
                let to = layout.main_dir()?;
                if self.layout_only {
                    let dir = to.join(super::label().to_string());
                    return Ok(Restored::Trees(restore.into_trees(&dir, &bodies)?));
                }
                let marker = self.marker(&chain, &prepared.plan);
                restore.into_directory(layout, &prepared.plan, marker, &bodies)?;
                Ok(Restored::Directory(to.to_owned()))
            }
            (_, Place::Elsewhere { .. }) => Err(Error::new(Kind::Bug, "a restore without a place")),
        }
    }

    fn marker(&self, chain: &Chain<'_>, plan: &Plan) -> Marker {
        Marker::begin(Some(self.repository.info().id), chain.newest(), Some(plan))
    }

    fn bodies(&self, prepared: &Prepared, link: &Link) -> Result<Box<dyn Bodies>> {
        let document = prepared.documents.iter().find(|document| document.link.id == link.id);
        let document = document.ok_or_else(|| Error::new(Kind::Bug, "no such link"))?;
        let options = BodyOptions { workers: self.job.workers, cancel: self.job.cancel.clone() };
        Ok(Box::new(bodies(self.store, document, options)))
    }

    fn lay_out_files(
        &self,
        files: &dyn FilesRestorer,
        prepared: &Prepared,
        layout: &Layout,
    ) -> Result<()> {
        let chain = prepared.chain()?;
        let marker = self.marker(&chain, &prepared.plan);
        let newest = chain.newest();
        let restore = FilesRestore::begin(files, newest.clone(), layout.clone(), marker)?;

        // Every block is written once, where it belongs.
        self.job.progress.phase("write files");
        let options = ExtractOptions {
            workers: self.job.workers,
            cancel: &self.job.cancel,
            progress: self.job.progress.as_ref(),
        };
        let documents: Vec<&LinkDocument> = prepared.documents.iter().collect();
        extract(self.store, &documents, restore.tree(), options)?;
        self.put_log(newest, restore.tree())?;

        restore.finish(&prepared.plan, &self.job).map(drop)
    }

    /// The log that makes the backup whole lies where the server would have written it.
    fn put_log(&self, link: &Link, tree: &dyn TreeWriter) -> Result<()> {
        self.job.progress.phase("write log");
        let log = self.store.log();
        for reach in &link.log {
            let root = link.roots.get(&reach.root);
            let owner = root.map(|info| info.owner.clone()).unwrap_or_default();
            // The group may read the log where it may read the directory.
            let group = root.is_some_and(|info| info.mode & 0o050 == 0o050);
            for key in reach.keys() {
                let key = key.ok_or_else(|| {
                    Error::new(Kind::Manifest, "a piece of log has no proper name")
                })?;
                let piece = log.open_piece(&key)?;
                let mut piece = piece.ok_or_else(|| {
                    Error::new(Kind::LogGap, format!("the piece of log {key} is missing"))
                })?;
                let head = piece.head();
                let path: RelPath = reach
                    .directory
                    .join(key.name.as_bytes())
                    .or_kind(Kind::Manifest, || format!("place {key}"))?;
                let part = FilePart {
                    root: reach.root.clone(),
                    path,
                    kind: FileKind::File,
                    mode: if group { 0o640 } else { 0o600 },
                    owner: owner.clone(),
                    mtime: head.written_at,
                    extent: Extent::Whole,
                    length: head.length,
                    crc32c: 0,
                };
                piece.read_through(&mut |body| tree.put(&part, body))?;
                self.job.check_cancel()?;
            }
        }
        Ok(())
    }
}

/// The documents of a plan's chain, parents first.
fn chain(documents: Vec<LinkDocument>, plan: &Plan) -> Result<Vec<LinkDocument>> {
    let place = |document: &LinkDocument| plan.chain.iter().position(|id| *id == document.link.id);
    let mut chain: Vec<LinkDocument> =
        documents.into_iter().filter(|document| place(document).is_some()).collect();
    chain.sort_by_key(|document| place(document));
    match chain.len() == plan.chain.len() && !chain.is_empty() {
        true => Ok(chain),
        false => Err(Error::new(Kind::Bug, "the plan names a backup that is not there")),
    }
}

/// Where a restored server gets more log: from this program and this repository, wherever the server
/// is started.
///
/// # Errors
/// This program cannot be found.
pub(crate) fn log_source(
    engine: &dyn Engine,
    repository: &Repository,
    store: &UnitStore,
) -> Result<LogSource> {
    let program = std::env::current_exe().map_err(|error| Error::io("find this program", error))?;
    let is_own = engine.descriptor().log_scope == stream::LogScope::Unit;
    Ok(LogSource::Repository {
        program,
        place: repository.describe(),
        target: store.target().clone(),
        unit: store.unit().filter(|_| is_own).cloned(),
    })
}

/// A path that does not depend on where the program was started.
///
/// # Errors
/// The working directory cannot be found.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path)
        .map_err(|error| Error::io(format!("make {} absolute", path.display()), error))
}
