//! Extracting: the volumes of a link into a tree, one volume per worker at a time.

use crate::unit::{LinkDocument, StoredVolume, UnitStore};
use crate::volume::read_volume;
use errors::{Error, Kind, Result};
use std::io::Read;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use stream::{Cancel, FilePart, Progress, TreeWriter};

/// How an extraction works.
#[derive(Clone, Copy)]
pub struct ExtractOptions<'a> {
    /// Threads that read, decompress and write.
    pub workers: usize,
    /// Ends the work.
    pub cancel: &'a Cancel,
    /// Told how far it is.
    pub progress: &'a dyn Progress,
}

/// Writes every file of a link into the tree. Each byte is compared with what was written.
///
/// # Errors
/// `checksum` or `manifest` naming object and offset, or the tree's own; the tree is then not to
/// be used.
pub fn extract(
    store: &UnitStore,
    document: &LinkDocument,
    tree: &dyn TreeWriter,
    options: ExtractOptions<'_>,
) -> Result<()> {
    options.progress.expect(document.volumes.iter().map(|volume| volume.plain_bytes).sum());
    for_each_volume(&document.volumes, options, |volume| {
        read_volume(store.storage.as_ref(), volume, &mut |part, body| {
            let mut counted = Watched { body, options };
            tree.put(part, &mut counted)
        })
    })
}

/// Does something with each volume on several threads; ends all at the first failure.
pub(crate) fn for_each_volume(
    volumes: &[StoredVolume],
    options: ExtractOptions<'_>,
    act: impl Fn(&StoredVolume) -> Result<()> + Sync,
) -> Result<()> {
    let queue = Mutex::new(volumes.iter());
    let failure = Mutex::new(None);
    let failed = AtomicBool::new(false);
    let work = || {
        while !failed.load(Ordering::Relaxed) {
            let next = queue.lock().ok().and_then(|mut queue| queue.next());
            let Some(volume) = next else { return };
            if let Err(error) = act(volume) {
                failed.store(true, Ordering::Relaxed);
                if let Ok(mut failure) = failure.lock() {
                    failure.get_or_insert(error);
                }
            }
        }
    };
    let panicked = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.workers.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().filter_map(|thread| thread.join().err()).count()
    });
    match failure.into_inner() {
        Ok(None) if panicked == 0 => Ok(()),
        Ok(Some(error)) => Err(error),
        _ => Err(Error::new(Kind::Bug, "a worker panicked")),
    }
}

/// A body that tells the progress and stops when the work is cancelled.
struct Watched<'a, 'b> {
    body: &'a mut dyn Read,
    options: ExtractOptions<'b>,
}

impl Read for Watched<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.options.cancel.is_cancelled() {
            // Not of kind Interrupted: that one is tried again by every reader.
            return Err(std::io::Error::other(Error::new(Kind::Interrupted, "cancelled")));
        }
        let read = self.body.read(buffer)?;
        self.options.progress.advance(read as u64);
        Ok(read)
    }
}

/// A tree writer that keeps nothing: for looking at what is stored.
pub(crate) fn discard(_part: &FilePart, _body: &mut dyn Read) -> Result<()> {
    Ok(())
}
