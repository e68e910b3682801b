//! The stored form of a piece of log: a head in clear, the content, a trailer.
//!
//! ```text
//! head      skippable zstd frame 0x184D2A5A: u32 magic, u32 length, sealed JSON
//! content   zstd frames
//! trailer   skippable zstd frame 0x184D2A5B: u32 magic, u32 length 40, "SEAWALL1", SHA-256 of all
//!           stored bytes before this frame
//! ```
//!
//! Numbers are little-endian. `zstd -d` skips both frames, so a piece is recovered without this
//! program. The head says what the plain bytes are, so that a second copy of the same piece is
//! recognised without unpacking the first; the trailer lets stored bytes be verified as they lie.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::bytes::{array_at, u32_at};
use crate::sealed::{self, SealedError};
use crate::text;

/// Magic of the head's frame, one of the sixteen that zstd skips.
const HEAD_MAGIC: u32 = 0x184D_2A5A;

/// Magic of the trailer's frame, another one.
const TRAILER_MAGIC: u32 = 0x184D_2A5B;

/// Bytes of a skippable frame before what it holds: magic and length.
const FRAME_HEADER_BYTES: usize = 8;

/// Largest head, in bytes of JSON.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Stands before the digest, so that a trailer is recognised from the end of a file.
const TRAILER_MARK: &[u8; 8] = b"SEAWALL1";

/// Bytes of a trailer, which is the end of every piece.
pub const TRAILER_BYTES: usize = 48;

/// Bytes that the trailer's frame holds: mark and digest.
const TRAILER_CONTENT_BYTES: u32 = 40;

/// What a head is, in its JSON.
const KIND: &str = "log-piece";

/// The only version of the head so far.
const VERSION: u32 = 1;

/// What is known of a piece's plain bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PieceHead {
    /// The piece's name, such as that of a WAL segment.
    pub key: String,
    /// Plain length in bytes.
    pub length: u64,
    /// SHA-256 of the plain bytes.
    pub sha256: [u8; 32],
    /// When the plain file was last modified; kept to the microsecond.
    pub written_at: DateTime<Utc>,
    /// Further facts by name. Readers ignore those they do not know.
    pub facts: BTreeMap<String, String>,
}

/// Why bytes are no piece, or no piece can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PieceError {
    /// The bytes end inside the head; it is complete in this many, counted from the beginning.
    #[error("the head of a log piece needs {0} bytes")]
    NeedMore(usize),
    /// The bytes begin with no head.
    #[error("the bytes do not begin as a log piece")]
    NotAPiece,
    /// The head is longer than any that is written.
    #[error("the head of a log piece has {bytes} bytes, more than {HEAD_BYTES_MAX}")]
    HeadTooLong {
        /// Its length in bytes.
        bytes: u64,
    },
    /// The head was damaged, or was not made by this program.
    #[error("the head of a log piece is damaged: {0}")]
    Seal(SealedError),
    /// The head is intact and yet not what a head must be.
    #[error("the head of a log piece is not valid: {reason}")]
    Head {
        /// What is wrong.
        reason: String,
    },
    /// The piece was written by a later program.
    #[error("the log piece has format {version}, newer than {VERSION}")]
    NewerFormat {
        /// The version found.
        version: u32,
    },
    /// The bytes are no trailer: the piece was cut or damaged.
    #[error("the log piece does not end with its trailer")]
    Trailer,
    /// Years before 0 or after 9999 cannot be written.
    #[error("a log piece cannot carry the time {0}")]
    Time(DateTime<Utc>),
}

/// The members that every version has.
#[derive(Deserialize)]
struct Format {
    seawall: String,
    version: u32,
}

/// The head as it stands in JSON. The digest has a name of its own, because `sha256` is the seal's.
#[derive(Serialize, Deserialize)]
struct Document {
    seawall: String,
    version: u32,
    key: String,
    length: u64,
    plain_sha256: String,
    written_at: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    facts: BTreeMap<String, String>,
}

/// The head's frame.
///
/// # Errors
///
/// Where the facts are too many, or the time has no spelling.
pub fn encode_head(head: &PieceHead) -> Result<Vec<u8>, PieceError> {
    if !(0..=9999).contains(&head.written_at.year()) {
        return Err(PieceError::Time(head.written_at));
    }
    let document = Document {
        seawall: KIND.to_owned(),
        version: VERSION,
        key: head.key.clone(),
        length: head.length,
        plain_sha256: text::to_hex(&head.sha256),
        written_at: print_time(head.written_at),
        facts: head.facts.clone(),
    };
    let json = serde_json::to_string(&document).map_err(|error| invalid(&error))?;
    let json = sealed::seal(&json).map_err(PieceError::Seal)?;
    let length = u32::try_from(json.len()).ok().filter(|_| json.len() <= HEAD_BYTES_MAX);
    let length = length.ok_or(PieceError::HeadTooLong { bytes: json.len() as u64 })?;
    Ok([&HEAD_MAGIC.to_le_bytes(), &length.to_le_bytes(), json.as_bytes()].concat())
}

/// Reads the head from a piece's first bytes, and says where the content begins.
///
/// # Errors
///
/// [`PieceError::NeedMore`] is no damage: read as many bytes and decode again, twice at most.
pub fn decode_head(bytes: &[u8]) -> Result<(PieceHead, usize), PieceError> {
    let need_header = PieceError::NeedMore(FRAME_HEADER_BYTES);
    let magic = u32_at(bytes, 0).ok_or(need_header.clone())?;
    if magic != HEAD_MAGIC {
        return Err(PieceError::NotAPiece);
    }
    let length = u32_at(bytes, 4).ok_or(need_header)?;
    let too_long = PieceError::HeadTooLong { bytes: u64::from(length) };
    let length = usize::try_from(length).ok().filter(|&length| length <= HEAD_BYTES_MAX);
    let consumed = FRAME_HEADER_BYTES + length.ok_or(too_long)?;
    let json = bytes.get(FRAME_HEADER_BYTES..consumed).ok_or(PieceError::NeedMore(consumed))?;
    let json = sealed::open(json).map_err(PieceError::Seal)?;
    Ok((head(json)?, consumed))
}

fn head(json: &str) -> Result<PieceHead, PieceError> {
    // The version first: a later head may lack members of this one.
    let format: Format = serde_json::from_str(json).map_err(|error| invalid(&error))?;
    if format.seawall != KIND || format.version == 0 {
        return Err(invalid(&"it belongs to something else"));
    }
    if format.version > VERSION {
        return Err(PieceError::NewerFormat { version: format.version });
    }
    let document: Document = serde_json::from_str(json).map_err(|error| invalid(&error))?;
    Ok(PieceHead {
        key: document.key,
        length: document.length,
        sha256: text::lower_hex_digest(&document.plain_sha256)
            .ok_or_else(|| invalid(&"plain_sha256 is no digest"))?,
        written_at: parse_time(&document.written_at)
            .ok_or_else(|| invalid(&"written_at is no time in UTC to the microsecond"))?,
        facts: document.facts,
    })
}

fn print_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// RFC 3339 has many spellings of one time; only ours is read.
fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    (print_time(time) == text).then_some(time)
}

fn invalid(reason: &impl ToString) -> PieceError {
    PieceError::Head { reason: reason.to_string() }
}

/// The trailer for a piece whose stored bytes so far, head included, have this SHA-256.
pub fn encode_trailer(sha256: &[u8; 32]) -> [u8; TRAILER_BYTES] {
    let magic = TRAILER_MAGIC.to_le_bytes();
    let length = TRAILER_CONTENT_BYTES.to_le_bytes();
    let parts = magic.iter().chain(&length).chain(TRAILER_MARK).chain(sha256);
    let mut trailer = [0; TRAILER_BYTES];
    for (to, from) in trailer.iter_mut().zip(parts) {
        *to = *from;
    }
    trailer
}

/// The SHA-256 that a piece's last 48 bytes promise for all bytes before them.
///
/// # Errors
///
/// [`PieceError::Trailer`] where they are no trailer.
pub fn decode_trailer(trailer: &[u8; TRAILER_BYTES]) -> Result<[u8; 32], PieceError> {
    let sha256 = array_at(trailer, FRAME_HEADER_BYTES + TRAILER_MARK.len());
    let sha256 = sha256.ok_or(PieceError::Trailer)?;
    // Everything but the digest has one spelling.
    if encode_trailer(&sha256) == *trailer { Ok(sha256) } else { Err(PieceError::Trailer) }
}

#[cfg(test)]
mod tests;
