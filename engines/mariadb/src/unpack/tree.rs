//! The directory that is written to. No path leads through a symbolic link, wherever it came from:
//! each part of a path is opened by itself, from the part before it.

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::fs::{mkdirat, openat, statat, unlinkat};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// Whoever owns the tree gives it its final modes.
const DIR_MODE: Mode = Mode::RWXU;
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);

/// The tree of a backup.
pub(super) struct Tree {
    root: OwnedFd,
}

/// The directory of a path: one that was opened, or the tree itself.
struct Parent<'a> {
    opened: Option<OwnedFd>,
    root: BorrowedFd<'a>,
}

impl AsFd for Parent<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.opened.as_ref().map_or(self.root, AsFd::as_fd)
    }
}

impl Tree {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { root: openat(CWD, path, flags, Mode::empty())? })
    }

    /// Makes a file that was not there. With `rewrite` there may be one, which goes away first: so
    /// nothing is ever written through a name that somebody else made.
    pub(super) fn create(&self, path: &[u8], rewrite: bool) -> io::Result<File> {
        let (parent, name) = self.parent(path, true)?;
        if rewrite {
            absent_is_none(unlinkat(&parent, name, AtFlags::empty()))?;
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        Ok(openat(&parent, name, flags, FILE_MODE)?.into())
    }

    /// Gives a file another name, over a file that has it; `false` where there is none to rename.
    #[allow(clippy::disallowed_methods, reason = "the tree is void until all of it is synced")]
    pub(super) fn rename(&self, from: &[u8], to: &[u8]) -> io::Result<bool> {
        let Some((old, old_name)) = absent_is_none(self.parent(from, false))? else {
            return Ok(false);
        };
        if kind(&old, old_name)?.is_none() {
            return Ok(false);
        }
        let (new, new_name) = self.parent(to, true)?;
        for (parent, name) in [(&old, old_name), (&new, new_name)] {
            if kind(parent, name)?.is_some_and(|kind| kind != FileType::RegularFile) {
                return Err(io::Error::other("something else than a file has one of the names"));
            }
        }
        rustix::fs::renameat(&old, old_name, &new, new_name)?;
        Ok(true)
    }

    /// Removes a file, or a directory with its files; where a `*` ends the name, all files of that
    /// beginning. What is not there is removed already.
    pub(super) fn remove(&self, path: &[u8]) -> io::Result<()> {
        let Some((parent, name)) = absent_is_none(self.parent(path, false))? else { return Ok(()) };
        if let Some(beginning) = name.strip_suffix(b"*") {
            // The tool sends it for tables of other engines only, and InnoDB's files go by `.del`.
            let is_meant = |name: &[u8]| name.starts_with(beginning) && !is_innodb(name);
            return if beginning.is_empty() { Ok(()) } else { remove_files(&parent, is_meant) };
        }
        if kind(&parent, name)? == Some(FileType::Directory) {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            remove_files(openat(&parent, name, flags, Mode::empty())?, |_| true)?;
            return Ok(unlinkat(&parent, name, AtFlags::REMOVEDIR)?);
        }
        absent_is_none(unlinkat(&parent, name, AtFlags::empty())).map(drop)
    }

    /// Opens the directory of a path, and says what the path is called in it.
    fn parent<'p>(&self, path: &'p [u8], make: bool) -> Result<(Parent<'_>, &'p [u8]), Errno> {
        let mut parent = Parent { opened: None, root: self.root.as_fd() };
        let mut parts = path.split(|&byte| byte == b'/').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return Ok((parent, part));
            }
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let open = || openat(&parent, part, flags, Mode::empty());
            let opened = match open() {
                Err(Errno::NOENT) if make => {
                    // Another worker may have made it meanwhile.
                    match mkdirat(&parent, part, DIR_MODE) {
                        Ok(()) | Err(Errno::EXIST) => open()?,
                        Err(error) => return Err(error),
                    }
                }
                opened => opened?,
            };
            parent.opened = Some(opened);
        }
        Err(Errno::INVAL)
    }
}

/// Tables of InnoDB, packed or not, whose removal the tool tells in another way.
fn is_innodb(name: &[u8]) -> bool {
    formats::member_encoding::plain_name(name).ends_with(b".ibd")
}

fn remove_files(dir: impl AsFd, is_meant: impl Fn(&[u8]) -> bool) -> io::Result<()> {
    for entry in Dir::read_from(&dir)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." && is_meant(name) {
            unlinkat(&dir, name, AtFlags::empty())?;
        }
    }
    Ok(())
}

/// What has that name, if anything has.
fn kind(parent: &Parent<'_>, name: &[u8]) -> io::Result<Option<FileType>> {
    let found = absent_is_none(statat(parent, name, AtFlags::SYMLINK_NOFOLLOW))?;
    Ok(found.map(|found| FileType::from_raw_mode(found.st_mode)))
}

fn absent_is_none<T>(result: Result<T, Errno>) -> io::Result<Option<T>> {
    match result {
        Err(Errno::NOENT) => Ok(None),
        result => Ok(Some(result?)),
    }
}
