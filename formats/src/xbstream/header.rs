//! From a chunk's first bytes to what it says.

use super::path::{MemberPath, PATH_BYTES_MAX, PathError};
use super::{
    Chunk, ChunkKind, Dialect, EXTENTS_MAX, Extent, FILE_BYTES_MAX, FLAG_IGNORABLE, FLAG_REWRITE,
    MAGIC, Problem,
};
use crate::bytes::{array_at, u8_at, u32_at, u64_at};
use crate::checksum::Crc32;

/// Bytes of every header before the path.
pub(super) const FIXED_BYTES: usize = 14;

/// What the bytes of a header turned out to be.
pub(super) enum Decoded {
    /// The header has at least this many bytes.
    Need(usize),
    /// A whole header.
    Chunk { chunk: Chunk, crc: Option<Checksum> },
}

/// What the payload is checked with: the sum so far, and the one it must have at the end.
pub(super) struct Checksum {
    pub(super) crc: Crc32,
    pub(super) stored: u32,
}

/// Reads a header from its bytes, which may not all be there yet.
pub(super) fn decode(bytes: &[u8], dialect: Dialect) -> Result<Decoded, Problem> {
    let (Some(magic), Some(flags), Some(kind), Some(length)) =
        (array_at::<8>(bytes, 0), u8_at(bytes, 8), u8_at(bytes, 9), u32_at(bytes, 10))
    else {
        return Ok(Decoded::Need(FIXED_BYTES));
    };
    if magic != *MAGIC {
        return Err(Problem::Magic);
    }
    let known = match dialect {
        Dialect::MariaDb => FLAG_IGNORABLE | FLAG_REWRITE,
        Dialect::Percona => FLAG_IGNORABLE,
    };
    // What else a flag changes cannot be known, so none is passed over.
    if flags & !known != 0 {
        return Err(Problem::Flags { flags });
    }
    let after = FIXED_BYTES + path_bytes(length)?;
    let Some(path) = bytes.get(FIXED_BYTES..after) else { return Ok(Decoded::Need(after)) };
    let path = MemberPath::new(path)?;
    let rest = bytes.get(after..).unwrap_or_default();
    Ok(match body(rest, kind, flags, dialect)? {
        Body::Need(needed) => Decoded::Need(after + needed),
        Body::Kind(kind, crc) => {
            let rewrite = flags & FLAG_REWRITE != 0;
            Decoded::Chunk { chunk: Chunk { path, rewrite, kind }, crc }
        }
    })
}

fn path_bytes(length: u32) -> Result<usize, Problem> {
    let fitting = usize::try_from(length).ok().filter(|&length| length <= PATH_BYTES_MAX);
    fitting.ok_or(Problem::Path(PathError::TooLong { bytes: u64::from(length) }))
}

/// What follows the path.
enum Body {
    Need(usize),
    Kind(ChunkKind, Option<Checksum>),
}

fn body(bytes: &[u8], kind: u8, flags: u8, dialect: Dialect) -> Result<Body, Problem> {
    match (kind, dialect) {
        (b'E', _) => Ok(Body::Kind(ChunkKind::End, None)),
        (b'D', Dialect::MariaDb) => Ok(Body::Kind(ChunkKind::Remove, None)),
        (b'S', Dialect::MariaDb) => seek(bytes),
        (b'R', Dialect::MariaDb) => rename(bytes),
        (b'S', Dialect::Percona) => sparse(bytes),
        (b'P', _) => payload(bytes, |offset, length| ChunkKind::Payload { offset, length }),
        _ if flags & FLAG_IGNORABLE != 0 => {
            payload(bytes, |offset, length| ChunkKind::Ignorable { kind, offset, length })
        }
        _ => Err(Problem::Kind { kind }),
    }
}

fn payload(bytes: &[u8], kind: impl Fn(u64, u64) -> ChunkKind) -> Result<Body, Problem> {
    let (Some(length), Some(offset), Some(stored)) =
        (u64_at(bytes, 0), u64_at(bytes, 8), u32_at(bytes, 16))
    else {
        return Ok(Body::Need(20));
    };
    check_range(offset, length)?;
    Ok(Body::Kind(kind(offset, length), Some(Checksum { crc: Crc32::new(), stored })))
}

fn seek(bytes: &[u8]) -> Result<Body, Problem> {
    let Some(offset) = u64_at(bytes, 0) else { return Ok(Body::Need(8)) };
    check_range(offset, 0)?;
    Ok(Body::Kind(ChunkKind::Seek { offset }, None))
}

fn rename(bytes: &[u8]) -> Result<Body, Problem> {
    let Some(length) = u32_at(bytes, 0) else { return Ok(Body::Need(4)) };
    let end = 4 + path_bytes(length)?;
    let Some(path) = bytes.get(4..end) else { return Ok(Body::Need(end)) };
    Ok(Body::Kind(ChunkKind::Rename { to: MemberPath::new(path)? }, None))
}

fn sparse(bytes: &[u8]) -> Result<Body, Problem> {
    const MAP_AT: usize = 24;
    let (Some(entries), Some(length), Some(offset), Some(stored)) =
        (u32_at(bytes, 0), u64_at(bytes, 4), u64_at(bytes, 12), u32_at(bytes, 20))
    else {
        return Ok(Body::Need(MAP_AT));
    };
    let count = usize::try_from(entries).ok().filter(|_| entries <= EXTENTS_MAX);
    // At most eight megabytes, which are collected as they come.
    let map_end = MAP_AT + 8 * count.ok_or(Problem::MapTooLong { entries })?;
    let Some(map) = bytes.get(MAP_AT..map_end) else { return Ok(Body::Need(map_end)) };
    let mut crc = Crc32::new();
    crc.update(map);
    let extents: Vec<Extent> = map
        .as_chunks::<8>()
        .0
        .iter()
        .map(|&[a, b, c, d, e, f, g, h]| Extent {
            skip: u32::from_le_bytes([a, b, c, d]),
            length: u32::from_le_bytes([e, f, g, h]),
        })
        .collect();
    check_map(&extents, offset, length)?;
    Ok(Body::Kind(ChunkKind::Sparse { offset, length, extents }, Some(Checksum { crc, stored })))
}

/// A map must have the payload's bytes, and lead no further than a file does.
pub(super) fn check_map(extents: &[Extent], offset: u64, length: u64) -> Result<(), Problem> {
    // A million 32-bit numbers stay far below 64 bits.
    let sum = |part: fn(&Extent) -> u32| extents.iter().map(|at| u64::from(part(at))).sum::<u64>();
    let (skipped, mapped) = (sum(|at| at.skip), sum(|at| at.length));
    if mapped != length {
        return Err(Problem::Map { mapped, length });
    }
    check_range(offset, mapped + skipped)
}

pub(super) fn check_range(offset: u64, length: u64) -> Result<(), Problem> {
    let end = offset.checked_add(length).filter(|&end| end <= FILE_BYTES_MAX);
    end.map(drop).ok_or(Problem::Range)
}
