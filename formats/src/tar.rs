//! Tar headers of the repository's volumes: POSIX ustar, with pax records where ustar has no room.
//!
//! Volumes must give every path back byte for byte through a stock `tar`, whatever the locale.
//! Measured with GNU tar 1.34 and bsdtar 3.6.2 in the locales C and C.UTF-8: raw bytes in ustar
//! fields survive in both. In pax records GNU tar takes any bytes too; bsdtar wants UTF-8 that the
//! locale can hold, unless `hdrcharset=BINARY` is set, which GNU tar ignores with a warning. So
//! names stay in ustar fields while they fit, and records that are not ASCII declare themselves
//! binary. Fractions of seconds before 1970 survive in GNU tar only. Records under a vendor's name
//! are passed over by both; GNU tar says so, and takes them for no failure.

mod decode;
mod encode;
mod pax;
mod ustar;

pub use decode::{Decoded, decode};
pub use encode::encode;

/// Bytes in a block; headers are whole blocks, and bodies are filled up to one.
pub const BLOCK_BYTES: usize = 512;

/// What follows the last entry: two blocks of zeros.
pub const END: [u8; 2 * BLOCK_BYTES] = [0; 2 * BLOCK_BYTES];

/// Most bytes of pax records before one header.
const PAX_BYTES_MAX: usize = 1 << 20;

/// Permission bits, with set-user-id, set-group-id and sticky.
const MODE_MAX: u32 = 0o7777;

/// What a header says about its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The path as it is; not empty, without NUL, and without a slash at the end of a file's.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits, at most `0o7777`.
    pub mode: u32,
    /// Owner.
    pub uid: u64,
    /// Group.
    pub gid: u64,
    /// Owner's name, or nothing.
    pub uname: String,
    /// Group's name, or nothing.
    pub gname: String,
    /// Bytes in the body that follows; 0 unless a file.
    pub size: u64,
    /// Last modification, in seconds since 1970, rounded down.
    pub mtime_secs: i64,
    /// Nanoseconds after that second, below 10^9.
    pub mtime_nanos: u32,
    /// Of a file: says that the body is not all of it, and which bytes of it. Printable ASCII. The
    /// record `SEAWALL.partial`, which stock readers pass over.
    pub partial: Option<String>,
}

/// Kinds of entry, which are those that repositories hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file; its body follows the header.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink {
        /// What it points to; not empty, without NUL.
        target: Vec<u8>,
    },
    /// Another name of an earlier entry.
    HardLink {
        /// That entry's path; not empty, without NUL.
        target: Vec<u8>,
    },
}

/// Why a header cannot be written, or bytes are no header that this program writes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TarError {
    /// The header's checksum does not fit: damage, or no header at all.
    #[error("the tar header does not match its checksum")]
    Checksum,
    /// The header is of another flavour of tar.
    #[error("the tar header is not POSIX ustar")]
    Magic,
    /// The entry is of a kind that is never written, such as a device.
    #[error("tar entry type {kind:?} is not supported", kind = char::from(*kind))]
    Kind {
        /// The type flag.
        kind: u8,
    },
    /// A field or record holds what it cannot hold.
    #[error("the tar header has no valid {field}")]
    Field {
        /// What is wrong.
        field: &'static str,
    },
    /// Pax records are damaged, unknown or repeated.
    #[error("the tar entry's extended header is damaged or has unknown records")]
    Records,
    /// There are more pax records than are ever needed.
    #[error("the tar entry's extended header has {bytes} bytes, more than {PAX_BYTES_MAX}")]
    RecordsTooLong {
        /// Their length in bytes.
        bytes: u64,
    },
    /// A block of zeros is followed by something else.
    #[error("the tar archive ends with one block of zeros instead of two")]
    LoneZeroBlock,
}

/// Zero bytes that fill a body of `size` bytes up to a whole block.
pub fn padding(size: u64) -> usize {
    let beyond = usize::try_from(size % BLOCK_BYTES as u64).unwrap_or_default();
    (BLOCK_BYTES - beyond) % BLOCK_BYTES
}

impl Header {
    /// What no tar can hold, on the way out; what a damaged header might say, on the way in.
    fn check(&self) -> Result<(), TarError> {
        let field = |field| Err(TarError::Field { field });
        let target = match &self.kind {
            EntryKind::File | EntryKind::Directory => None,
            EntryKind::Symlink { target } | EntryKind::HardLink { target } => Some(target),
        };
        let is_file = self.kind == EntryKind::File;
        if self.path.is_empty() || self.path.contains(&0) {
            return field("path");
        }
        // Stock readers take a file whose name ends like this for a directory.
        if is_file && self.path.ends_with(b"/") {
            return field("path");
        }
        if target.is_some_and(|target| target.is_empty() || target.contains(&0)) {
            return field("link target");
        }
        if self.uname.contains('\0') {
            return field("owner name");
        }
        if self.gname.contains('\0') {
            return field("group name");
        }
        let is_printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if let Some(text) = &self.partial
            && (!is_file || text.is_empty() || !text.bytes().all(is_printable))
        {
            return field("mark of a partial file");
        }
        if self.mode > MODE_MAX {
            return field("mode");
        }
        if self.size != 0 && !is_file {
            return field("size");
        }
        if self.mtime_nanos >= 1_000_000_000 {
            return field("modification time");
        }
        Ok(())
    }
}

#[cfg(test)]
mod stock;
#[cfg(test)]
mod tests;
