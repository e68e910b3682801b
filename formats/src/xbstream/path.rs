//! Paths in a stream: what is not plainly below the directory of the backup is refused.

use std::fmt;
use std::sync::Arc;

/// Most bytes of a path; both tools read into a buffer of `FN_REFLEN`, 512.
pub const PATH_BYTES_MAX: usize = 511;

/// A path of a file in a backup: relative, without empty parts, `.` and `..`, in bytes.
///
/// A clone is a counter. It prints with everything escaped that is not printable ASCII.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberPath(Arc<[u8]>);

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// There is none.
    #[error("its path is empty")]
    Empty,
    /// It is longer than both tools read.
    #[error("its path has {bytes} bytes, more than {PATH_BYTES_MAX}")]
    TooLong {
        /// Bytes it has.
        bytes: u64,
    },
    /// It begins at the root.
    #[error("its path is absolute")]
    Absolute,
    /// It leads out of the directory it is below.
    #[error("its path has a part ..")]
    Parent,
    /// It has an empty part or `.`, and would be another spelling of another path.
    #[error("its path has an empty part or .")]
    Spelling,
    /// It holds a byte that ends a path elsewhere.
    #[error("its path holds a NUL")]
    Nul,
}

impl MemberPath {
    /// Checks a path. One `./` at its beginning is taken away: the tools begin names so inside.
    ///
    /// # Errors
    ///
    /// The first rule that the path breaks.
    pub fn new(bytes: &[u8]) -> Result<Self, PathError> {
        if bytes.len() > PATH_BYTES_MAX {
            return Err(PathError::TooLong { bytes: bytes.len() as u64 });
        }
        let path = bytes.strip_prefix(b"./").unwrap_or(bytes);
        if path.is_empty() {
            return Err(PathError::Empty);
        }
        if path.contains(&0) {
            return Err(PathError::Nul);
        }
        if path.starts_with(b"/") {
            return Err(PathError::Absolute);
        }
        for part in path.split(|&byte| byte == b'/') {
            match part {
                b".." => return Err(PathError::Parent),
                b"" | b"." => return Err(PathError::Spelling),
                _ => {}
            }
        }
        Ok(Self(path.into()))
    }

    /// The path as it is.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The last part.
    pub fn name(&self) -> &[u8] {
        self.0.rsplit(|&byte| byte == b'/').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for MemberPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(f)
    }
}

impl fmt::Debug for MemberPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}
