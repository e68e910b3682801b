//! What a link of this engine says of itself, beyond what every link does.

use crate::tool::Flavour;
use errors::{Context, Kind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use stream::Link;

/// A link's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Whose tool it was.
    pub(crate) flavour: Flavour,
    /// Its version.
    pub(crate) tool_version: String,
    /// The bodies that are streams; none where nothing had changed (`strict_incremental`).
    pub(crate) streams: Vec<String>,
    /// LSN where the copy of the redo log ends.
    pub(crate) last_lsn: u64,
    /// Only some databases or tables are in it: it can be no parent, and restores no server.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_partial: bool,
    /// Where replication or the replay of binlogs goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) binlog: Option<Binlog>,
    /// The tool's own `*_checkpoints` and `*_info`, as they stand.
    #[serde(default)]
    pub(crate) texts: BTreeMap<String, String>,
}

/// A place in the binlog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Binlog {
    /// The file.
    pub(crate) file: String,
    /// Where in it the next event begins, in bytes.
    pub(crate) position: u64,
    /// GTIDs as the tool wrote them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) gtid: String,
}

impl State {
    /// Reads a link's state.
    ///
    /// # Errors
    /// `manifest`.
    pub(crate) fn of(link: &Link) -> Result<Self> {
        serde_json::from_value(link.state.clone())
            .or_kind(Kind::Manifest, || format!("read the state of {}", link.name()))
    }
}
