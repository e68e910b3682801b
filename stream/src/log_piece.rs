//! The archived log: keys of pieces, and how they are appended and looked at.

use crate::{Finding, Tap};
use chrono::{DateTime, Utc};
use errors::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// The most of a piece that is small.
const SMALL_BYTES: usize = 1 << 20;

/// Where a piece of log lies below a target's `log/`: `<lineage>/<lane>/<shard>/<name>`.
///
/// For PostgreSQL: system identifier, timeline, the segment's upper half, file name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogKey {
    /// What all pieces of one history of one server share.
    pub lineage: String,
    /// A sequence within it that has no gaps when it is whole.
    pub lane: String,
    /// A directory of at most a few thousand pieces.
    pub shard: String,
    /// The piece's own name.
    pub name: String,
}

impl LogKey {
    /// The key with `/` between its parts.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}/{}/{}", self.lineage, self.lane, self.shard, self.name)
    }
}

impl fmt::Display for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

/// A piece to append.
pub struct LogPiece {
    /// Its place.
    pub key: LogKey,
    /// A complete file, which does not change any more.
    pub path: PathBuf,
    /// The file's last modification, by the clock of the server that wrote it.
    pub written_at: DateTime<Utc>,
    /// Sees its bytes; its facts stand in the head, for those who look only there.
    pub tap: Option<Box<dyn Tap>>,
}

/// What became of a piece.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Appended {
    /// Whether it is new here.
    pub stored: bool,
    /// What its tap found; the piece is kept as it is.
    pub findings: Vec<Finding>,
}

/// What the head of a stored piece says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PieceInfo {
    /// Plain bytes.
    pub length: u64,
    /// When the server last wrote to it.
    pub written_at: DateTime<Utc>,
    /// What the engine noted.
    pub facts: BTreeMap<String, String>,
}

/// Takes pieces of log, without end: for receivers and for a server's archiver.
pub trait LogSink {
    /// Whether the piece is kept already.
    ///
    /// # Errors
    /// The place cannot be read.
    fn have(&self, key: &LogKey) -> Result<bool>;

    /// Keeps the piece so that it survives a power cut. The identical piece again is a success, and
    /// is made durable once more before the answer.
    ///
    /// # Errors
    /// A piece of this name with other bytes is there (nothing is overwritten); or it cannot be
    /// stored.
    fn append(&self, piece: LogPiece) -> Result<Appended>;
}

/// Looks at the kept log of one target.
pub trait LogView {
    /// The lanes of a lineage, sorted.
    ///
    /// # Errors
    /// The place cannot be read.
    fn lanes(&self, lineage: &str) -> Result<Vec<String>>;

    /// The shards of a lane, sorted.
    ///
    /// # Errors
    /// The place cannot be read.
    fn shards(&self, lineage: &str, lane: &str) -> Result<Vec<String>>;

    /// The names of the pieces of a shard, sorted.
    ///
    /// # Errors
    /// The place cannot be read.
    fn names(&self, lineage: &str, lane: &str, shard: &str) -> Result<Vec<String>>;

    /// The head of a piece; `None` when it is definitely absent.
    ///
    /// # Errors
    /// The piece cannot be read or is damaged.
    fn info(&self, key: &LogKey) -> Result<Option<PieceInfo>>;

    /// Reads the plain bytes of a piece, in order; `false` when it is definitely absent. What `act`
    /// has seen is right only if the answer is no error.
    ///
    /// # Errors
    /// The piece cannot be read or is damaged; or `act`'s own.
    fn read(&self, key: &LogKey, act: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<bool>;

    /// The plain bytes of a small piece (at most 1 MiB), checked; `None` when definitely absent.
    ///
    /// # Errors
    /// The piece cannot be read, is damaged, or is larger.
    fn read_small(&self, key: &LogKey) -> Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let is_there = self.read(key, &mut |block| {
            if bytes.len() + block.len() > SMALL_BYTES {
                let text = format!("the piece of log {key} is too large");
                return Err(Error::new(Kind::Manifest, text));
            }
            bytes.extend_from_slice(block);
            Ok(())
        })?;
        Ok(is_there.then_some(bytes))
    }
}
