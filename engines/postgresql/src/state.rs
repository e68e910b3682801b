//! What a link keeps for later: enough to plan a recovery without any server, and to start a
//! restored one.

use errors::{Context, Kind, Result};
use formats::{Lsn, SegmentSize, SystemIdentifier, TimelineId};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use stream::{Link, percent_decode, percent_encode};

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
    /// Whether it was taken from a standby.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) standby: bool,
    /// Where the record begins with which a standby's backup is consistent, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_record: Option<Lsn>,
    /// Log that the backup itself holds among its files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) carried: Option<Carried>,
    /// Absent: all configuration files are in the data directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) configuration: Option<Places>,
    /// Whether a tablespace was a directory in `pg_tblspc` at the end of the backup.
    #[serde(default)]
    pub(crate) tablespace_in_place: bool,
}

/// The end of a standby's backup lies in a segment that the primary has not filled: as much of it as
/// there was lies in `pg_wal`, filled up with zeros, and is read where the log does not have all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Carried {
    /// Where its first segment begins.
    pub(crate) from: Lsn,
    /// Where its last record ends.
    pub(crate) to: Lsn,
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

/// The files that a restored server must be told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Places {
    pub(crate) config_file: Place,
    pub(crate) hba_file: Place,
    pub(crate) ident_file: Place,
    /// Whether the server writes its process number into a second file.
    pub(crate) external_pid_file: bool,
}

/// Where one of them is. Paths are percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    /// Below the data directory.
    Data(String),
    /// Below the root of configuration files.
    Configuration(String),
    /// Not in the backup: the absolute path.
    Elsewhere(String),
}

impl Place {
    pub(crate) fn data(below: &Path) -> Self {
        Self::Data(encode(below))
    }

    pub(crate) fn configuration(path: &Path) -> Self {
        Self::Configuration(encode(path.strip_prefix("/").unwrap_or(path)))
    }

    pub(crate) fn elsewhere(path: &Path) -> Self {
        Self::Elsewhere(encode(path))
    }

    /// Where a restored server has it.
    pub(crate) fn restored(&self, data: &Path, configuration: &Path) -> PathBuf {
        match self {
            Self::Data(below) => data.join(decode(below)),
            Self::Configuration(below) => configuration.join(decode(below)),
            Self::Elsewhere(path) => decode(path),
        }
    }
}

fn encode(path: &Path) -> String {
    percent_encode(path.as_os_str().as_bytes(), |byte| byte.is_ascii_graphic())
}

fn decode(text: &str) -> PathBuf {
    let bytes = percent_decode(text).unwrap_or_else(|| text.as_bytes().to_vec());
    PathBuf::from(OsString::from_vec(bytes))
}
