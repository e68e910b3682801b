//! Frames: a length, a kind, a payload. Bodies of files travel in frames of kind 0.

use crate::message::Message;
use crate::wire::Malformed;
use crate::{DATA_MAX, MESSAGE_MAX};
use std::fmt;
use std::io::{self, IoSlice, Read, Write};

/// The kind of a frame with bytes of a body.
const DATA: u8 = 0;

/// Bytes before the payload.
const HEAD_BYTES: usize = 5;

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame<M> {
    /// A message.
    Message(M),
    /// So many bytes of a body: [`Incoming::data`] gives them.
    Data(usize),
    /// The other side has ended, between two frames.
    End,
}

/// Why nothing came.
#[derive(Debug)]
pub enum FrameError {
    /// The stream broke, was silent for too long, or ended inside a frame.
    Io(io::Error),
    /// What came is none of the protocol.
    Malformed(Malformed),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the connection broke: {error}"),
            Self::Malformed(why) => write!(f, "a message cannot be read: {why}"),
        }
    }
}

impl std::error::Error for FrameError {}

impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Malformed> for FrameError {
    fn from(why: Malformed) -> Self {
        Self::Malformed(why)
    }
}

/// Reads frames.
#[derive(Debug)]
pub struct Incoming<R> {
    inner: R,
    /// Bytes of the present data frame that nobody has taken yet.
    left: usize,
}

impl<R: Read> Incoming<R> {
    /// Reads from here on. A buffer pays: heads are small.
    pub fn new(inner: R) -> Self {
        Self { inner, left: 0 }
    }

    /// Waits for the next frame.
    ///
    /// # Errors
    /// The stream broke or ended inside a frame; a frame is none of `M`, or too long; the bytes of
    /// the last data frame were not taken.
    pub fn receive<M: Message>(&mut self) -> Result<Frame<M>, FrameError> {
        if self.left > 0 {
            return Err(Malformed("bytes of a body were not taken").into());
        }
        let Some((tag, length)) = self.head()? else { return Ok(Frame::End) };
        if tag == DATA {
            if length == 0 || length > DATA_MAX {
                return Err(Malformed("a data frame has no proper length").into());
            }
            self.left = length;
            return Ok(Frame::Data(length));
        }
        if length > MESSAGE_MAX {
            return Err(Malformed("it is too long").into());
        }
        let mut payload = vec![0; length];
        self.inner.read_exact(&mut payload)?;
        Ok(Frame::Message(M::take(tag, &payload)?))
    }

    /// Kind and length; `None` at the end of the stream.
    fn head(&mut self) -> Result<Option<(u8, usize)>, FrameError> {
        let mut head = [0; HEAD_BYTES];
        let mut filled = 0;
        while filled < HEAD_BYTES {
            match self.inner.read(&mut head[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        let [a, b, c, d, tag] = head;
        let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        Ok(Some((tag, length)))
    }

    /// Takes bytes of the present data frame: as many as fit; 0 when all of it was taken.
    ///
    /// # Errors
    /// The stream broke.
    pub fn data(&mut self, out: &mut [u8]) -> Result<usize, FrameError> {
        let wanted = out.len().min(self.left);
        if wanted == 0 {
            return Ok(0);
        }
        loop {
            match self.inner.read(&mut out[..wanted]) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(read) => {
                    self.left -= read;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Bytes of the present data frame that were not taken yet.
    pub fn left(&self) -> usize {
        self.left
    }

    /// What is read from: whoever must not wait looks there first.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }
}

/// Sends a message.
///
/// # Errors
/// The stream broke, or the message is too long for a frame.
pub fn send<M: Message>(out: &mut impl Write, message: &M) -> io::Result<()> {
    let mut frame = vec![0; HEAD_BYTES];
    message.put(&mut frame);
    let length = frame.len() - HEAD_BYTES;
    if length > MESSAGE_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a message is too long"));
    }
    frame[..HEAD_BYTES].copy_from_slice(&head(message.tag(), length));
    out.write_all(&frame)
}

/// Sends bytes of a body; in several frames if they are many.
///
/// # Errors
/// The stream broke.
pub fn send_data(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    for chunk in bytes.chunks(DATA_MAX) {
        let head = head(DATA, chunk.len());
        // One call for both: a reader that sees the head has the bytes at hand.
        let mut slices = [IoSlice::new(&head), IoSlice::new(chunk)];
        let mut slices = &mut slices[..];
        while !slices.is_empty() {
            match out.write_vectored(slices) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => IoSlice::advance_slices(&mut slices, written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

fn head(tag: u8, length: usize) -> [u8; HEAD_BYTES] {
    let [a, b, c, d] = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    [a, b, c, d, tag]
}

#[cfg(test)]
mod tests;
