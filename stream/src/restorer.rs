//! How a backup is brought back: what the runbooks of a restore ask of an engine.

use crate::{
    Cancel, Chain, Layout, Link, Options, Plan, Progress, RelPath, RootName, StartCommand,
    TargetName, UnitName,
};
use errors::{Error, Kind, Result};
use std::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The three ways of bringing a backup back.
#[derive(Clone, Copy)]
pub enum Restorer<'a> {
    /// A link's files are the data directory's own, and go straight to their places.
    Files(&'a dyn FilesRestorer),
    /// A link holds the streams of a tool, which are unpacked and prepared.
    Streams(&'a dyn StreamsRestorer),
    /// A running server or a file takes what a link holds: entries, dumps, T-SQL.
    Server(&'a dyn ServerRestorer),
}

impl<'a> Restorer<'a> {
    /// What knows where directories go; `None` where a restore does not end in any.
    #[must_use]
    pub fn directories(self) -> Option<&'a dyn DirectoryRestorer> {
        match self {
            Self::Files(files) => Some(files),
            Self::Streams(streams) => Some(streams),
            Self::Server(_) => None,
        }
    }
}

/// Where a restore ends.
#[derive(Clone)]
pub enum Destination {
    /// A directory that a server starts on; absolute.
    Directory(PathBuf),
    /// One file; absolute.
    File(PathBuf),
    /// A running server: its URL, as options of the engine.
    Server(Options),
    /// Standard output.
    Stream,
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_string())
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) | Self::File(path) => write!(f, "{}", path.display()),
            Self::Server(_) => f.write_str("a server"),
            Self::Stream => f.write_str("standard output"),
        }
    }
}

/// Where a restored server gets the log from that was not laid out.
#[derive(Debug, Clone)]
pub enum LogSource {
    /// From a repository, by this program.
    Repository {
        /// This program, wherever the server runs it.
        program: PathBuf,
        /// The repository, as `--repo` takes it.
        place: String,
        /// The target whose log it is.
        target: TargetName,
        /// The unit, where the log is the unit's own.
        unit: Option<UnitName>,
    },
    /// There is no more: all of it lies where the server looks.
    Exhausted,
}

/// What every call of a restore is told.
#[derive(Clone)]
pub struct RestoreJob {
    /// The engine's options, checked.
    pub options: Options,
    /// Where it ends.
    pub destination: Destination,
    /// Roots that go elsewhere: by name or by original path, and the new path.
    pub mapping: Vec<(String, PathBuf)>,
    /// Threads that write.
    pub workers: usize,
    /// Ends the work.
    pub cancel: Cancel,
    /// Told how far it is.
    pub progress: Arc<dyn Progress>,
    /// Where more log comes from.
    pub log: LogSource,
    /// Whether the restored server may archive its log as the original did.
    pub keep_archiving: bool,
}

impl RestoreJob {
    /// Fails once the job is cancelled.
    ///
    /// # Errors
    /// `interrupted`.
    pub fn check_cancel(&self) -> Result<()> {
        crate::check_cancel(&self.cancel, "the restore was cancelled")
    }

    /// The directory that it ends in.
    ///
    /// # Errors
    /// `usage`: it ends elsewhere.
    pub fn directory(&self) -> Result<&Path> {
        match &self.destination {
            Destination::Directory(path) => Ok(path),
            other => {
                let text = format!("the backup is restored to a directory, not to {other}");
                Err(Error::new(Kind::Usage, text).hint("Name one: --to DIR."))
            }
        }
    }
}

/// What both ways that end in directories have.
pub trait DirectoryRestorer: Sync {
    /// Decides where each root of a chain's newest link goes.
    ///
    /// # Errors
    /// `usage`: the destination is not a directory, or a mapping names a root that the link does not
    /// have.
    fn layout(&self, link: &Link, job: &RestoreJob) -> Result<Layout>;

    /// Refuses a directory in which a server of this engine is running.
    ///
    /// # Errors
    /// `target-running`.
    fn refuse_running(&self, layout: &Layout) -> Result<()>;
}

/// Restores whose files are the data directory's own.
pub trait FilesRestorer: DirectoryRestorer {
    /// How the restored server is started; `None`: as any other.
    ///
    /// # Errors
    /// The link cannot be read.
    fn start_command(&self, _link: &Link, _layout: &Layout) -> Result<Option<StartCommand>> {
        Ok(None)
    }

    /// The last mile: recovery settings, links, markers that the server itself wants.
    ///
    /// # Errors
    /// A file cannot be written.
    fn set_up_recovery(&self, setup: &RecoverySetup<'_>, job: &RestoreJob) -> Result<()>;
}

/// What the engine needs to finish a restored tree.
#[derive(Clone, Copy)]
pub struct RecoverySetup<'a> {
    /// The recovery.
    pub plan: &'a Plan,
    /// The newest link of the chain.
    pub link: &'a Link,
    /// Where everything lies.
    pub layout: &'a Layout,
}

/// Unpacks a tool's streams into trees, and makes one data directory of a chain of trees.
pub trait StreamsRestorer: DirectoryRestorer {
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

    /// Begins to write a link's tree: what the tool's own extractor would have made. The directory
    /// exists and is empty.
    ///
    /// # Errors
    /// The link cannot be read, or an option is wrong.
    fn unpack(&self, link: &Link, tree: &Path, job: &RestoreJob) -> Result<Box<dyn Unpacking>>;

    /// Refuses before anything is written what `prepare` could not do later: no tool, a tool of
    /// another version.
    ///
    /// # Errors
    /// `tool`.
    fn check_preparation(&self, chain: &Chain<'_>, job: &RestoreJob) -> Result<()>;

    /// Applies one link's tree to the base: first the base itself (`increment` is `None`), then
    /// each child in order. A child's tree can be applied once.
    ///
    /// # Errors
    /// The tool fails. The base is void then.
    fn prepare(&self, step: &Preparation<'_>, job: &RestoreJob) -> Result<()>;

    /// Takes out of the prepared base what belongs to the tool and not to the server.
    ///
    /// # Errors
    /// A file cannot be removed.
    fn tidy(&self, link: &Link, base: &Path) -> Result<()>;
}

/// A link's tree in the making: one stream at a time.
pub trait Unpacking {
    /// Unpacks one of the link's streams; what is read was compared with what was written.
    ///
    /// # Errors
    /// The stream is damaged, or a file cannot be written. The tree is void then.
    fn stream(&mut self, path: &RelPath, body: &mut dyn Read) -> Result<()>;

    /// All streams have come: together they must be one whole backup.
    ///
    /// # Errors
    /// Something is missing.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// One step of a preparation.
#[derive(Clone, Copy)]
pub struct Preparation<'a> {
    /// The link whose tree is applied.
    pub link: &'a Link,
    /// The full's tree.
    pub base: &'a Path,
    /// The child's tree; `None`: the base prepares itself.
    pub increment: Option<&'a Path>,
    /// Nothing is applied after this.
    pub is_last: bool,
}

/// The bodies that one link holds, wherever they are kept.
pub trait Bodies {
    /// The names of all bodies, each once, in an order of no meaning.
    ///
    /// # Errors
    /// The link's rows cannot be read.
    fn names(&self) -> Result<Vec<(RootName, RelPath)>>;

    /// Opens a body at its beginning. What is read was compared with what was written; a read
    /// error says where it was not.
    ///
    /// # Errors
    /// The link holds no such body, or it cannot be reached.
    fn open(&self, root: &RootName, path: &RelPath) -> Result<Box<dyn Read + Send>>;
}

/// Gives the bodies of a link.
pub type BodySource<'a> = dyn Fn(&Link) -> Result<Box<dyn Bodies + 'a>> + 'a;

/// Restores that end in a running server, a file or a stream.
pub trait ServerRestorer: Sync {
    /// Refuses what could only fail later, and says what will be done, a sentence each. Nothing is
    /// changed.
    ///
    /// # Errors
    /// `usage`: not a destination that this engine can restore to; the server cannot be reached.
    fn check(&self, chain: &Chain<'_>, job: &RestoreJob) -> Result<Vec<String>>;

    /// Brings the chain's newest state to the destination. `out` takes the bytes of a restore to a
    /// stream.
    ///
    /// # Errors
    /// Damage, or the destination refuses; the error says how far it got.
    fn restore(
        &self,
        chain: &Chain<'_>,
        bodies: &BodySource<'_>,
        job: &RestoreJob,
        out: &mut dyn Write,
    ) -> Result<RestoreSummary>;
}

/// What a restore to a server did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestoreSummary {
    /// What was brought back, in the engine's words: entries, tables, databases.
    pub restored: Vec<(String, u64)>,
    /// What the operator should know.
    pub notes: Vec<String>,
}
