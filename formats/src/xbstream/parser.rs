//! Chunk by chunk through a stream that comes in pieces of any size.

use super::header::{Checksum, Decoded, FIXED_BYTES, decode};
use super::{Chunk, Dialect, Problem, XbstreamError};

/// What the next bytes of a stream turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'i> {
    /// A chunk begins; its payload, if it has any, follows as events.
    Chunk(Chunk),
    /// Some bytes of the payload, not yet proven: the checksum comes after the last of them.
    Payload(&'i [u8]),
    /// The payload, or the lack of one, has the checksum it must have. Follows each chunk that
    /// carries a checksum.
    Checked,
}

/// Reads chunks. It holds one header and no payload: at most about 16 MiB, while the largest map is
/// taken apart.
pub struct Parser {
    dialect: Dialect,
    state: State,
    /// Bytes of the header so far.
    header: Vec<u8>,
    /// Where in the stream the chunk begins, or the next one will.
    chunk_at: u64,
    /// Bytes of the stream so far.
    position: u64,
}

enum State {
    /// The header is complete, or can be read further, with this many bytes.
    Header { need: usize },
    /// That many bytes are left of the payload.
    Payload { left: u64, checksum: Checksum },
    /// The stream is wrong, and stays so.
    Failed(XbstreamError),
}

impl Parser {
    /// A parser at the beginning of a stream.
    pub fn new(dialect: Dialect) -> Self {
        let state = State::Header { need: FIXED_BYTES };
        Self { dialect, state, header: Vec::new(), chunk_at: 0, position: 0 }
    }

    /// Takes bytes from the front of `input`, up to the next event; `None` when it took them all and
    /// more are needed. Call it until then.
    ///
    /// # Errors
    ///
    /// Where the stream is wrong; from then on the same error for ever.
    pub fn next<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Event<'i>>, XbstreamError> {
        let result = match &mut self.state {
            State::Header { .. } => self.header(input),
            State::Payload { .. } => self.payload(input),
            State::Failed(error) => return Err(error.clone()),
        };
        result.map_err(|problem| {
            let error = XbstreamError { at: self.chunk_at, problem };
            self.state = State::Failed(error.clone());
            error
        })
    }

    /// Where in the stream the chunk begins that is being read, in bytes.
    pub fn chunk_at(&self) -> u64 {
        self.chunk_at
    }

    /// Bytes of the stream so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Says that no more bytes come.
    ///
    /// # Errors
    ///
    /// [`Problem::Cut`] inside a chunk, and the error that there was. A stream that ends between two
    /// chunks is no error here, and may have been cut as well.
    pub fn finish(&self) -> Result<(), XbstreamError> {
        match &self.state {
            State::Header { .. } if self.header.is_empty() => Ok(()),
            State::Header { .. } | State::Payload { .. } => {
                let problem = Problem::Cut { bytes: self.position - self.chunk_at };
                Err(XbstreamError { at: self.chunk_at, problem })
            }
            State::Failed(error) => Err(error.clone()),
        }
    }

    fn header<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Event<'i>>, Problem> {
        if self.header.is_empty() {
            self.chunk_at = self.position;
        }
        loop {
            let State::Header { need } = &mut self.state else { return Ok(None) };
            let missing = need.saturating_sub(self.header.len());
            let taken = take(input, missing);
            self.header.extend_from_slice(taken);
            self.position += taken.len() as u64;
            if taken.len() < missing {
                return Ok(None);
            }
            match decode(&self.header, self.dialect)? {
                Decoded::Need(more) => *need = more,
                Decoded::Chunk { chunk, crc } => {
                    self.begin_payload(chunk.kind.payload_bytes(), crc);
                    return Ok(Some(Event::Chunk(chunk)));
                }
            }
        }
    }

    fn begin_payload(&mut self, left: u64, crc: Option<Checksum>) {
        // A map of millions of entries is not kept for the headers after it.
        self.header = Vec::new();
        self.state = match crc {
            Some(checksum) => State::Payload { left, checksum },
            None => State::Header { need: FIXED_BYTES },
        };
    }

    fn payload<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Event<'i>>, Problem> {
        let State::Payload { left, checksum } = &mut self.state else { return Ok(None) };
        if *left == 0 {
            let (computed, stored) = (checksum.crc.value(), checksum.stored);
            if computed != stored {
                return Err(Problem::Checksum { computed, stored });
            }
            self.state = State::Header { need: FIXED_BYTES };
            return Ok(Some(Event::Checked));
        }
        let taken = take(input, usize::try_from(*left).unwrap_or(usize::MAX));
        if taken.is_empty() {
            return Ok(None);
        }
        *left -= taken.len() as u64;
        self.position += taken.len() as u64;
        checksum.crc.update(taken);
        Ok(Some(Event::Payload(taken)))
    }
}

/// Takes at most `bytes` from the front.
fn take<'i>(input: &mut &'i [u8], bytes: usize) -> &'i [u8] {
    let (taken, rest) = input.split_at(bytes.min(input.len()));
    *input = rest;
    taken
}
