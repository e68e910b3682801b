//! Files between the core's words and the daemon's packets.

use crate::abi::{CF_CORE, CF_CREATED, CF_ERROR, CF_EXTRACT, CF_SKIP};
use crate::abi::{FT_DIREND, FT_LNK, FT_REG, FT_REGE};
use file_daemon_plugin::{FileType, Head, Reply};
use std::ffi::c_int;

/// What file systems say that they like to read.
const BLOCK: i64 = 64 << 10;

/// The daemon's kind of a file.
pub(crate) fn kind(file_type: FileType) -> c_int {
    match file_type {
        FileType::File => FT_REG,
        FileType::Directory => FT_DIREND,
        FileType::Symlink => FT_LNK,
    }
}

/// The core's kind of a file. Others than ours never came from us.
pub(crate) fn file_type(kind: c_int) -> Option<FileType> {
    match kind {
        FT_REG | FT_REGE => Some(FileType::File),
        FT_DIREND => Some(FileType::Directory),
        FT_LNK => Some(FileType::Symlink),
        _ => None,
    }
}

/// What the catalogue shows of a file.
pub(crate) fn stat(head: &Head) -> libc::stat {
    // SAFETY: all zeros are a valid value: numbers only.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    let kind = match head.file_type {
        FileType::File => libc::S_IFREG,
        FileType::Directory => libc::S_IFDIR,
        FileType::Symlink => libc::S_IFLNK,
    };
    stat.st_mode = kind | (head.mode & 0o7777);
    // With more, the daemon would look for other names of the same file.
    stat.st_nlink = 1;
    (stat.st_uid, stat.st_gid) = (head.uid, head.gid);
    // -1 stands for a size that is not known yet, and the daemon reads until the end.
    stat.st_size = if head.file_type == FileType::File { head.size.max(-1) } else { 0 };
    stat.st_blksize = BLOCK;
    stat.st_blocks = stat.st_size.max(0) / 512;
    (stat.st_atime, stat.st_mtime, stat.st_ctime) = (head.mtime, head.mtime, head.mtime);
    stat
}

/// What the daemon does with a file that comes back.
pub(crate) fn status(reply: Reply) -> c_int {
    match reply {
        Reply::Extract => CF_EXTRACT,
        Reply::Skip => CF_SKIP,
        Reply::Core => CF_CORE,
        Reply::Made => CF_CREATED,
        Reply::Failed => CF_ERROR,
    }
}
