//! `seawall restore`: a backup into a directory, and the log up to a chosen moment.

mod plan_text;
mod streams;

use super::target;
use crate::args;
use crate::config::{Request, Settings};
use crate::context::{Context, find_backup, label};
use crate::human;
use crate::printer::Answer;
use crate::registry;
use errors::{Context as _, Error, Kind, Result};
use repository::{ExtractOptions, LinkDocument, Repository, UnitStore, extract};
use restore::{DirectoryTree, Marker, check_destination, check_space};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;
use stream::{
    Engine, Extent, FileKind, FilePart, LastMile, Layout, LayoutRequest, Plan, Progress, RelPath,
    TreeWriter,
};

/// # Errors
/// Before anything is written: no backup serves, the log has a gap, the place is not empty. Later:
/// damage, a full disk. A directory that is not finished cannot be started.
pub(crate) fn run(context: &Context, arguments: &args::Restore) -> Result<Answer> {
    let began = Instant::now();
    let settings = context.settings(request(arguments))?;
    let repository = settings.open_repository()?;
    let store = settings.stored_unit(&repository)?;
    context.end_on_signal()?;
    context.printer.start("restore");

    // Choose the backup and prove that the log reaches the target.
    let documents = store.links()?;
    let newest =
        documents.last().ok_or_else(|| Error::new(Kind::NotFound, "there are no backups"))?;
    let engine = registry::by_name(&newest.link.engine)?;
    let chosen = arguments.backup.as_deref().map(|word| find_backup(&store, word)).transpose()?;
    let wanted = target::request(engine, &arguments.target, chosen)?;
    let links: Vec<_> = documents.iter().map(|document| document.link.clone()).collect();
    let plan = engine.cover(&links, &store.log(), &wanted)?;
    let document = chosen_document(&documents, &plan)?;
    let chain = streams::chain(&documents, &plan)?;
    streams::check(engine, &chain, arguments.layout_only)?;

    // Decide where everything goes, and refuse what is not empty.
    let layout = engine.layout(&document.link, &layout_request(arguments)?)?;
    let starting = engine.starting(&document.link, &layout)?;
    let text = plan_text::print(engine, &plan, document, &layout, starting.as_ref());
    engine.refuse_running(&layout)?;
    check_destination(&layout)?;
    check_space(&layout, chain.iter().map(|document| document.link.totals.bytes).sum())?;
    if arguments.dry_run {
        return Ok(Answer::new(
            "seawall.restore-plan/1",
            text,
            json!({"plan": plan, "start": starting}),
        ));
    }

    let job = Job { context, settings: &settings, repository: &repository, store: &store, engine };
    let to = layout.roots.values().next().cloned().unwrap_or_default();
    let data = main_root(&layout, arguments).unwrap_or(to);
    if let Some(streams) = engine.streams().filter(|_| arguments.layout_only) {
        let trees = job.lay_out_trees(streams, &chain, &data.join(label().to_string()))?;
        let (text, summary) = streams::answer(&plan, &trees);
        return Ok(Answer::new("seawall.restore-trees/1", text, summary));
    }
    job.restore(&plan, &chain, &layout, (&data, arguments.keep_archiving))?;

    let memory = system::peak_memory_bytes();
    let text = format!(
        "{text}restored     {} in {:.1} s\npeak memory  {}\n",
        data.display(),
        began.elapsed().as_secs_f64(),
        memory.map_or_else(|| "unknown".to_owned(), human::bytes)
    );
    let summary =
        json!({"plan": plan, "start": starting, "directory": data, "peak_memory_bytes": memory});
    Ok(Answer::new("seawall.restore/1", text, summary))
}

fn request(arguments: &args::Restore) -> Request {
    // `restore main --target latest` names a moment: `main` is the target's name already.
    let stored = &arguments.stored;
    let is_name = |target: &String| stored.place.is_none() || target != args::LATEST;
    Request {
        place: stored.place.clone(),
        target: stored.target.clone().filter(is_name),
        flags: arguments.workers.clone().map(|value| ("workers", value)).into_iter().collect(),
        ..Request::default()
    }
}

fn layout_request(arguments: &args::Restore) -> Result<LayoutRequest> {
    let absolute = |path: &PathBuf| {
        std::path::absolute(path)
            .map_err(|error| Error::io(format!("make {} absolute", path.display()), error))
    };
    let mut mapping = Vec::new();
    for (old, new) in &arguments.tablespaces {
        mapping.push((old.clone(), absolute(&PathBuf::from(new))?));
    }
    if let Some(dir) = &arguments.configuration {
        mapping.push(("configuration".to_owned(), absolute(dir)?));
    }
    Ok(LayoutRequest { to: absolute(&arguments.to)?, mapping })
}

fn main_root(layout: &Layout, arguments: &args::Restore) -> Option<PathBuf> {
    let to = std::path::absolute(&arguments.to).ok()?;
    layout.roots.values().find(|path| **path == to).cloned()
}

fn chosen_document<'a>(documents: &'a [LinkDocument], plan: &Plan) -> Result<&'a LinkDocument> {
    let newest = plan.chain.last();
    let found = documents.iter().find(|document| Some(&document.link.id) == newest);
    found.ok_or_else(|| Error::new(Kind::Bug, "the plan names no backup"))
}

/// One restore, once everything is decided.
struct Job<'a> {
    context: &'a Context,
    settings: &'a Settings,
    repository: &'a Repository,
    store: &'a UnitStore,
    engine: &'static dyn Engine,
}

impl Job<'_> {
    /// Everything into its place. The marker says that the directory is not finished, until it is.
    fn restore(
        &self,
        plan: &Plan,
        chain: &[&LinkDocument],
        layout: &Layout,
        (data, keep_archiving): (&Path, bool),
    ) -> Result<()> {
        let document = chain.last().ok_or_else(|| Error::new(Kind::Bug, "an empty chain"))?;
        let link = &document.link;
        let id = Some(self.repository.info().id);
        let mut marker = Marker::begin(id, link.target.as_str(), link.name(), plan);
        marker.write(data)?;
        match self.engine.streams() {
            Some(streams) => self.lay_out_streams(streams, chain, layout)?,
            None => self.lay_out(plan, document, layout, keep_archiving)?,
        }
        marker.finished_at = Some(chrono::Utc::now());
        marker.write(data)
    }

    fn lay_out(
        &self,
        plan: &Plan,
        document: &LinkDocument,
        layout: &Layout,
        keep_archiving: bool,
    ) -> Result<()> {
        let progress = self.context.progress();
        let link = &document.link;
        let tree = Box::new(DirectoryTree::create(layout.clone(), link.roots.iter())?);

        // Every block is written once, where it belongs.
        progress.phase("write files");
        let options = ExtractOptions {
            workers: self.settings.workers(),
            cancel: &self.context.cancel,
            progress: progress.as_ref(),
        };
        extract(self.store, &[document], tree.as_ref(), options)?;
        self.put_log(document, tree.as_ref(), progress.as_ref())?;

        // What makes the server recover; then everything onto the disk.
        let fetch = self.fetch_command(plan)?;
        self.engine.finish(&LastMile { plan, link, layout, fetch, keep_archiving })?;
        progress.phase("sync");
        tree.settle()?;
        if self.context.cancel.is_cancelled() {
            return Err(Error::new(Kind::Interrupted, "the restore was cancelled"));
        }

        // From here on a server may be started.
        tree.finish()
    }

    /// The log that makes the backup whole lies where the server would have written it.
    fn put_log(
        &self,
        document: &LinkDocument,
        tree: &dyn TreeWriter,
        progress: &dyn Progress,
    ) -> Result<()> {
        progress.phase("write log");
        let log = self.store.log();
        for reach in &document.link.log {
            let root = document.link.roots.get(&reach.root);
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
                if self.context.cancel.is_cancelled() {
                    return Err(Error::new(Kind::Interrupted, "the restore was cancelled"));
                }
            }
        }
        Ok(())
    }

    /// How the restored server gets more log: from this program and this repository, wherever the
    /// server is started.
    fn fetch_command(&self, plan: &Plan) -> Result<Vec<String>> {
        let program =
            std::env::current_exe().map_err(|error| Error::io("find this program", error))?;
        let mut words = vec![program.display().to_string(), "wal".to_owned(), "fetch".to_owned()];
        words.extend(["--repo".to_owned(), self.repository.describe()]);
        words.extend(["--target".to_owned(), self.store.target().to_string()]);
        if let Some(lineage) = plan.settings.get("lineage") {
            words.extend(["--lineage".to_owned(), lineage.clone()]);
        }
        Ok(words)
    }
}
