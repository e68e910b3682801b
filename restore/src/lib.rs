//! Restore: from virtual files to directories that a server can start on.
//!
//! | file | what it knows |
//! |---|---|
//! | `destination` | which directories may be written to at all |
//! | `tree` | writing files from any source, in any order, from several workers |
//! | `streams` | chains of a tool's streams: unpacked, prepared, moved into place |
//! | `marker` | what is told beside a restored tree, never inside it |

mod destination;
mod marker;
mod streams;
mod tree;

pub use destination::{check_destination, check_space};
pub use marker::{Marker, marker_path};
pub use streams::StreamRestore;
pub use tree::DirectoryTree;
