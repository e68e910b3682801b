//! A file that comes back, and its body.

use crate::inbox::Inbox;
use errors::{Error, Kind, Result};
use protocol::{FileType, Frame, ToBackend};
use std::io::{self, Read};

/// What the daemon says of a file.
#[derive(Debug, Clone)]
pub(super) struct Coming {
    /// Its name when it was saved.
    pub(super) name: Vec<u8>,
    pub(super) file_type: FileType,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// `None`: it was not known when it was saved.
    pub(super) size: Option<u64>,
    pub(super) mtime: i64,
    pub(super) link: Vec<u8>,
}

impl Coming {
    /// # Errors
    /// `bug`: it is another message.
    pub(super) fn of(message: ToBackend) -> Result<Self> {
        let ToBackend::Create { name, file_type, mode, uid, gid, size, mtime, link, .. } = message
        else {
            return Err(super::out_of_turn());
        };
        Ok(Self { name, file_type, mode, uid, gid, size: u64::try_from(size).ok(), mtime, link })
    }
}

/// The body of the present file, as it comes.
pub(super) struct IncomingBody<'a> {
    inbox: &'a mut Inbox,
    is_closed: bool,
    pub(super) bytes: u64,
    pub(super) crc32c: u32,
}

impl<'a> IncomingBody<'a> {
    pub(super) fn new(inbox: &'a mut Inbox) -> Self {
        Self { inbox, is_closed: false, bytes: 0, crc32c: 0 }
    }

    /// Takes what nobody has taken, up to the end.
    ///
    /// # Errors
    /// The connection broke.
    pub(super) fn drain(&mut self) -> Result<()> {
        let mut block = vec![0; 64 << 10];
        while self.take(&mut block)? > 0 {}
        Ok(())
    }

    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// The connection broke, or something else comes.
    pub(super) fn take(&mut self, out: &mut [u8]) -> Result<usize> {
        if self.is_closed || out.is_empty() {
            return Ok(0);
        }
        if self.inbox.left() == 0 {
            match self.inbox.frame()? {
                Frame::Data(_) => {}
                Frame::Message(ToBackend::Close {}) => {
                    self.is_closed = true;
                    return Ok(0);
                }
                Frame::Message(_) => return Err(super::out_of_turn()),
                Frame::End => {
                    let text = "the file daemon ended the job inside a file";
                    return Err(Error::new(Kind::Interrupted, text));
                }
            }
        }
        let taken = self.inbox.data(out)?;
        self.bytes += taken as u64;
        self.crc32c = crc32c::crc32c_append(self.crc32c, &out[..taken]);
        Ok(taken)
    }
}

impl Read for IncomingBody<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.take(out).map_err(|error| io::Error::other(error.line()))
    }
}
