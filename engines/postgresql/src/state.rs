//! What a link keeps for later: enough to plan a recovery without any server.

use errors::{Context, Kind, Result};
use formats::{Lsn, SegmentSize, SystemIdentifier, TimelineId};
use serde::{Deserialize, Serialize};
use stream::Link;

/// The `state` of a PostgreSQL link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) system_identifier: SystemIdentifier,
    pub(crate) timeline: TimelineId,
    /// Redo LSN of the backup's checkpoint: recovery begins here.
    pub(crate) start: Lsn,
    /// End of the backup: from here on the data is consistent.
    pub(crate) stop: Lsn,
    pub(crate) major: u16,
    pub(crate) catalog_version: u32,
    pub(crate) control_version: u32,
    pub(crate) segment_size: SegmentSize,
    pub(crate) block_size: u32,
    pub(crate) data_checksums: bool,
}

impl State {
    /// Reads a link's state.
    ///
    /// # Errors
    /// `manifest`: it is not that of a PostgreSQL link.
    pub(crate) fn of(link: &Link) -> Result<Self> {
        serde_json::from_value(link.state.clone())
            .or_kind(Kind::Manifest, || format!("read the state of the backup {}", link.name()))
    }
}
