//! Where a server had its files, as the link remembers it.

use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use stream::{percent_decode, percent_encode};

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
    pub(super) fn data(below: &Path) -> Self {
        Self::Data(encode(below))
    }

    pub(super) fn configuration(path: &Path) -> Self {
        Self::Configuration(encode(path.strip_prefix("/").unwrap_or(path)))
    }

    pub(super) fn elsewhere(path: &Path) -> Self {
        Self::Elsewhere(encode(path))
    }

    /// Where a restored server has it.
    pub(super) fn restored(&self, data: &Path, configuration: &Path) -> PathBuf {
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
