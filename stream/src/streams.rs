//! Engines whose links are the streams of a tool: what restore asks of them.

use crate::{Cancel, Link, Progress, RelPath, RootName};
use errors::Result;
use std::io::Read;
use std::path::Path;

/// The bodies that one link holds, wherever they are kept.
pub trait Bodies {
    /// Opens a body at its beginning. What is read was compared with what was written; a read
    /// error says where it was not.
    ///
    /// # Errors
    /// The link holds no such body, or it cannot be reached.
    fn open(&self, root: &RootName, path: &RelPath) -> Result<Box<dyn Read + Send>>;
}

/// How much a restore may use, and who may end it.
pub struct Work<'a> {
    /// Threads that write.
    pub workers: usize,
    /// Ends the work.
    pub cancel: &'a Cancel,
    /// Told how far it is.
    pub progress: &'a dyn Progress,
}

/// Unpacks a tool's streams into trees, and makes one data directory of a chain of trees.
pub trait StreamEngine: Sync {
    /// The bodies of a link that are streams, in the order in which they are unpacked.
    ///
    /// # Errors
    /// The link cannot be read.
    fn stream_names(&self, link: &Link) -> Result<Vec<(RootName, RelPath)>>;

    /// The directory, below the one that a file daemon restores to, in which trees of this link's
    /// tool are expected.
    ///
    /// # Errors
    /// The link cannot be read.
    fn tree_directory(&self, link: &Link) -> Result<&'static str>;

    /// Writes a link's tree: what the tool's own extractor would have made. The directory exists
    /// and is empty.
    ///
    /// # Errors
    /// The stream is damaged or incomplete, or a file cannot be written. The tree is void then.
    fn unpack(&self, link: &Link, bodies: &dyn Bodies, tree: &Path, work: &Work<'_>) -> Result<()>;

    /// Refuses before anything is written what `prepare` could not do later: no tool, a tool of
    /// another version.
    ///
    /// # Errors
    /// `tool`.
    fn check_preparation(&self, chain: &[&Link]) -> Result<()>;

    /// Applies one link's tree to the base: first the base itself (`increment` is `None`), then
    /// each child in order. A child's tree can be applied once.
    ///
    /// # Errors
    /// The tool fails. The base is void then.
    fn prepare(&self, step: &Preparation<'_>) -> Result<()>;

    /// Takes out of the prepared base what belongs to the tool and not to the server.
    ///
    /// # Errors
    /// A file cannot be removed.
    fn tidy(&self, link: &Link, base: &Path) -> Result<()>;
}

/// One step of a preparation.
pub struct Preparation<'a> {
    /// The link whose tree is applied.
    pub link: &'a Link,
    /// The full's tree.
    pub base: &'a Path,
    /// The child's tree; `None`: the base prepares itself.
    pub increment: Option<&'a Path>,
    /// Nothing is applied after this.
    pub is_last: bool,
    /// Ends the work.
    pub cancel: &'a Cancel,
}
