//! What engines, sinks and restore say to one another. No I/O happens in this room.
//!
//! An [`Engine`] turns a hot server into [`VirtualFile`]s and, at the end, a [`Link`]. A [`Sink`]
//! takes them: a repository, a file daemon, a tar. Restore plans a chain of links and lays them
//! out through a [`TreeWriter`]; the engine takes the last mile.
//!
//! Everything here is synchronous: bodies are read by worker threads behind bounded channels,
//! and an engine that talks to an asynchronous driver does so behind its own door
//! (`docs/decisions/0003-synchronous-seams.md`).

mod chain;
mod descriptor;
mod diagnosis;
mod engine;
mod escape;
mod file;
mod job;
mod level;
mod link;
mod log;
mod log_piece;
mod names;
mod option_spec;
mod options;
mod partial;
mod path;
mod plan;
mod position;
mod progress;
mod receipt;
mod restorer;
mod server_url;
mod sink;
mod tap;
mod tree;
mod unit_name;
mod unit_pattern;
mod window;
mod words;

pub use chain::Chain;
pub use descriptor::{Descriptor, LogScope};
pub use diagnosis::{Diagnosis, Severity, Stored};
pub use engine::{Engine, Unit, print_position};
pub use escape::{percent_decode, percent_encode};
pub use file::{Body, FileKind, FileSource, Owner, VirtualFile};
pub use job::{Cancel, Job, check_cancel};
pub use level::Level;
pub use link::{
    Earliest, Excluded, FORMAT_VERSION, Link, LogReach, PARTIAL_FILES_VERSION, RootInfo, Totals,
    WHOLE_FILES_VERSION,
};
pub use log::{Log, LogFinding, LogInspection, LogReport};
pub use log_piece::{Appended, LogKey, LogPiece, LogSink, LogView, PieceInfo};
pub use names::{InvalidName, JobId, LinkName, RootName, TargetName};
pub use option_spec::{OptionKind, OptionSpec};
pub use options::Options;
pub use partial::{ByteRange, InvalidRanges, PartialFile};
pub use path::{InvalidPath, RelPath};
pub use plan::{
    Layout, LogSpan, Plan, RecoveryRequest, RecoveryTarget, StartCommand, TargetAction,
};
pub use position::Position;
pub use progress::{Progress, Silent};
pub use receipt::{Outcome, Receipt, ReceiptWriter, receipt};
pub use restorer::{
    Bodies, BodySource, Destination, DirectoryRestorer, FilesRestorer, LogSource, Preparation,
    RecoverySetup, RestoreJob, RestoreSummary, Restorer, ServerRestorer, StreamsRestorer,
    Unpacking,
};
pub use server_url::{ServerUrl, UrlProblem};
pub use sink::{Durability, Looking, Sink};
pub use tap::{Finding, Tap};
pub use tree::{Extent, FilePart, ParentRows, TreeWriter};
pub use unit_name::{EncodedUnit, UnitName, unit_label};
pub use unit_pattern::{UnitPattern, choose_units};
pub use window::{Gap, NamedPoint, Window};
pub use words::{exact_time, words};
