//! What happens to a file on its way, and what is known of it at its end.

use super::MemberPath;
use crate::checksum::crc32c_with_zeros;

/// Something that happens to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEvent<'i> {
    /// The file; of a rename its old name.
    pub path: MemberPath,
    /// What happens to it.
    pub what: What<'i>,
}

/// What happens to a file. Of several files that are sent at once the events alternate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What<'i> {
    /// It begins.
    Begin {
        /// It replaces a file of that path that was sent before (MariaDB). Whether there was one,
        /// and that otherwise there was none, is for those to check who keep the files.
        rewrite: bool,
    },
    /// Its next bytes. They are proven when the file's end comes, and not before.
    Data {
        /// Where in the file they begin, which is where the last ones or a hole ended.
        offset: u64,
        /// The bytes.
        bytes: &'i [u8],
    },
    /// Its next bytes are zeros that were not sent.
    Hole {
        /// Where in the file they begin.
        offset: u64,
        /// How many they are.
        length: u64,
    },
    /// It is complete.
    End(Member),
    /// A file sent before, and not open, is called otherwise from now on (MariaDB).
    Rename {
        /// Its new name.
        to: MemberPath,
    },
    /// A file sent before, and not open, is gone (MariaDB).
    Remove,
}

/// What is known of a file when it is complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Its length in bytes, holes included.
    pub size: u64,
    /// Bytes of it that are holes.
    pub holes: u64,
    /// CRC-32C over its content, holes as zeros.
    pub crc32c: u32,
    /// It replaces an earlier one of that path.
    pub rewrite: bool,
}

impl Member {
    pub(super) fn hole(&mut self, length: u64) {
        self.crc32c = crc32c_with_zeros(self.crc32c, length);
        self.size += length;
        self.holes += length;
    }
}
