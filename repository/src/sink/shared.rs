//! What the workers of one job share: its failure, what is open, its volumes.

use super::SinkOptions;
use super::buffers::Buffers;
use super::open::{Open, lock};
use super::receipts::PartReceipts;
use super::task::Task;
use crate::claim::Claim;
use crate::keys::UnitKeys;
use crate::storage::Storage;
use crate::unit::StoredVolume;
use crate::volume::{MAX_VOLUME_BYTES, VolumeWriter};
use crossbeam_channel::Sender;
use errors::{Error, Kind, Result};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use stream::{Cancel, JobId, Progress};

pub(super) struct Shared {
    storage: Arc<dyn Storage>,
    keys: UnitKeys,
    job: JobId,
    level: i32,
    volume_bytes: u64,
    pub(super) cancel: Cancel,
    pub(super) progress: Arc<dyn Progress>,
    failure: Mutex<Option<Error>>,
    /// The receipts of the open streams.
    streams: Mutex<Vec<Arc<PartReceipts>>>,
    pub(super) open: Open,
    pub(super) buffers: Buffers,
    next_volume: AtomicU32,
    /// The volume that each worker is writing.
    slots: Vec<Mutex<Option<VolumeWriter>>>,
    done: Mutex<Vec<StoredVolume>>,
}

impl Shared {
    pub(super) fn new(
        claim: &Claim,
        options: SinkOptions,
        cancel: Cancel,
        progress: Arc<dyn Progress>,
    ) -> Self {
        Self {
            storage: Arc::clone(&claim.store.storage),
            keys: claim.store.keys.clone(),
            job: claim.job(),
            level: options.level,
            volume_bytes: options.volume_bytes.min(MAX_VOLUME_BYTES),
            cancel,
            progress,
            failure: Mutex::new(None),
            streams: Mutex::new(Vec::new()),
            open: Open::default(),
            buffers: Buffers::new(options.workers),
            next_volume: AtomicU32::new(1),
            slots: (0..options.workers).map(|_| Mutex::new(None)).collect(),
            done: Mutex::new(Vec::new()),
        }
    }

    /// Remembers the first failure; every later call of the sink answers it, and so do the streams
    /// that are open: their readers may notice late.
    pub(super) fn fail(&self, error: Error) {
        let first = lock(&self.failure).get_or_insert(error).repeat();
        for receipts in lock(&self.streams).iter() {
            receipts.tell(0, Err(first.repeat()));
        }
    }

    /// Opens a stream whose receipts are `receipts`; waits while there are enough.
    pub(super) fn begin_stream(&self, receipts: &Arc<PartReceipts>) -> Result<()> {
        self.open.begin_stream(self.slots.len(), &|| self.check_running())?;
        lock(&self.streams).push(Arc::clone(receipts));
        Ok(())
    }

    pub(super) fn end_stream(&self, receipts: &Arc<PartReceipts>) {
        lock(&self.streams).retain(|other| !Arc::ptr_eq(other, receipts));
        self.open.end_stream();
    }

    pub(super) fn check(&self) -> Result<()> {
        match lock(&self.failure).as_ref() {
            Some(error) => Err(error.repeat()),
            None => Ok(()),
        }
    }

    /// Hands a task to the workers; waits while they have enough to do.
    pub(super) fn send(&self, tasks: &Sender<Task>, task: Task) -> Result<()> {
        self.open.begin_task();
        if tasks.send(task).is_err() {
            self.open.end_task();
            self.check()?;
            return Err(Error::new(Kind::Bug, "the workers are gone"));
        }
        Ok(())
    }

    /// Fails once the job has failed or was cancelled.
    pub(super) fn check_running(&self) -> Result<()> {
        self.check()?;
        match self.cancel.is_cancelled() {
            true => Err(Error::new(Kind::Interrupted, "the job was cancelled")),
            false => Ok(()),
        }
    }

    /// Waits until nothing is open; see [`Open::wait`].
    pub(super) fn settle(&self) -> Result<()> {
        if let Err(error) = self.open.wait(&|| self.check_running()) {
            // A stream that was given up is missing: no link may be made any more.
            self.fail(error);
        }
        self.check()
    }

    /// Lets a worker write a member of `size` bytes into its volume: a new one when the present
    /// one would grow too large.
    pub(super) fn with_volume<T>(
        &self,
        worker: usize,
        size: u64,
        write: impl FnOnce(&mut VolumeWriter) -> Result<T>,
    ) -> Result<T> {
        let slot = self.slots.get(worker).ok_or_else(|| Error::new(Kind::Bug, "no such worker"))?;
        let mut slot = lock(slot);
        if slot.as_ref().is_some_and(|volume| volume.bytes_with(size) > self.volume_bytes) {
            self.close(slot.take())?;
        }
        if slot.is_none() {
            let number = self.next_volume.fetch_add(1, Ordering::Relaxed);
            let storage = self.storage.as_ref();
            *slot = Some(VolumeWriter::create(storage, &self.keys, self.job, number, self.level)?);
        }
        let volume = slot.as_mut().ok_or_else(|| Error::new(Kind::Bug, "no volume"))?;
        write(volume)
    }

    /// Ends all volumes and makes them durable. Only while no task is open.
    pub(super) fn close_volumes(&self) -> Result<()> {
        self.slots.iter().try_for_each(|slot| self.close(lock(slot).take()))
    }

    fn close(&self, volume: Option<VolumeWriter>) -> Result<()> {
        if let Some(volume) = volume {
            let stored = volume.finish()?;
            lock(&self.done).push(stored);
        }
        Ok(())
    }

    /// The finished volumes in the order of their numbers.
    pub(super) fn take_volumes(&self) -> Result<Vec<StoredVolume>> {
        self.check()?;
        let mut volumes = std::mem::take(&mut *lock(&self.done));
        volumes.sort_by_key(|volume| volume.number);
        Ok(volumes)
    }

    /// Throws away the volumes that are being written.
    pub(super) fn discard(&self) {
        for slot in &self.slots {
            drop(lock(slot).take());
        }
    }
}
