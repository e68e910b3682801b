//! Virtual files: what an engine pushes into a sink.

use crate::{LogKey, PartialFile, RelPath, RootName, Tap};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::PathBuf;

/// One member of a backup's stream.
pub struct VirtualFile {
    /// The tree it belongs to; the link maps it to its original absolute path.
    pub root: RootName,
    /// Its place in that tree.
    pub path: RelPath,
    /// What it is.
    pub kind: FileKind,
    /// Permission bits, without the type.
    pub mode: u32,
    /// Whose it is.
    pub owner: Owner,
    /// Last modification.
    pub mtime: DateTime<Utc>,
    /// Plain bytes of the body. A promise: the reader cuts what is longer and fills with zeros
    /// what is shorter. `None` where nobody knows before the end. Of a partial file it is not asked
    /// for: the ranges tell.
    pub size: Option<u64>,
    /// `None`: the body is all of the file. Otherwise it is a file of a link with a parent, and the
    /// body is the ranges, one after another; of a [`Body::File`] they are read where they lie. A
    /// tap is told the offsets in the file, so that they jump.
    pub partial: Option<PartialFile>,
    /// Where the bytes come from.
    pub body: Body,
    /// Looks at the bytes as they pass.
    pub tap: Option<Box<dyn Tap>>,
}

/// What a virtual file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory; it has no body.
    Directory,
    /// A symbolic link with its target; it has no body.
    Symlink(Vec<u8>),
    /// A piece of log: a repository keeps it once under `log/`, other sinks in the stream.
    Log(LogKey),
}

/// Owner and group, by number and by name: names differ between hosts less often than numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Owner {
    /// Numeric user.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// User name; empty when unknown.
    pub user: String,
    /// Group name; empty when unknown.
    pub group: String,
}

/// Where the bytes of a virtual file come from.
pub enum Body {
    /// There are none.
    Nothing,
    /// Small and at hand.
    Bytes(Vec<u8>),
    /// A file that a worker opens and reads, possibly several parts at once.
    File(FileSource),
    /// A stream that one thread reads to its end. When the job ends early it is dropped, but not
    /// before a `read` that waits has returned: who feeds it must end then, as a killed tool does,
    /// whose pipe is closed.
    Reader(Box<dyn Read + Send>),
}

/// A file to read.
#[derive(Debug, Clone)]
pub struct FileSource {
    /// Absolute path on this host.
    pub path: PathBuf,
    /// What it means when the file is gone at opening: a database drops files while it is backed
    /// up, and its log says so. Then the receipt says `vanished`; otherwise it is an error.
    pub may_vanish: bool,
}

impl VirtualFile {
    /// The bytes that the stream will carry for this file, where that is known.
    #[must_use]
    pub fn known_size(&self) -> Option<u64> {
        if let Some(partial) = &self.partial {
            return Some(partial.body_bytes());
        }
        match &self.body {
            Body::Nothing => Some(0),
            Body::Bytes(bytes) => u64::try_from(bytes.len()).ok(),
            Body::File(_) | Body::Reader(_) => self.size,
        }
    }
}
