//! Files that come back as plain files. The daemon makes their directories and clears their place,
//! but then it asks whoever saved them to open and to write, and sets no attributes.

use crate::packets::Restore;
use std::ffi::OsStr;
use std::fs::{self, File, FileTimes, OpenOptions, Permissions};
use std::io::{Error, Result, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, fchown, lchown};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Until it has its own: the daemon names none.
const FIRST_MODE: u32 = 0o600;

/// A plain file that comes back, from its creation to its end.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    file: Option<File>,
}

/// What the daemon wants of such a file.
pub(crate) enum Asked<'a> {
    Open(&'a [u8]),
    Write(&'a [u8]),
    Close,
}

impl Plain {
    /// # Errors
    /// The system's.
    pub(crate) fn pass(&mut self, asked: &Asked<'_>) -> Result<()> {
        match asked {
            Asked::Open(place) => {
                let mut options = OpenOptions::new();
                options.write(true).create(true).truncate(true).mode(FIRST_MODE);
                options.custom_flags(libc::O_NOFOLLOW);
                self.file = Some(options.open(path(place))?);
                Ok(())
            }
            Asked::Write(bytes) => {
                let closed = || Error::from_raw_os_error(libc::EBADF);
                self.file.as_mut().ok_or_else(closed)?.write_all(bytes)
            }
            Asked::Close => {
                self.file = None;
                Ok(())
            }
        }
    }

    /// Owner, mode and time, as they were saved.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn attributes(&self, packet: &Restore, place: &[u8]) -> Result<()> {
        let stat = &packet.stat;
        let (uid, gid) = (Some(stat.st_uid), Some(stat.st_gid));
        let mode = Permissions::from_mode(stat.st_mode & 0o7777);
        if let Some(file) = &self.file {
            owned(fchown(file, uid, gid))?;
            file.set_permissions(mode)?;
            let since = u64::try_from(stat.st_mtime).unwrap_or(0);
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(since);
            return file.set_times(FileTimes::new().set_modified(time));
        }
        let place = path(place);
        owned(lchown(place, uid, gid))?;
        if stat.st_mode & libc::S_IFMT == libc::S_IFLNK {
            return Ok(());
        }
        fs::set_permissions(place, mode)
    }
}

fn path(place: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(place))
}

/// Nobody but root gives files away: a daemon of somebody else keeps what it wrote.
fn owned(done: Result<()>) -> Result<()> {
    // SAFETY: it takes nothing, and never fails.
    let is_root = unsafe { libc::geteuid() } == 0;
    done.or_else(|error| if is_root { Err(error) } else { Ok(()) })
}
