//! Whether all files together are a backup.

use super::{Member, MemberPath};
use crate::member_encoding::plain_name;
use crate::mysql_texts::{CHECKPOINTS_NAMES, INFO_NAMES};

/// What is known of a stream when it ended between files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Bytes of the stream.
    pub stream_bytes: u64,
    /// Files that ended, each rewrite counted again.
    pub members: u64,
    /// Bytes of all these, holes included.
    pub bytes: u64,
    /// There is a `*_checkpoints` that is not empty.
    pub has_checkpoints: bool,
    /// There is a `*_info` that is not empty, compressed or encrypted as it may be.
    pub has_info: bool,
    /// The first `.delta` without a byte: a page at least is in each that was copied whole.
    pub empty_delta: Option<MemberPath>,
}

/// Why a stream without an error is no backup.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotABackup {
    /// There are no files at all.
    #[error("the stream holds no file")]
    Empty,
    /// The tool gave up on a file, which it closes nevertheless (measured).
    #[error("{path} is empty, so the tool could not copy its table")]
    EmptyDelta {
        /// The file.
        path: MemberPath,
    },
    /// The stream ends before the file with the log positions, which a failed backup never has.
    #[error("the stream has no xtrabackup_checkpoints or mariadb_backup_checkpoints")]
    NoCheckpoints,
    /// The stream ends before the file that is written last of all.
    #[error("the stream has no xtrabackup_info or mariadb_backup_info")]
    NoInfo,
}

impl Summary {
    /// Whether the files are there that a tool writes at the end of a backup that went well, and
    /// none that it writes when one went wrong. The tool's exit status must say the same.
    ///
    /// Not for one stream of several (`--fifo-streams`), which are a backup only together: see
    /// [`Summary::plus`].
    ///
    /// # Errors
    ///
    /// The first thing that is missing.
    pub fn check(&self) -> Result<(), NotABackup> {
        if self.members == 0 {
            return Err(NotABackup::Empty);
        }
        if let Some(path) = &self.empty_delta {
            return Err(NotABackup::EmptyDelta { path: path.clone() });
        }
        if !self.has_checkpoints {
            return Err(NotABackup::NoCheckpoints);
        }
        if self.has_info { Ok(()) } else { Err(NotABackup::NoInfo) }
    }

    /// The sums over two streams of one backup.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            stream_bytes: self.stream_bytes.saturating_add(other.stream_bytes),
            members: self.members + other.members,
            bytes: self.bytes.saturating_add(other.bytes),
            has_checkpoints: self.has_checkpoints || other.has_checkpoints,
            has_info: self.has_info || other.has_info,
            empty_delta: self.empty_delta.or(other.empty_delta),
        }
    }

    pub(super) fn add(&mut self, path: &MemberPath, member: &Member) {
        self.members += 1;
        // Holes make it large at no cost, so that the sum may reach any size.
        self.bytes = self.bytes.saturating_add(member.size);
        let plain = plain_name(path.as_bytes());
        let is = |names: [&str; 2]| names.iter().any(|name| name.as_bytes() == plain);
        if member.size > 0 {
            self.has_checkpoints |= is(CHECKPOINTS_NAMES);
            self.has_info |= is(INFO_NAMES);
        } else if plain.ends_with(b".delta") && self.empty_delta.is_none() {
            self.empty_delta = Some(path.clone());
        }
    }
}
