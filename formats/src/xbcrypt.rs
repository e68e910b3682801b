//! `.xbcrypt`: the chunks in which XtraBackup encrypts a file.
//!
//! Numbers are little-endian:
//!
//! ```text
//! "XBCRYP" and a version in two digits, u64 reserved, u64 plain length, u64 length of the data,
//! u32 CRC-32 of the data, u64 length of the iv (from 02 on), iv, data
//! ```
//!
//! In version 01 there is no iv; in 02 there is one that is not used. Data of 03 is encrypted with
//! AES in counter mode, beginning with the iv, and ends with the SHA-256 of what is plain before it,
//! 32 bytes that both lengths count. Here the chunks are found and their checksums proven; nothing
//! is decrypted. The layout is that of `xbcrypt_common.h` and `xbcrypt_write.c`; version 03 was
//! measured on the stream in `fixtures/mysql`, 01 and 02 were not.

use crate::bytes::{array_at, u32_at, u64_at};
use crate::checksum::Crc32;

/// Longest data of a chunk. Tools cut at 64 KiB by default (`--encrypt-chunk-size`), and whoever
/// decrypts holds a chunk before its SHA-256 is proven.
pub const DATA_BYTES_MAX: u64 = 64 << 20;

/// Bytes of the SHA-256 at the end of a chunk of version 03.
pub const DIGEST_BYTES: u64 = 32;

/// Which form a chunk has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XbcryptVersion {
    /// `XBCRYP01`: no iv.
    V1,
    /// `XBCRYP02`: an iv that is not used.
    V2,
    /// `XBCRYP03`: an iv, and a SHA-256 in the data.
    V3,
}

/// A chunk without its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XbcryptChunk {
    /// Its form.
    pub version: XbcryptVersion,
    /// Bytes that decrypting gives, with the SHA-256 of version 03.
    pub plain_bytes: u64,
    /// Bytes of data that follow, at most [`DATA_BYTES_MAX`].
    pub data_bytes: u64,
    /// The initial counter, up to 64 bytes.
    pub iv: Vec<u8>,
}

/// What the next bytes of a file turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum XbcryptEvent<'i> {
    /// A chunk begins.
    Chunk(XbcryptChunk),
    /// Some bytes of its data, still encrypted and not yet proven.
    Data(&'i [u8]),
    /// The data has the checksum it must have, and the chunk ends.
    Checked,
}

/// What is wrong with a file, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the xbcrypt chunk at byte {at}: {problem}")]
pub struct XbcryptError {
    /// Where the chunk begins, in bytes.
    pub at: u64,
    /// What is wrong with it.
    pub problem: XbcryptProblem,
}

/// What can be wrong with a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XbcryptProblem {
    /// It begins with something else.
    #[error("it does not begin with XBCRYP01, 02 or 03")]
    Magic,
    /// It is longer than any that is written, or too short for what it must hold.
    #[error("it has the impossible {field} {bytes}")]
    Length {
        /// Which length.
        field: &'static str,
        /// The length in bytes.
        bytes: u64,
    },
    /// The data was damaged.
    #[error("its checksum is {computed:08x} and should be {stored:08x}")]
    Checksum {
        /// CRC-32 of what is there.
        computed: u32,
        /// CRC-32 in the header.
        stored: u32,
    },
    /// The file ends inside it.
    #[error("the file ends inside it")]
    Cut,
}

/// Reads a file that comes in pieces of any size. It holds one header.
pub struct XbcryptParser {
    state: State,
    header: Vec<u8>,
    chunk_at: u64,
    position: u64,
}

enum State {
    Header { need: usize },
    Data { left: u64, crc: Crc32, stored: u32 },
    Failed(XbcryptError),
}

impl Default for XbcryptParser {
    fn default() -> Self {
        Self::new()
    }
}

impl XbcryptParser {
    /// A parser at the beginning of a file.
    pub fn new() -> Self {
        let state = State::Header { need: FIXED_BYTES };
        Self { state, header: Vec::new(), chunk_at: 0, position: 0 }
    }

    /// Takes bytes from the front of `input`, up to the next event; `None` when it took them all and
    /// more are needed. Call it until then.
    ///
    /// # Errors
    ///
    /// Where the file is wrong; from then on the same error for ever.
    pub fn next<'i>(
        &mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<XbcryptEvent<'i>>, XbcryptError> {
        let result = match self.state {
            State::Header { .. } => self.header(input),
            State::Data { .. } => self.data(input),
            State::Failed(error) => return Err(error),
        };
        result.map_err(|problem| {
            let error = XbcryptError { at: self.chunk_at, problem };
            self.state = State::Failed(error);
            error
        })
    }

    /// Says that no more bytes come. A file without chunks is what an empty one becomes.
    ///
    /// # Errors
    ///
    /// [`XbcryptProblem::Cut`] inside a chunk, and the error that there was. A file that was cut
    /// between two chunks looks whole.
    pub fn finish(&self) -> Result<(), XbcryptError> {
        match self.state {
            State::Header { .. } if self.header.is_empty() => Ok(()),
            State::Header { .. } | State::Data { .. } => {
                Err(XbcryptError { at: self.chunk_at, problem: XbcryptProblem::Cut })
            }
            State::Failed(error) => Err(error),
        }
    }

    fn header<'i>(
        &mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<XbcryptEvent<'i>>, XbcryptProblem> {
        if self.header.is_empty() {
            self.chunk_at = self.position;
        }
        loop {
            let State::Header { need } = &mut self.state else { return Ok(None) };
            let missing = need.saturating_sub(self.header.len());
            let (taken, rest) = input.split_at(missing.min(input.len()));
            *input = rest;
            self.header.extend_from_slice(taken);
            self.position += taken.len() as u64;
            if taken.len() < missing {
                return Ok(None);
            }
            match decode(&self.header)? {
                Decoded::Need(more) => *need = more,
                Decoded::Chunk { chunk, stored } => {
                    self.header.clear();
                    self.state = State::Data { left: chunk.data_bytes, crc: Crc32::new(), stored };
                    return Ok(Some(XbcryptEvent::Chunk(chunk)));
                }
            }
        }
    }

    fn data<'i>(
        &mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<XbcryptEvent<'i>>, XbcryptProblem> {
        let State::Data { left, crc, stored } = &mut self.state else { return Ok(None) };
        if *left == 0 {
            let (computed, stored) = (crc.value(), *stored);
            if computed != stored {
                return Err(XbcryptProblem::Checksum { computed, stored });
            }
            self.state = State::Header { need: FIXED_BYTES };
            return Ok(Some(XbcryptEvent::Checked));
        }
        let most = usize::try_from(*left).unwrap_or(usize::MAX);
        let (taken, rest) = input.split_at(most.min(input.len()));
        *input = rest;
        if taken.is_empty() {
            return Ok(None);
        }
        *left -= taken.len() as u64;
        self.position += taken.len() as u64;
        crc.update(taken);
        Ok(Some(XbcryptEvent::Data(taken)))
    }
}

/// Bytes of a header before the iv's length.
const FIXED_BYTES: usize = 36;

/// Longest iv; that of AES has 16 bytes.
const IV_BYTES_MAX: u64 = 64;

/// What the bytes of a header turned out to be.
enum Decoded {
    Need(usize),
    Chunk { chunk: XbcryptChunk, stored: u32 },
}

/// Reads a header from its bytes, which may not all be there yet.
fn decode(bytes: &[u8]) -> Result<Decoded, XbcryptProblem> {
    let (Some(magic), Some(plain_bytes), Some(data_bytes), Some(stored)) =
        (array_at::<8>(bytes, 0), u64_at(bytes, 16), u64_at(bytes, 24), u32_at(bytes, 32))
    else {
        return Ok(Decoded::Need(FIXED_BYTES));
    };
    let version = match &magic {
        b"XBCRYP01" => XbcryptVersion::V1,
        b"XBCRYP02" => XbcryptVersion::V2,
        b"XBCRYP03" => XbcryptVersion::V3,
        _ => return Err(XbcryptProblem::Magic),
    };
    let least = if version == XbcryptVersion::V3 { DIGEST_BYTES } else { 0 };
    for (field, bytes) in [("plain length", plain_bytes), ("data length", data_bytes)] {
        if !(least..=DATA_BYTES_MAX).contains(&bytes) {
            return Err(XbcryptProblem::Length { field, bytes });
        }
    }
    let mut iv = Vec::new();
    if version != XbcryptVersion::V1 {
        const IV_AT: usize = FIXED_BYTES + 8;
        let Some(length) = u64_at(bytes, FIXED_BYTES) else { return Ok(Decoded::Need(IV_AT)) };
        let wrong = XbcryptProblem::Length { field: "iv length", bytes: length };
        let fitting = usize::try_from(length).ok().filter(|_| length <= IV_BYTES_MAX);
        let end = IV_AT + fitting.ok_or(wrong)?;
        let Some(found) = bytes.get(IV_AT..end) else { return Ok(Decoded::Need(end)) };
        iv = found.to_vec();
    }
    Ok(Decoded::Chunk { chunk: XbcryptChunk { version, plain_bytes, data_bytes, iv }, stored })
}

#[cfg(test)]
mod tests;
