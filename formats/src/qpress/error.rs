//! What can be wrong with an archive.

use super::{BLOCK_BYTES_MAX, QuickLzError};

/// What is wrong with an archive, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the qpress archive at byte {at}: {problem}")]
pub struct QpressError {
    /// Where the part of the archive begins, in bytes.
    pub at: u64,
    /// What is wrong with it.
    pub problem: QpressProblem,
}

/// What can be wrong with an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QpressProblem {
    /// It begins with something else.
    #[error("it is no qpress archive")]
    Magic,
    /// Blocks are longer than any that is written.
    #[error("its blocks have {bytes} bytes, more than {BLOCK_BYTES_MAX}")]
    BlockTooLong {
        /// Their length in bytes.
        bytes: u64,
    },
    /// What follows the head is no file, or one with an impossible name.
    #[error("it holds no file, or one with an impossible name")]
    File,
    /// A block begins elsewhere than where the last one ended.
    #[error("its block goes on at byte {found} instead of {expected}")]
    Order {
        /// Where the block says that it begins.
        found: u64,
        /// Plain bytes so far.
        expected: u64,
    },
    /// What should be a block or the end is neither.
    #[error("it goes on with neither a block nor the end")]
    Block,
    /// A block is damaged.
    #[error("its block does not match its checksum")]
    Checksum,
    /// A block cannot be unpacked.
    #[error("its block is no packet of QuickLZ level 1: {0}")]
    Packet(QuickLzError),
    /// Bytes are missing.
    #[error("it ends early")]
    Cut,
    /// Bytes follow the end.
    #[error("it goes on after its end")]
    Trailing,
}
