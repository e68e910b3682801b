//! Restores of engines whose links hold a tool's streams.

use super::Job;
use crate::human;
use errors::{Error, Kind, Result};
use repository::{BodyOptions, LinkDocument, bodies};
use restore::StreamRestore;
use serde_json::json;
use std::path::{Path, PathBuf};
use stream::{Bodies, Engine, Layout, Link, Plan, StreamEngine, Work};

impl Job<'_> {
    /// The chain as a data directory that the stock server starts on.
    pub(super) fn lay_out_streams(
        &self,
        streams: &dyn StreamEngine,
        chain: &[&LinkDocument],
        layout: &Layout,
    ) -> Result<()> {
        self.with_streams(streams, chain, |restore| restore.into_directory(layout))
    }

    /// The chain as trees `DIR/<restore job>/<from>_<to>_<jobid>/`, each with its link beside it.
    pub(super) fn lay_out_trees(
        &self,
        streams: &dyn StreamEngine,
        chain: &[&LinkDocument],
        dir: &Path,
    ) -> Result<Vec<PathBuf>> {
        self.with_streams(streams, chain, |restore| {
            let trees = restore.into_trees(dir)?;
            restore.write_links(dir)?;
            Ok(trees)
        })
    }

    fn with_streams<T>(
        &self,
        streams: &dyn StreamEngine,
        chain: &[&LinkDocument],
        act: impl FnOnce(&StreamRestore<'_>) -> Result<T>,
    ) -> Result<T> {
        let progress = self.context.progress();
        let options =
            BodyOptions { workers: self.settings.workers(), cancel: self.context.cancel.clone() };
        let give = |link: &Link| -> Result<Box<dyn Bodies>> {
            let document = chain.iter().find(|document| document.link.id == link.id);
            let document = document.ok_or_else(|| Error::new(Kind::Bug, "no such link"))?;
            Ok(Box::new(bodies(self.store, document, options.clone())))
        };
        let links: Vec<&Link> = chain.iter().map(|document| &document.link).collect();
        progress.expect(links.iter().map(|link| link.totals.bytes).sum());
        act(&StreamRestore {
            engine: streams,
            chain: &links,
            bodies: &give,
            work: Work {
                workers: self.settings.workers(),
                cancel: &self.context.cancel,
                progress: progress.as_ref(),
            },
        })
    }
}

/// Refuses what could only fail after hours.
pub(super) fn check(engine: &dyn Engine, chain: &[&LinkDocument], layout_only: bool) -> Result<()> {
    match engine.streams() {
        None if layout_only => {
            let text = "--layout-only is for backups that are a tool's streams";
            Err(Error::new(Kind::Usage, text)
                .hint("A restore of this one lays the files out as the server wants them already."))
        }
        Some(streams) if !layout_only => {
            let links: Vec<&Link> = chain.iter().map(|document| &document.link).collect();
            streams.check_preparation(&links)
        }
        _ => Ok(()),
    }
}

/// The documents of a plan's chain, in order.
pub(super) fn chain<'a>(
    documents: &'a [LinkDocument],
    plan: &Plan,
) -> Result<Vec<&'a LinkDocument>> {
    let find = |id: &uuid::Uuid| documents.iter().find(|document| document.link.id == *id);
    let found: Option<Vec<_>> = plan.chain.iter().map(find).collect();
    found.filter(|chain| !chain.is_empty()).ok_or_else(|| Error::new(Kind::Bug, "an empty chain"))
}

/// What was laid out, for people and for programs.
pub(super) fn answer(plan: &Plan, trees: &[PathBuf]) -> (String, serde_json::Value) {
    let rows: Vec<Vec<String>> =
        trees.iter().map(|tree| vec!["tree".to_owned(), tree.display().to_string()]).collect();
    (human::table(&rows), json!({"plan": plan, "trees": trees}))
}
