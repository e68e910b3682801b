//! What a file daemon's plugin and its backend say to one another: `docs/file-daemon-protocol.md`.
//!
//! | file | what it knows |
//! |---|---|
//! | `frame` | frames on a stream, and bodies in them without a copy |
//! | `message` | the messages of both directions |
//! | `wire` | values as bytes |
//! | `kinds` | the small enumerations |
//!
//! The crate has no dependencies, and an own licence: plugins are bound to their daemons' licence,
//! the backend is not.

mod frame;
mod kinds;
mod message;
mod wire;

pub use frame::{Frame, FrameError, Incoming, send, send_data};
pub use kinds::{Daemon, FileType, Purpose, Reply, Severity};
pub use message::{Message, ToBackend, ToPlugin};
pub use wire::Malformed;

/// The version of the protocol; both sides must have the same.
pub const VERSION: u32 = 1;

/// Where all names of the plugin's files begin: `/@seawall/<target>/<job>/<root>/<path>`.
pub const NAMESPACE: &str = "/@seawall/";

/// The plugin's name: what stands before the first colon of a plugin line.
pub const PLUGIN: &str = "seawall";

/// How the names of the directories begin that the plugin makes for backends' temporary files.
pub const SCRATCH_PREFIX: &str = "seawall-fd.";

/// The most bytes of a body in one frame.
pub const DATA_MAX: usize = 1 << 20;

/// The most bytes of any other frame.
pub const MESSAGE_MAX: usize = 1 << 20;

/// Restore objects are cut into pieces of at most so many bytes. The file daemons compress what is
/// longer than 1000 bytes, and one director's catalogue (Bacula 9.6.7 with SQLite) gives some lengths
/// back as rubbish: those whose remainder by three is one. Pieces are filled up to a multiple of three.
pub const OBJECT_PIECE_MAX: usize = 996;
