//! From chunks to a stream.

use super::header::{check_map, check_range};
use super::{
    Chunk, ChunkKind, Dialect, EXTENTS_MAX, Extent, FLAG_IGNORABLE, FLAG_REWRITE, MAGIC,
    MemberPath, Problem,
};
use crate::checksum::Crc32;

/// The header of a chunk, after which its payload is to be written as it is.
///
/// # Errors
///
/// Where the dialect has no such chunk, or the chunk is one that [`Parser`](super::Parser) refuses.
pub fn encode_header(chunk: &Chunk, payload: &[u8], dialect: Dialect) -> Result<Vec<u8>, Problem> {
    let (found, expected) = (payload.len() as u64, chunk.kind.payload_bytes());
    if found != expected {
        return Err(Problem::PayloadLength { found, expected });
    }
    let kind = type_of(&chunk.kind, dialect)?;
    if chunk.rewrite && dialect != Dialect::MariaDb {
        return Err(Problem::Dialect(dialect));
    }
    let ignorable = matches!(chunk.kind, ChunkKind::Ignorable { .. });
    let flags = if ignorable { FLAG_IGNORABLE } else { 0 };
    let flags = if chunk.rewrite { flags | FLAG_REWRITE } else { flags };
    let mut out = MAGIC.to_vec();
    out.extend([flags, kind]);
    put_path(&mut out, &chunk.path);
    match &chunk.kind {
        ChunkKind::Payload { offset, length } | ChunkKind::Ignorable { offset, length, .. } => {
            check_range(*offset, *length)?;
            out.extend(length.to_le_bytes());
            out.extend(offset.to_le_bytes());
            out.extend(Crc32::of(payload).to_le_bytes());
        }
        ChunkKind::Sparse { offset, length, extents } => {
            put_sparse(&mut out, (*offset, *length), extents, payload)?;
        }
        ChunkKind::Seek { offset } => {
            check_range(*offset, 0)?;
            out.extend(offset.to_le_bytes());
        }
        ChunkKind::Rename { to } => put_path(&mut out, to),
        ChunkKind::End | ChunkKind::Remove => {}
    }
    Ok(out)
}

fn type_of(kind: &ChunkKind, dialect: Dialect) -> Result<u8, Problem> {
    let (byte, whose) = match kind {
        ChunkKind::Payload { .. } => (b'P', None),
        ChunkKind::End => (b'E', None),
        ChunkKind::Sparse { .. } => (b'S', Some(Dialect::Percona)),
        ChunkKind::Seek { .. } => (b'S', Some(Dialect::MariaDb)),
        ChunkKind::Rename { .. } => (b'R', Some(Dialect::MariaDb)),
        ChunkKind::Remove => (b'D', Some(Dialect::MariaDb)),
        ChunkKind::Ignorable { kind, .. } => {
            let known: &[u8] = match dialect {
                Dialect::MariaDb => b"PESRD",
                Dialect::Percona => b"PES",
            };
            if known.contains(kind) {
                return Err(Problem::Kind { kind: *kind });
            }
            (*kind, None)
        }
    };
    if whose.is_some_and(|whose| whose != dialect) {
        return Err(Problem::Dialect(dialect));
    }
    Ok(byte)
}

fn put_path(out: &mut Vec<u8>, path: &MemberPath) {
    // At most 511 bytes.
    let length = u32::try_from(path.as_bytes().len()).unwrap_or(u32::MAX);
    out.extend(length.to_le_bytes());
    out.extend(path.as_bytes());
}

fn put_sparse(
    out: &mut Vec<u8>,
    (offset, length): (u64, u64),
    extents: &[Extent],
    payload: &[u8],
) -> Result<(), Problem> {
    let entries = u32::try_from(extents.len()).unwrap_or(u32::MAX);
    if entries > EXTENTS_MAX {
        return Err(Problem::MapTooLong { entries });
    }
    check_map(extents, offset, length)?;
    let map: Vec<u8> = extents
        .iter()
        .flat_map(|extent| [extent.skip.to_le_bytes(), extent.length.to_le_bytes()])
        .flatten()
        .collect();
    let mut crc = Crc32::new();
    crc.update(&map);
    crc.update(payload);
    out.extend(entries.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(offset.to_le_bytes());
    out.extend(crc.value().to_le_bytes());
    out.extend(map);
    Ok(())
}

/// Writes the chunks of one file in their order. Both tools cut at 10 MiB; any length is read.
pub struct MemberWriter {
    dialect: Dialect,
    path: MemberPath,
    rewrite: bool,
    /// Bytes written so far.
    size: u64,
    /// Bytes of a hole after these that is not written yet.
    hole: u64,
}

impl MemberWriter {
    /// The beginning of a file. With `rewrite` it replaces an earlier one of that path (MariaDB).
    pub fn new(dialect: Dialect, path: MemberPath, rewrite: bool) -> Self {
        Self { dialect, path, rewrite, size: 0, hole: 0 }
    }

    /// What stands before the next bytes of the file, which the caller writes after it.
    ///
    /// # Errors
    ///
    /// Where the file grows beyond 2^63 - 1 bytes, or the dialect has no rewriting.
    pub fn data(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Problem> {
        let mut out = Vec::new();
        let (offset, length) = (self.size, bytes.len() as u64);
        let kind = match self.dialect {
            Dialect::Percona if self.hole > 0 => self.sparse(bytes)?,
            Dialect::Percona => ChunkKind::Payload { offset, length },
            Dialect::MariaDb => {
                let offset = self.seek(&mut out)?;
                ChunkKind::Payload { offset, length }
            }
        };
        out.extend(self.header(kind, bytes)?);
        // The header is refused where the sums are too large.
        self.size += self.hole + length;
        self.hole = 0;
        Ok(out)
    }

    /// Leaves a hole of that many bytes.
    ///
    /// # Errors
    ///
    /// [`Problem::Range`] where the file grows beyond 2^63 - 1 bytes.
    pub fn hole(&mut self, length: u64) -> Result<(), Problem> {
        let hole = self.hole.checked_add(length).ok_or(Problem::Range)?;
        check_range(self.size, hole)?;
        self.hole = hole;
        Ok(())
    }

    /// The end of the file.
    ///
    /// # Errors
    ///
    /// As [`Self::data`].
    pub fn end(mut self) -> Result<Vec<u8>, Problem> {
        let mut out = Vec::new();
        if self.hole > 0 {
            let kind = match self.dialect {
                Dialect::Percona => self.sparse(&[])?,
                Dialect::MariaDb => ChunkKind::Seek { offset: self.size + self.hole },
            };
            out = self.header(kind, &[])?;
            self.size += self.hole;
        }
        // mariadb-backup sets no flag at the end; without an earlier chunk nothing else says it.
        self.rewrite &= self.size == 0;
        out.extend(self.header(ChunkKind::End, &[])?);
        Ok(out)
    }

    fn seek(&self, out: &mut Vec<u8>) -> Result<u64, Problem> {
        let offset = self.size + self.hole;
        if self.hole > 0 {
            out.extend(self.header(ChunkKind::Seek { offset }, &[])?);
        }
        Ok(offset)
    }

    /// A chunk that begins with the hole, in as many entries as 32 bits need.
    fn sparse(&self, bytes: &[u8]) -> Result<ChunkKind, Problem> {
        let most = u64::from(u32::MAX);
        let entries = self.hole / most + 1;
        let length = u32::try_from(bytes.len()).map_err(|_| Problem::Range)?;
        let count = usize::try_from(entries).ok().filter(|_| entries <= u64::from(EXTENTS_MAX));
        let too_long = u32::try_from(entries).unwrap_or(u32::MAX);
        let count = count.ok_or(Problem::MapTooLong { entries: too_long })?;
        let mut extents = vec![Extent { skip: u32::MAX, length: 0 }; count - 1];
        let skip = u32::try_from(self.hole % most).unwrap_or_default();
        extents.push(Extent { skip, length });
        Ok(ChunkKind::Sparse { offset: self.size, length: u64::from(length), extents })
    }

    fn header(&self, kind: ChunkKind, payload: &[u8]) -> Result<Vec<u8>, Problem> {
        let chunk = Chunk { path: self.path.clone(), rewrite: self.rewrite, kind };
        encode_header(&chunk, payload, self.dialect)
    }
}
