//! From a chunk's first bytes to what it says.

use super::{DATA_BYTES_MAX, DIGEST_BYTES, XbcryptChunk, XbcryptProblem, XbcryptVersion};
use crate::bytes::{array_at, u32_at, u64_at};

/// Bytes of a header before the iv's length.
pub(super) const FIXED_BYTES: usize = 36;

/// Longest iv; that of AES has 16 bytes.
const IV_BYTES_MAX: u64 = 64;

/// What the bytes of a header turned out to be.
pub(super) enum Decoded {
    Need(usize),
    Chunk { chunk: XbcryptChunk, stored: u32 },
}

/// Reads a header from its bytes, which may not all be there yet.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, XbcryptProblem> {
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
