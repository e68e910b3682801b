//! The runbook of restores whose files are the data directory's own. Who gives the files is not
//! known here: a repository's volumes, or a file daemon.

use crate::marker::Marker;
use crate::tree::DirectoryTree;
use chrono::Utc;
use errors::Result;
use stream::{
    FilesRestorer, Layout, Link, Plan, RecoverySetup, RestoreJob, StartCommand, TreeWriter,
};

/// One data directory in the making.
pub struct FilesRestore<'a> {
    engine: &'a dyn FilesRestorer,
    /// The newest link of the chain.
    link: Link,
    layout: Layout,
    tree: Box<DirectoryTree>,
    marker: Marker,
}

impl<'a> FilesRestore<'a> {
    /// Makes the directories, after the marker that says that they are not finished.
    ///
    /// # Errors
    /// A directory or the marker cannot be written.
    pub fn begin(
        engine: &'a dyn FilesRestorer,
        link: Link,
        layout: Layout,
        marker: Marker,
    ) -> Result<Self> {
        marker.write(layout.main_dir()?)?;
        let tree = Box::new(DirectoryTree::create(layout.clone(), link.roots.iter())?);
        Ok(Self { engine, link, layout, tree, marker })
    }

    /// Where the files go.
    #[must_use]
    pub fn tree(&self) -> &DirectoryTree {
        &self.tree
    }

    /// Where everything lies.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The newest link of the chain.
    #[must_use]
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// All files have come: makes the server recover, makes everything durable, and lets it start.
    /// Answers how it is started, where that is not as usual.
    ///
    /// # Errors
    /// A file cannot be written or is missing, or the job was cancelled: no server starts then.
    pub fn finish(self, plan: &Plan, job: &RestoreJob) -> Result<Option<StartCommand>> {
        let Self { engine, link, layout, tree, mut marker } = self;
        // What makes the server recover; then everything onto the disk.
        job.progress.phase("make the server recover");
        engine.set_up_recovery(&RecoverySetup { plan, link: &link, layout: &layout }, job)?;
        job.progress.phase("sync");
        tree.settle()?;
        job.check_cancel()?;

        // From here on a server may be started.
        tree.finish()?;
        marker.finish(plan, layout.main_dir()?, Utc::now())?;
        engine.start_command(&link, &layout)
    }
}
