//! Relative paths of virtual files: bytes, checked once, printed percent-encoded.

use crate::{percent_decode, percent_encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A path below a root: not empty, relative, without `.` and `..` and empty components.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelPath(Vec<u8>);

/// Why bytes are no [`RelPath`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidPath(String);

impl RelPath {
    /// Linux' own limit of a path is 4096 bytes.
    pub const MAX_BYTES: usize = 4096;

    /// Checks `bytes`.
    ///
    /// # Errors
    /// An absolute path, an empty, `.` or `..` component, a NUL byte, more than 4096 bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, InvalidPath> {
        let bytes = bytes.into();
        let components_are_plain =
            bytes.split(|&byte| byte == b'/').all(|part| !matches!(part, b"" | b"." | b".."));
        if components_are_plain && !bytes.contains(&0) && bytes.len() <= Self::MAX_BYTES {
            Ok(Self(bytes))
        } else {
            let shown = percent_encode(&bytes, |byte| byte.is_ascii_graphic());
            Err(InvalidPath(shown))
        }
    }

    /// The path's bytes, without a slash at either end.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as the operating system takes it.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    /// This path with one more component or several.
    ///
    /// # Errors
    /// As [`RelPath::new`].
    pub fn join(&self, below: &[u8]) -> Result<Self, InvalidPath> {
        let mut bytes = self.0.clone();
        bytes.push(b'/');
        bytes.extend_from_slice(below);
        Self::new(bytes)
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&percent_encode(&self.0, |byte| byte.is_ascii_graphic()))
    }
}

impl Serialize for RelPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RelPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = percent_decode(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("broken escape in path {text}")))?;
        Self::new(bytes).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for InvalidPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a relative path without dots: {:?}", self.0)
    }
}

impl std::error::Error for InvalidPath {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_paths_are_refused() {
        for bad in ["", "/etc/passwd", "a//b", "a/../b", "..", ".", "a/", "./a", "a\0b"] {
            assert!(RelPath::new(bad).is_err(), "{bad:?}");
        }
        assert!(RelPath::new(vec![b'a'; 4097]).is_err());
    }

    #[test]
    fn odd_bytes_survive_json() {
        let path = RelPath::new(b"base/5/a b\n\xff%".to_vec()).unwrap();
        let json = serde_json::to_string(&path).unwrap();
        assert_eq!(json, "\"base/5/a%20b%0A%FF%25\"");
        assert_eq!(serde_json::from_str::<RelPath>(&json).unwrap(), path);
    }
}
