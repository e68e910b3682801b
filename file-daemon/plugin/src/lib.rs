//! What the plugins for the file daemons of Bacula and Bareos have in common: all but their C
//! interfaces.
//!
//! A shared object makes one [`Context`] for each job that its daemon tells it of, and passes on what
//! the daemon asks. The context starts the backend (`docs/file-daemon-protocol.md`) when there is
//! something to do, and never before: daemons make contexts for jobs that have nothing to do with us.
//!
//! The daemons take most failures for success. Every failure is therefore reported as fatal here,
//! once; a context that has failed answers everything with failure, and says no more.
//!
//! | file | what it knows |
//! |---|---|
//! | `context` | what a daemon may ask, from which thread, and what becomes of a failure |
//! | `job` | what a context holds |
//! | `backup`, `restore` | the two conversations |
//! | `backend` | a process, its socket, and what it says |
//! | `spawn`, `ending`, `leftover` | how the process begins and ends, and what it may leave |
//! | `trouble` | why a job cannot go on |
//! | `stop` | the cancel: from another thread, or asked for |
//! | `waiting` | how long the backend is waited for |
//! | `program` | where the backend's program is |
//! | `socket`, `text` | bytes to the backend, words to the daemon |
//! | `registry`, `ffi` | what both shared objects need at their C interface |

mod backend;
mod backup;
mod context;
mod ending;
pub mod ffi;
mod job;
mod leftover;
mod program;
mod registry;
mod restore;
mod socket;
mod spawn;
mod stop;
mod text;
mod trouble;
mod waiting;

pub use context::{Context, Settings};
pub use job::{After, Create, Head, Next};
pub use protocol::{Daemon as DaemonKind, FileType, NAMESPACE, PLUGIN, Reply, Severity};
pub use registry::Registry;

/// What the core asks of the daemon, for one context. It is asked on the job's thread only.
pub trait Daemon {
    /// Puts a text into the job's log: at most [`MESSAGE_BYTES`] bytes, without a last line's end.
    fn report(&self, severity: Severity, text: &str);

    /// The job as the daemon knows it now.
    fn facts(&self) -> Facts;

    /// Whether the daemon still wants the job.
    fn standing(&self) -> Standing;
}

/// What a daemon holds of its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It goes on.
    Wanted,
    /// An operator has ended it.
    Cancelled,
    /// It has failed, and the job's log has it.
    Failed,
}

/// The most bytes of one message: the daemons cut what is longer than 2000.
pub const MESSAGE_BYTES: usize = 1900;

/// A job as its daemon knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Which daemon.
    pub daemon: DaemonKind,
    /// Its version, as it prints it.
    pub daemon_version: String,
    /// The job's number; 0 for an estimate.
    pub number: u32,
    /// Its unique name.
    pub name: String,
    /// `F`, `I`, `D`; blank in a restore.
    pub level: u8,
    /// When the previous job began, in seconds since 1970; 0 where there is none.
    pub since: i64,
    /// Whether the daemon compares with a list of all files.
    pub accurate: bool,
    /// The client's name.
    pub client: String,
    /// The unique name of the job that this one continues; empty where there is none.
    pub previous: String,
    /// A directory of the daemon that it may write to.
    pub working_dir: Vec<u8>,
    /// Where files are restored to; `None` with a rule for names, empty for their own place.
    pub prefix: Option<Vec<u8>>,
    /// What shall happen to files that are there: `a`, `w`, `o`, `n`.
    pub replace: u8,
}

/// Whether a plugin line is ours: the plugin's name alone, or with a colon after it.
#[must_use]
pub fn is_ours(line: &[u8]) -> bool {
    line.strip_prefix(PLUGIN.as_bytes())
        .is_some_and(|rest| rest.first().is_none_or(|byte| matches!(byte, b':' | b' ')))
}
