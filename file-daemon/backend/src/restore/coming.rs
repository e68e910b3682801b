//! A file that comes back, and its body.

use crate::inbox::Inbox;
use errors::{Error, Kind, Result};
use protocol::{FileType, Frame, ToBackend};
use std::io::{self, Read};

/// How much is taken at a time of what is not needed.
const DRAIN_BYTES: usize = 64 << 10;

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
///
/// A body whose end did not come is broken, whatever its reader makes of it: see
/// [`IncomingBody::outcome`].
pub(super) struct IncomingBody<'a> {
    inbox: &'a mut Inbox,
    is_closed: bool,
    /// What broke it.
    failure: Option<Error>,
    pub(super) bytes: u64,
    pub(super) crc32c: u32,
}

impl<'a> IncomingBody<'a> {
    pub(super) fn new(inbox: &'a mut Inbox) -> Self {
        Self { inbox, is_closed: false, failure: None, bytes: 0, crc32c: 0 }
    }

    /// Takes what its reader has left, up to the end.
    ///
    /// # Errors
    /// The connection broke.
    pub(super) fn drain(&mut self) -> Result<()> {
        let mut block = vec![0; DRAIN_BYTES];
        while self.take(&mut block)? > 0 {}
        Ok(())
    }

    /// What came of reading it: where the body broke, that is the reason, and not what its reader
    /// says of it.
    ///
    /// # Errors
    /// The body broke; or the reader's own.
    pub(super) fn outcome<T>(&self, read: Result<T>) -> Result<T> {
        match &self.failure {
            Some(failure) => Err(failure.repeat()),
            None => read,
        }
    }

    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// The connection broke, or something else comes; the same again after that.
    fn take(&mut self, out: &mut [u8]) -> Result<usize> {
        if let Some(failure) = &self.failure {
            return Err(failure.repeat());
        }
        let taken = self.receive(out).inspect_err(|error| self.failure = Some(error.repeat()))?;
        self.bytes += taken as u64;
        self.crc32c = crc32c::crc32c_append(self.crc32c, &out[..taken]);
        Ok(taken)
    }

    fn receive(&mut self, out: &mut [u8]) -> Result<usize> {
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
        self.inbox.data(out)
    }
}

impl Read for IncomingBody<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.take(out).map_err(|error| io::Error::other(error.line()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{send, send_data};
    use std::os::unix::net::UnixStream;
    use stream::Cancel;

    /// How a body ends.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum End {
        Close,
        HangUp,
        OtherMessage,
        Cancel,
    }

    fn incoming(end: End) -> Inbox {
        let (mut theirs, ours) = UnixStream::pair().unwrap();
        let cancel = Cancel::new();
        let inbox = Inbox::new(ours, cancel.clone()).unwrap();
        for _ in 0..10 {
            send_data(&mut theirs, &[1; 1000]).unwrap();
        }
        match end {
            End::Close => send(&mut theirs, &ToBackend::Close {}).unwrap(),
            End::OtherMessage => send(&mut theirs, &ToBackend::Start {}).unwrap(),
            End::HangUp => {}
            End::Cancel => {
                cancel.cancel();
                // The connection stays: only the cancel can end the waiting.
                std::mem::forget(theirs);
            }
        }
        inbox
    }

    #[test]
    fn a_body_that_breaks_off_is_not_a_whole_one() {
        for end in [End::Close, End::HangUp, End::OtherMessage, End::Cancel] {
            let mut inbox = incoming(end);
            let mut body = IncomingBody::new(&mut inbox);
            let mut taken = Vec::new();
            let read = body.read_to_end(&mut taken);
            if end == End::Close {
                assert_eq!(read.unwrap(), 10_000);
                assert_eq!((body.bytes, body.crc32c), (10_000, crc32c::crc32c(&taken)));
                body.drain().unwrap();
                body.outcome(Ok(())).unwrap();
                continue;
            }
            assert!(read.is_err(), "{end:?}");
            // Nor later, nor where its reader takes it for whole.
            assert!(body.read(&mut [0; 8]).is_err(), "{end:?}");
            assert!(body.drain().is_err() && body.outcome(Ok(())).is_err(), "{end:?}");
        }
    }

    #[test]
    fn what_a_reader_leaves_is_part_of_the_body() {
        let mut inbox = incoming(End::Close);
        let mut body = IncomingBody::new(&mut inbox);
        body.read_exact(&mut [0; 1500]).unwrap();
        body.drain().unwrap();
        assert_eq!((body.bytes, body.crc32c), (10_000, crc32c::crc32c(&[1; 10_000])));
    }
}
