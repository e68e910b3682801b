//! The repository as a sink: files in, volumes and rows out, the link last.
//!
//! `put` cuts a file into tasks; workers take them from a bounded channel, and each writes a volume
//! of its own. A body of unknown length is cut by a thread that reads it. Memory is workers × a few
//! parts of such bodies, whatever the number and the size of the files.

mod body;
mod buffers;
mod open;
mod partial;
mod receipts;
mod shared;
mod streamed;
mod task;
mod worker;

use crate::claim::Claim;
use crate::log::LogStore;
use crate::stored::StoredObject;
use crate::unit::LinkDocument;
use crossbeam_channel::{Sender, bounded};
use errors::{Error, Kind, Result};
use shared::Shared;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use stream::{
    Cancel, Durability, FileKind, Link, LogKey, LogSink, Progress, Receipt, Sink, VirtualFile,
};
use task::Task;
use worker::Queue;

/// How a [`RepositorySink`] works.
#[derive(Debug, Clone, Copy)]
pub struct SinkOptions {
    /// Threads that read, compress and write; each has a volume open.
    pub workers: usize,
    /// zstd's level, 1 to 19.
    pub level: i32,
    /// Stored bytes after which a volume ends; at most 4 GiB.
    pub volume_bytes: u64,
    /// Larger bodies are cut into parts of this size, a multiple of 1 MiB.
    pub part_bytes: u64,
}

impl Default for SinkOptions {
    fn default() -> Self {
        Self { workers: 2, level: 3, volume_bytes: 1 << 30, part_bytes: 64 << 20 }
    }
}

/// Takes the stream of one job into a repository.
pub struct RepositorySink {
    // In this order: the workers end before the claim may remove what they wrote.
    tasks: Sender<Task>,
    /// Dropped when there will be no more tasks.
    open: Option<Sender<()>>,
    workers: Vec<JoinHandle<()>>,
    shared: Arc<Shared>,
    log: LogStore,
    options: SinkOptions,
    claim: Claim,
    /// Whether a file was put that needs the parent's.
    has_partial: AtomicBool,
}

impl RepositorySink {
    /// Starts the workers.
    ///
    /// # Errors
    /// A thread could not be started.
    pub fn start(
        claim: Claim,
        options: SinkOptions,
        cancel: Cancel,
        progress: Arc<dyn Progress>,
    ) -> Result<Self> {
        let log = claim.store.log();
        let shared = Arc::new(Shared::new(&claim, options, cancel, progress));
        let (tasks, queue) = bounded::<Task>(options.workers.saturating_mul(2));
        let (open, closed) = bounded(0);
        let queue = Queue { tasks: queue, closed };
        let mut workers = Vec::new();
        for number in 0..options.workers {
            let (shared, queue, log) = (Arc::clone(&shared), queue.clone(), log.clone());
            let thread = std::thread::Builder::new().name(format!("worker-{number}"));
            let run = move || worker::run(&shared, number, &queue, &log);
            workers.push(thread.spawn(run).map_err(|error| Error::io("start a thread", error))?);
        }
        let has_partial = AtomicBool::new(false);
        Ok(Self { tasks, open: Some(open), workers, shared, log, options, claim, has_partial })
    }

    fn stop_workers(&mut self) {
        drop(self.open.take());
        for worker in self.workers.drain(..) {
            if worker.join().is_err() {
                self.shared.fail(Error::new(Kind::Bug, "a worker died"));
            }
        }
    }

    /// A link must never name what is not there, whatever happened to the storage meanwhile.
    fn check_present(&self, object: &StoredObject) -> Result<()> {
        let size = self.claim.store.storage.size(&object.parsed_key()?)?;
        if size == Some(object.bytes) {
            return Ok(());
        }
        Err(Error::new(Kind::Io, format!("{} was written and is gone or changed", object.key)))
    }
}

impl Sink for RepositorySink {
    fn lanes(&self) -> usize {
        self.options.workers
    }

    fn put(&self, file: VirtualFile) -> Result<Receipt> {
        self.shared.check()?;
        partial::check(&file)?;
        self.has_partial.fetch_or(file.partial.is_some(), Ordering::Relaxed);
        let size = match file.known_size() {
            Some(size) => size,
            // A piece of log is a file, and stored as long as it is.
            None if matches!(file.kind, FileKind::Log(_)) => 0,
            None => return streamed::start(file, &self.shared, &self.tasks),
        };
        let (tasks, receipt) = task::split(file, size, self.options.part_bytes);
        tasks.into_iter().try_for_each(|task| self.shared.send(&self.tasks, task))?;
        Ok(receipt)
    }

    fn has_log(&self, keys: &[LogKey]) -> Result<Vec<bool>> {
        keys.iter().map(|key| self.log.have(key)).collect()
    }

    fn settle(&self) -> Result<()> {
        self.shared.settle()
    }

    fn durable(&self) -> Result<Durability> {
        self.settle()?;
        self.shared.close_volumes()?;
        Ok(Durability::Survives)
    }

    fn finish(mut self: Box<Self>, mut link: Link) -> Result<()> {
        if self.has_partial.load(Ordering::Relaxed) {
            partial::mark(&mut link)?;
        }
        self.settle()?;
        self.stop_workers();
        self.shared.close_volumes()?;
        let volumes = self.shared.take_volumes()?;
        for volume in &volumes {
            self.check_present(&volume.volume)?;
            self.check_present(&volume.rows)?;
        }
        let repository = self.claim.store.repository;
        let document = LinkDocument { repository, link, volumes };
        // From the first byte of the link on, its volumes must stay, even if we fail now: whether
        // the link became visible is then known only to who looks.
        self.claim.keep();
        self.claim.store.publish(&document)
    }
}

impl Drop for RepositorySink {
    fn drop(&mut self) {
        self.shared.fail(Error::new(Kind::Interrupted, "the sink was dropped"));
        self.stop_workers();
        self.shared.discard();
    }
}
