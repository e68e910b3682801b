//! Extracting: the volumes of a chain into a tree, one volume per worker at a time.

use crate::unit::{LinkDocument, StoredVolume, UnitStore};
use crate::volume::{read_volume, read_wanted};
use errors::{Error, Kind, Result};
use std::io::Read;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use stream::{Cancel, FilePart, PARTIAL_FILES_VERSION, Progress, TreeWriter};

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

/// Writes every file of a chain into the tree. Each byte that is written is compared with what was
/// stored, and is written once: the newest link is laid down first, and of an older one only those
/// members are read that a newer link left something of.
///
/// `chain` is in the order of plans: a link that needs no other, then each with the one before it as
/// its parent.
///
/// # Errors
/// `checksum` or `manifest` naming object and offset, or the tree's own (`restore-check`: a file of
/// the newest link is not whole); the tree is then not to be used.
pub fn extract(
    store: &UnitStore,
    chain: &[&LinkDocument],
    tree: &dyn TreeWriter,
    options: ExtractOptions<'_>,
) -> Result<()> {
    check_order(chain)?;
    let volumes = chain.iter().flat_map(|document| &document.volumes);
    options.progress.expect(volumes.map(|volume| volume.plain_bytes).sum());
    let storage = store.storage.as_ref();
    let put = |part: &FilePart, body: &mut dyn Read| {
        let mut counted = Watched { body, options };
        tree.put(part, &mut counted)
    };
    let Some((newest, older)) = chain.split_last() else { return Ok(()) };
    if !older.is_empty() {
        tree.open(newest.link.name())?;
    }
    for_each_volume(&newest.volumes, options, |volume| {
        // Of the newest link every byte is read and compared, wanted or not.
        read_volume(storage, volume, &mut |part, body| match tree.wants(part)? {
            true => put(part, body),
            false => Ok(()),
        })
    })?;
    if older.is_empty() {
        return Ok(());
    }
    for document in older.iter().rev() {
        tree.open(document.link.name())?;
        for_each_volume(&document.volumes, options, |volume| {
            let mut wants = |part: &FilePart| {
                let wanted = tree.wants(part)?;
                if !wanted {
                    skip(part, options)?;
                }
                Ok(wanted)
            };
            read_wanted(storage, volume, &mut wants, &mut { put })
        })?;
    }
    tree.close()
}

/// A chain with a link too few, or of another history, would give a file of two databases.
fn check_order(chain: &[&LinkDocument]) -> Result<()> {
    let Some((oldest, _)) = chain.split_first() else {
        return Err(Error::new(Kind::Bug, "an empty chain"));
    };
    for pair in chain.windows(2) {
        if let [parent, child] = pair
            && child.link.parent != Some(parent.link.id)
        {
            let (parent, child) = (parent.link.name(), child.link.name());
            let text = format!("the backup {child} does not continue {parent}");
            return Err(Error::new(Kind::Bug, text));
        }
    }
    if oldest.link.version >= PARTIAL_FILES_VERSION {
        let text = format!("the backup {} continues one that is left out", oldest.link.name());
        return Err(Error::new(Kind::Bug, text));
    }
    Ok(())
}

/// What is not read is done, too.
fn skip(part: &FilePart, options: ExtractOptions<'_>) -> Result<()> {
    if options.cancel.is_cancelled() {
        return Err(Error::new(Kind::Interrupted, "cancelled"));
    }
    options.progress.advance(part.length);
    Ok(())
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
