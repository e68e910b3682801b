//! Sinks: where a backup's stream goes.

use crate::{Link, LogKey, Outcome, Receipt, VirtualFile, receipt};
use errors::{Error, Kind, Result};

/// Takes the virtual files of one job and makes its link visible.
///
/// A sink bounds its memory by workers × block size, whatever the size or number of files.
/// Dropping a sink without [`Sink::finish`] discards what it took.
pub trait Sink: Send + Sync {
    /// Bodies of unknown length that may be open at once; 1 for a daemon or a tar.
    fn lanes(&self) -> usize;

    /// Whether bodies are read. A dry run only wants to know of them: then an engine starts no tool
    /// whose stream nobody would take.
    fn reads(&self) -> bool {
        true
    }

    /// Takes a file; waits while the workers are busy.
    ///
    /// # Errors
    /// The sink failed meanwhile (the same failure for every later call), or the job was cancelled.
    fn put(&self, file: VirtualFile) -> Result<Receipt>;

    /// Which of these pieces of log are kept already. A daemon knows of none.
    ///
    /// # Errors
    /// The place where log is kept cannot be read.
    fn has_log(&self, keys: &[LogKey]) -> Result<Vec<bool>>;

    /// Waits until every body put so far has been read to its end. An engine settles before its
    /// server leaves backup mode.
    ///
    /// # Errors
    /// The sink failed, or the job was cancelled.
    fn settle(&self) -> Result<()>;

    /// Waits until everything put so far survives a power cut, or says that it cannot say. Only
    /// after [`Durability::Survives`] may an engine let its server forget.
    ///
    /// # Errors
    /// As [`Sink::settle`].
    fn durable(&self) -> Result<Durability>;

    /// Makes the link visible, all or nothing. Called by the owner of the job, after the engine.
    ///
    /// # Errors
    /// Something could not be made durable; then no link exists.
    fn finish(self: Box<Self>, link: Link) -> Result<()>;
}

/// What a sink can promise about what it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It survives a power cut.
    Survives,
    /// Somebody else stores it, later.
    CannotSay,
}

/// A sink that reads nothing and keeps nothing: it only looks at the files that it is given.
pub struct Looking<F>(pub F);

impl<F: Fn(&VirtualFile) -> Result<()> + Send + Sync> Sink for Looking<F> {
    fn lanes(&self) -> usize {
        1
    }

    fn reads(&self) -> bool {
        false
    }

    fn put(&self, file: VirtualFile) -> Result<Receipt> {
        (self.0)(&file)?;
        let bytes = file.known_size().unwrap_or(0);
        let (writer, receipt) = receipt();
        writer.fill(Ok(Outcome { bytes, ..Outcome::default() }));
        Ok(receipt)
    }

    fn has_log(&self, keys: &[LogKey]) -> Result<Vec<bool>> {
        Ok(vec![false; keys.len()])
    }

    fn settle(&self) -> Result<()> {
        Ok(())
    }

    fn durable(&self) -> Result<Durability> {
        Ok(Durability::CannotSay)
    }

    fn finish(self: Box<Self>, _link: Link) -> Result<()> {
        Err(Error::new(Kind::Bug, "nothing was read: there is no link to make"))
    }
}
