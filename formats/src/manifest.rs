//! `backup_manifest`: the list of a backup's files that `pg_verifybackup` checks.
//!
//! Version 1 belongs to servers 13 to 16, version 2 to 17 and later. Servers write one file or one
//! range of log per line; writer and parser here keep to that layout, so that both work with one
//! line in memory, however many files there are.

mod entry;
mod parser;
mod writer;

use crate::{Lsn, SystemIdentifier, TimelineId};

pub use parser::{ManifestError, ManifestParser, parse};
pub use writer::ManifestWriter;

/// Layout of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ManifestVersion {
    /// Servers 13 to 16.
    V1,
    /// Servers 17 and later, with the system identifier.
    V2,
}

impl ManifestVersion {
    /// The version that servers of this major write; `None` before 13, which have no manifest.
    pub const fn for_major(major: u16) -> Option<Self> {
        match major {
            0..=12 => None,
            13..=16 => Some(Self::V1),
            17.. => Some(Self::V2),
        }
    }
}

/// One file of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestFile {
    /// Path below the data directory, relative and without `..`; any bytes but NUL.
    pub path: Vec<u8>,
    /// Length in bytes.
    pub size: u64,
    /// Last modification in seconds since 1970. `pg_verifybackup` ignores it.
    pub mtime: i64,
    /// The file's checksum, if the backup was made with any.
    pub checksum: Option<FileChecksum>,
}

/// A file's checksum in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileChecksum {
    /// CRC-32C, the servers' default.
    Crc32c(u32),
    /// A digest of the SHA-2 family; its length, 28, 32, 48 or 64 bytes, tells which.
    Sha2(Vec<u8>),
}

/// A part of the log that the backup needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalRange {
    /// The timeline it lies on.
    pub timeline: TimelineId,
    /// First position needed.
    pub start: Lsn,
    /// First position not needed.
    pub end: Lsn,
}

/// What a manifest says besides its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestSummary {
    /// Layout of the manifest.
    pub version: ManifestVersion,
    /// The cluster; only version 2 tells.
    pub system_identifier: Option<SystemIdentifier>,
    /// How many files it lists.
    pub files: u64,
    /// The log needed, in the manifest's order: newest timeline first.
    pub ranges: Vec<WalRange>,
}

#[cfg(test)]
mod tests;
