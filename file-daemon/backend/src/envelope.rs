//! What is kept of a backup, three times: with the daemon's director, among the files, on this host.

use crate::tally::Tally;
use errors::{Context, Error, Kind, Result};
use protocol::OBJECT_PIECE_MAX;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use stream::Link;
use uuid::Uuid;

/// The version of this document; a reader refuses a higher one.
const VERSION: u32 = 1;

/// How a piece begins.
const MAGIC: &[u8; 8] = b"SEAWALL1";
const HEAD_BYTES: usize = 38;
const PAYLOAD_MAX: usize = OBJECT_PIECE_MAX - HEAD_BYTES;
/// More state than that is not kept with the director: the names of pieces of log go first.
const STATE_BYTES_MAX: usize = 256 << 10;
/// A state that says that it is larger is damaged.
const PLAIN_BYTES_MAX: usize = 64 << 20;

/// A link, and what proves that all of its files came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Envelope {
    /// `file-daemon-link`.
    seawall: String,
    /// [`VERSION`].
    version: u32,
    pub(crate) link: Link,
    pub(crate) files: Content,
}

/// The fields that every version has.
#[derive(Deserialize)]
struct Label {
    version: u32,
    link: LinkLabel,
}

#[derive(Deserialize)]
struct LinkLabel {
    version: u32,
}

/// Sums over the files of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) count: u64,
    pub(crate) bytes: u64,
    pub(crate) digest: String,
}

impl Content {
    pub(crate) fn of(tally: &Tally) -> Self {
        Self { count: tally.files, bytes: tally.bytes, digest: tally.digest() }
    }
}

impl Envelope {
    pub(crate) fn new(link: Link, files: Content) -> Self {
        Self { seawall: "file-daemon-link".to_owned(), version: VERSION, link, files }
    }

    /// The document, for people too.
    pub(crate) fn print(&self) -> Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self).or_kind(Kind::Bug, || "print a link")?;
        text.push(b'\n');
        Ok(text)
    }

    /// Reads the document.
    ///
    /// # Errors
    /// `manifest`, `format-too-new`.
    pub(crate) fn parse(text: &[u8]) -> Result<Self> {
        let broken = || "read a backup's state";
        // The versions first: what else a newer one holds may be spelled in another way.
        let label: Label = serde_json::from_slice(text).or_kind(Kind::Manifest, broken)?;
        if label.version > VERSION || label.link.version > stream::FORMAT_VERSION {
            let (version, link) = (label.version, label.link.version);
            let text = format!(
                "the state of a backup has format version {version} and its link {link}, \
                 this program knows {VERSION} and {}",
                stream::FORMAT_VERSION
            );
            return Err(Error::new(Kind::FormatTooNew, text)
                .hint("Use the version of Seawall that wrote it, or a later one."));
        }
        serde_json::from_slice(text).or_kind(Kind::Manifest, broken)
    }

    /// The document in pieces, for the director.
    pub(crate) fn pieces(&self) -> Result<Vec<Vec<u8>>> {
        let mut short = self.clone();
        short.link.findings.clear();
        let mut state = short.pack()?;
        if state.len() > STATE_BYTES_MAX {
            short.link.log.clear();
            state = short.pack()?;
        }
        let crc = crc32c::crc32c(&state);
        let chunks: Vec<_> = state.chunks(PAYLOAD_MAX).collect();
        let too_large = |_| Error::new(Kind::Bug, "the state of the backup is too large");
        let count = u16::try_from(chunks.len()).map_err(too_large)?;
        let length = u32::try_from(state.len()).map_err(too_large)?;
        let mut pieces = Vec::new();
        for (number, chunk) in (0_u16..).zip(chunks) {
            let mut piece = MAGIC.to_vec();
            piece.extend_from_slice(self.link.id.as_bytes());
            piece.extend_from_slice(&crc.to_le_bytes());
            piece.extend_from_slice(&length.to_le_bytes());
            piece.extend_from_slice(&number.to_le_bytes());
            piece.extend_from_slice(&count.to_le_bytes());
            piece.extend_from_slice(&u16::try_from(chunk.len()).unwrap_or(0).to_le_bytes());
            piece.extend_from_slice(chunk);
            piece.resize(piece.len().next_multiple_of(3), 0);
            pieces.push(piece);
        }
        Ok(pieces)
    }

    fn pack(&self) -> Result<Vec<u8>> {
        let text = serde_json::to_vec(self).or_kind(Kind::Bug, || "print a link")?;
        zstd::bulk::compress(&text, 9).or_kind(Kind::Bug, || "compress a link")
    }

    fn unpack(state: &[u8]) -> Result<Self> {
        let text = zstd::bulk::decompress(state, PLAIN_BYTES_MAX)
            .or_kind(Kind::Manifest, || "unpack a backup's state")?;
        Self::parse(&text)
    }
}

/// The link that a piece belongs to.
pub(crate) fn link_of(piece: &[u8]) -> Option<Uuid> {
    Piece::parse(piece).map(|piece| piece.key.0)
}

/// One piece, taken apart.
struct Piece<'a> {
    key: (Uuid, u32, u32, u16),
    number: u16,
    bytes: &'a [u8],
}

impl<'a> Piece<'a> {
    fn parse(piece: &'a [u8]) -> Option<Self> {
        let mut rest = piece.strip_prefix(MAGIC)?;
        let id = Uuid::from_bytes(take(&mut rest)?);
        let crc = u32::from_le_bytes(take(&mut rest)?);
        let length = u32::from_le_bytes(take(&mut rest)?);
        let number = u16::from_le_bytes(take(&mut rest)?);
        let count = u16::from_le_bytes(take(&mut rest)?);
        let bytes = rest.get(2..)?.get(..usize::from(u16::from_le_bytes(take(&mut rest)?)))?;
        Some(Self { key: (id, crc, length, count), number, bytes })
    }
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (array, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*array)
}

/// Puts together what came back: envelopes, each once, in the order of their jobs, and how many
/// pieces were of no use.
pub(crate) fn assemble<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Envelope>, usize) {
    let mut states: BTreeMap<_, BTreeMap<u16, &[u8]>> = BTreeMap::new();
    let mut useless = 0;
    for piece in pieces {
        match Piece::parse(piece) {
            Some(piece) => {
                states.entry(piece.key).or_default().insert(piece.number, piece.bytes);
            }
            None => useless += 1,
        }
    }
    let mut envelopes = Vec::new();
    for ((_, crc, length, count), pieces) in states {
        let state: Vec<u8> = pieces.values().copied().flatten().copied().collect();
        let is_whole = pieces.len() == usize::from(count)
            && u32::try_from(state.len()) == Ok(length)
            && crc32c::crc32c(&state) == crc;
        match Envelope::unpack(&state) {
            Ok(envelope) if is_whole => envelopes.push(envelope),
            Err(error) if is_whole && error.kind() == Kind::FormatTooNew => {
                tracing::warn!("{}", error.line());
                useless += pieces.len();
            }
            _ => useless += pieces.len(),
        }
    }
    envelopes.sort_by_key(|envelope| (envelope.link.job, envelope.link.finished_at));
    (envelopes, useless)
}

#[cfg(test)]
pub(crate) mod tests;
