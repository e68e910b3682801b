//! The repository as a sink: files in, volumes and rows out, the link last.
//!
//! `put` cuts a file into tasks; workers take them from a bounded channel, and each writes a volume
//! of its own. Memory is workers × block size, whatever the number and the size of the files.

mod body;
mod receipts;
mod shared;
mod task;
mod worker;

use crate::claim::Claim;
use crate::log::LogStore;
use crate::unit::{LinkDocument, StoredObject};
use crossbeam_channel::{Sender, bounded};
use errors::{Error, Kind, Result};
use shared::Shared;
use std::sync::Arc;
use std::thread::JoinHandle;
use stream::{Cancel, Durability, Link, LogKey, LogSink, Progress, Receipt, Sink, VirtualFile};
use task::Task;

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
    tasks: Option<Sender<Task>>,
    workers: Vec<JoinHandle<()>>,
    shared: Arc<Shared>,
    log: LogStore,
    options: SinkOptions,
    claim: Claim,
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
        let mut workers = Vec::new();
        for number in 0..options.workers {
            let (shared, queue, log) = (Arc::clone(&shared), queue.clone(), log.clone());
            let thread = std::thread::Builder::new().name(format!("worker-{number}"));
            let run = move || worker::run(&shared, number, &queue, &log);
            workers.push(thread.spawn(run).map_err(|error| Error::io("start a thread", error))?);
        }
        Ok(Self { tasks: Some(tasks), workers, shared, log, options, claim })
    }

    fn stop_workers(&mut self) {
        drop(self.tasks.take());
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
        let (tasks, receipt) = task::split(file, self.options.part_bytes);
        let sender =
            self.tasks.as_ref().ok_or_else(|| Error::new(Kind::Bug, "put after finish"))?;
        for task in tasks {
            self.shared.begin_task();
            if sender.send(task).is_err() {
                self.shared.end_task();
                return Err(self.shared.failure("the workers are gone"));
            }
        }
        Ok(receipt)
    }

    fn has_log(&self, keys: &[LogKey]) -> Result<Vec<bool>> {
        keys.iter().map(|key| self.log.have(key)).collect()
    }

    fn settle(&self) -> Result<()> {
        self.shared.wait_until_idle();
        self.shared.check()
    }

    fn durable(&self) -> Result<Durability> {
        self.settle()?;
        self.shared.close_volumes()?;
        Ok(Durability::Survives)
    }

    fn finish(mut self: Box<Self>, link: Link) -> Result<()> {
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
