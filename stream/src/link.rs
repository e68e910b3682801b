//! Links: a range of an engine's log together with an ordered stream of virtual files.

use crate::{
    Finding, JobId, Level, LinkName, LogKey, Owner, Position, RelPath, RootName, TargetName,
    UnitName, percent_decode, percent_encode,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The highest version of links that this program reads; a reader refuses a higher one.
pub const FORMAT_VERSION: u32 = 2;
/// The version of links whose files are all whole: all that programs of the first version read.
pub const WHOLE_FILES_VERSION: u32 = 1;
/// The version of links that hold partial files. Sinks that take such files see to it. A program
/// that does not know of them would leave holes where the parent's bytes belong.
pub const PARTIAL_FILES_VERSION: u32 = 2;

/// What a backup is: where it begins and ends, what it continues, what restores it.
///
/// It is plain and holds no secret. Fields are added, never renamed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// At most [`FORMAT_VERSION`], and no higher than the content needs: [`WHOLE_FILES_VERSION`] or
    /// [`PARTIAL_FILES_VERSION`].
    pub version: u32,
    /// The identity; children name it.
    pub id: Uuid,
    /// The link whose data this one continues.
    pub parent: Option<Uuid>,
    /// Which engine made it: `postgresql`.
    pub engine: String,
    /// The configured database.
    pub target: TargetName,
    /// What of it, where a target has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitName>,
    /// The job's label.
    pub job: JobId,
    /// How much data it carries.
    pub level: Level,
    /// Where its range begins; 0 for a full.
    pub from: Position,
    /// Where it is consistent.
    pub to: Position,
    /// Where a data child starts, in the engine's words.
    pub base: BTreeMap<String, String>,
    /// The first moment it can serve. A log link serves none alone.
    pub earliest: Option<Earliest>,
    /// What proves that today's data continues the parent's, in the engine's words.
    pub lineage: BTreeMap<String, String>,
    /// What a later incremental needs; at most 64 KiB.
    pub state: serde_json::Value,
    /// Where each root was, and how its directory looked.
    pub roots: BTreeMap<RootName, RootInfo>,
    /// The server, for people: version, host, data directory.
    pub server: BTreeMap<String, String>,
    /// When the job began.
    pub started_at: DateTime<Utc>,
    /// When the engine was done.
    pub finished_at: DateTime<Utc>,
    /// Sums over the stream.
    pub totals: Totals,
    /// Log that was proven present when the link was made.
    pub log: Vec<LogReach>,
    /// What was wrong at the source; the backup holds it as it was. Bounded by the engine.
    pub findings: Vec<Finding>,
}

/// The first moment that a link can serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earliest {
    /// Not before this position.
    pub position: Position,
    /// Not before this time, by the server's clock.
    pub time: DateTime<Utc>,
}

/// Sums over a link's stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Files with a body.
    pub files: u64,
    /// Plain bytes of them.
    pub bytes: u64,
    /// Files that were dropped between listing and reading.
    pub vanished: u64,
    /// What the operator left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<Excluded>,
}

/// What one pattern of the operator's left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excluded {
    /// The pattern.
    pub pattern: String,
    /// Files, and directories with all their content, that it matched.
    pub names: u64,
}

/// The original directory of a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootInfo {
    /// Absolute path, percent-encoded.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Whose it was.
    pub owner: Owner,
}

/// Pieces of one lane of log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogReach {
    /// The lineage they belong to.
    pub lineage: String,
    /// The lane.
    pub lane: String,
    /// The root and the directory in it where the server wants them.
    pub root: RootName,
    /// Directory below the root.
    pub directory: RelPath,
    /// `<shard>/<name>` of each, in order.
    pub pieces: Vec<String>,
}

impl RootInfo {
    /// A directory and how it looks: of the mode only the permission bits.
    #[must_use]
    pub fn new(path: &Path, mode: u32, owner: Owner) -> Self {
        let path = percent_encode(path.as_os_str().as_bytes(), |byte| byte.is_ascii_graphic());
        Self { path, mode: mode & 0o7777, owner }
    }

    /// The directory; `None`: its path is not encoded as [`RootInfo::new`] does it.
    #[must_use]
    pub fn original(&self) -> Option<PathBuf> {
        percent_decode(&self.path).map(|bytes| PathBuf::from(OsString::from_vec(bytes)))
    }
}

impl LogReach {
    /// The keys of all pieces; `None` in place of one that is not written `<shard>/<name>`.
    pub fn keys(&self) -> impl Iterator<Item = Option<LogKey>> + '_ {
        self.pieces.iter().map(|piece| {
            let (shard, name) = piece.split_once('/')?;
            Some(LogKey {
                lineage: self.lineage.clone(),
                lane: self.lane.clone(),
                shard: shard.to_owned(),
                name: name.to_owned(),
            })
        })
    }
}

impl Link {
    /// `<from>_<to>_<jobid>`.
    #[must_use]
    pub fn name(&self) -> LinkName {
        LinkName { from: self.from, to: self.to, job: self.job }
    }
}
