//! xbstream, the stream in which mariadb-backup and XtraBackup send a backup.
//!
//! A stream is a row of chunks, each with its own header; numbers are little-endian:
//!
//! ```text
//!  0  8  "XBSTCK01"
//!  8  1  flags: 0x01 a reader may pass over an unknown type, 0x02 rewrite (MariaDB)
//!  9  1  type
//! 10  4  length of the path, below 512
//! 14  n  path
//! P, unknown     u64 length, u64 offset, u32 CRC-32 of the payload, payload
//! E end          nothing more
//! S (Percona)    u32 entries, u64 length, u64 offset, u32 CRC-32 of map and payload,
//!                entries of u32 bytes to skip and u32 bytes of payload, payload
//! S (MariaDB)    u64 offset at which the file goes on
//! R (MariaDB)    u32 length of the new path, new path
//! D (MariaDB)    nothing more
//! ```
//!
//! The stream itself has neither a head nor an end, so one that was cut between two chunks looks
//! whole: [`Files`] knows which files were not closed, and [`Summary::check`] whether the files are
//! there that a backup writes last. Measured: mbstream and xbstream both call such a stream good.
//!
//! The layout is that of `xbstream.h`, `ds_xbstream.c` and `xbstream_read.c` of both projects. All
//! of it but Percona's sparse chunks was measured on the streams in `fixtures/mysql`; these come
//! from the documentation of XtraBackup 8, whose example header is a test.

mod files;
mod header;
mod member;
mod parser;
mod path;
mod summary;
mod writer;

pub use files::Files;
pub use member::{FileEvent, Member, What};
pub use parser::{Event, Parser};
pub use path::{MemberPath, PATH_BYTES_MAX, PathError};
pub use summary::{NotABackup, Summary};
pub use writer::{MemberWriter, encode_header};

/// Begins every chunk.
const MAGIC: &[u8; 8] = b"XBSTCK01";

/// A reader that does not know the chunk's type may pass over it.
const FLAG_IGNORABLE: u8 = 0x01;

/// The file is sent again, from its beginning.
const FLAG_REWRITE: u8 = 0x02;

/// Most entries of a sparse chunk's map, 8 MiB of it. Tools cut chunks at 10 MiB of payload, and
/// give a page, of which more than 100 bytes remain, one entry.
pub const EXTENTS_MAX: u32 = 1 << 20;

/// Most files that may be open at once. Tools open one per thread.
pub const OPEN_MAX: usize = 4096;

/// What no file is larger than: offsets are signed in both tools (`my_off_t`, `off_t`).
const FILE_BYTES_MAX: u64 = i64::MAX as u64;

/// Whose chunks they are: type `S` means two things, and the rest of MariaDB's is unknown elsewhere.
///
/// Nothing in a stream says which it is; who started the tool knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// mariadb-backup: seek, rename and remove chunks, and the rewrite flag.
    MariaDb,
    /// XtraBackup: sparse chunks.
    Percona,
}

/// A chunk without its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The file it belongs to; of a rename the old name.
    pub path: MemberPath,
    /// The file is sent again and replaces an earlier one of that path (MariaDB).
    pub rewrite: bool,
    /// What it does.
    pub kind: ChunkKind,
}

/// What a chunk does. Offsets and lengths are bytes; an end beyond 2^63 - 1 is never given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChunkKind {
    /// Bytes of the file follow.
    Payload {
        /// Where in the file they begin.
        offset: u64,
        /// How many they are.
        length: u64,
    },
    /// Bytes of the file follow, between holes (Percona).
    Sparse {
        /// Where in the file the first extent's hole begins.
        offset: u64,
        /// Bytes of payload, the sum over the extents.
        length: u64,
        /// Holes and bytes in turn, at most [`EXTENTS_MAX`].
        extents: Vec<Extent>,
    },
    /// The file goes on here, with a hole before (MariaDB).
    Seek {
        /// Where in the file.
        offset: u64,
    },
    /// The file is complete.
    End,
    /// A file that was closed has another name from now on (MariaDB).
    Rename {
        /// The new name.
        to: MemberPath,
    },
    /// A file that was closed is gone (MariaDB).
    Remove,
    /// A type that this program does not know and that its writer calls dispensable.
    Ignorable {
        /// The type.
        kind: u8,
        /// Its offset, whatever that means.
        offset: u64,
        /// Bytes that follow.
        length: u64,
    },
}

/// A hole and what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Bytes of the hole.
    pub skip: u32,
    /// Bytes of payload after the hole.
    pub length: u32,
}

/// What is wrong with a stream, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the xbstream chunk at byte {at}: {problem}")]
pub struct XbstreamError {
    /// Where the chunk begins, in bytes from the beginning of the stream.
    pub at: u64,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong with a chunk, by itself or after the ones before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The bytes are no chunk.
    #[error("it does not begin with XBSTCK01")]
    Magic,
    /// The stream ends inside the chunk.
    #[error("the stream ends inside it, after {bytes} bytes")]
    Cut {
        /// Bytes of the chunk that are there.
        bytes: u64,
    },
    /// A flag whose meaning is unknown in this dialect.
    #[error("it has the unknown flags {flags:#04X}")]
    Flags {
        /// All flags found.
        flags: u8,
    },
    /// A type that is unknown in this dialect, and not dispensable.
    #[error("it is of the unknown type {kind:#04X}")]
    Kind {
        /// The type found.
        kind: u8,
    },
    /// The path is refused.
    #[error("{0}")]
    Path(#[from] PathError),
    /// Offset and length lead beyond any file.
    #[error("it ends beyond byte 2^63 of its file")]
    Range,
    /// The map of a sparse chunk is larger than any that is written.
    #[error("its map has {entries} entries, more than {EXTENTS_MAX}")]
    MapTooLong {
        /// Entries announced.
        entries: u32,
    },
    /// The map of a sparse chunk has other bytes than the chunk.
    #[error("its map covers {mapped} bytes and its payload has {length}")]
    Map {
        /// Sum over the map.
        mapped: u64,
        /// Length of the payload.
        length: u64,
    },
    /// The payload was damaged.
    #[error("its checksum is {computed:08x} and should be {stored:08x}")]
    Checksum {
        /// CRC-32 of what is there.
        computed: u32,
        /// CRC-32 in the header.
        stored: u32,
    },
    /// The chunk does not begin where the file's last one ended.
    #[error("it goes on with {path} at byte {found} instead of {expected}")]
    Order {
        /// The file.
        path: MemberPath,
        /// Offset in the chunk.
        found: u64,
        /// Bytes of the file so far.
        expected: u64,
    },
    /// A file is renamed or removed, or another gets its name, before it is closed.
    #[error("{path} is renamed, removed or replaced before its end")]
    StillOpen {
        /// The file.
        path: MemberPath,
    },
    /// More files are open than any tool opens.
    #[error("more than {OPEN_MAX} files are open at once")]
    TooManyOpen,
    /// The stream ends before the file does.
    #[error("the stream ends here, before the end of {path}")]
    NotClosed {
        /// The first such file by name.
        path: MemberPath,
    },
    /// A writer was given a chunk and a payload of another length.
    #[error("its payload has {found} bytes instead of {expected}")]
    PayloadLength {
        /// Bytes given.
        found: u64,
        /// Bytes announced.
        expected: u64,
    },
    /// A writer was given a chunk that the dialect does not have.
    #[error("{0:?} has no such chunk")]
    Dialect(Dialect),
}

impl ChunkKind {
    /// Bytes of payload that follow the header.
    pub fn payload_bytes(&self) -> u64 {
        match self {
            Self::Payload { length, .. }
            | Self::Sparse { length, .. }
            | Self::Ignorable { length, .. } => *length,
            Self::Seek { .. } | Self::End | Self::Rename { .. } | Self::Remove => 0,
        }
    }
}

#[cfg(test)]
mod tests;
