//! Restore: from virtual files to directories that a server can start on.
//!
//! | file | what it knows |
//! |---|---|
//! | `plan` | choosing a chain, proving that the log reaches the target |
//! | `destination` | which directories may be written to at all |
//! | `files` | the runbook where a link's files are the data directory's own |
//! | `server` | the runbook where a running server, a file or a stream takes what a link holds |
//! | `tree` | writing files from any source, in any order, from several workers |
//! | `streams` | the runbook where a link holds a tool's streams: unpacked, prepared, moved into place |
//! | `marker` | what is told beside a restored tree, never inside it |
//!
//! No engine and no repository is known here. The command and the file daemon are two sources of
//! bodies for the same runbooks.

mod destination;
mod files;
mod marker;
pub mod plan;
mod server;
mod streams;
mod tree;

pub use destination::{Occupied, check_destination, check_space, claim_directories};
pub use files::FilesRestore;
pub use marker::{Marker, marker_path, write_link};
pub use server::{DirectoryBodies, restore_to_server};
pub use streams::{LinkTree, StreamsRestore, tree_of};
pub use tree::DirectoryTree;
