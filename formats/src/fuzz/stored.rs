//! What the repository stores: nothing is opened that was not written so.

use sha2::{Digest, Sha256};

use crate::log_piece::{
    PieceError, TRAILER_BYTES, decode_head, decode_trailer, encode_head, encode_trailer,
};
use crate::sealed::{open, seal};
use crate::tar::{BLOCK_BYTES, Decoded, EntryKind, Header, decode, encode, padding};
use crate::text;

/// A header that was read reads the same when it is written again.
pub fn tar(data: &[u8]) {
    tar_header(data);
    tar_header(&with_sums(data));
    let file = Header {
        path: b"x".to_vec(),
        kind: EntryKind::File,
        mode: 0o644,
        uid: 0,
        gid: 0,
        uname: String::new(),
        gname: String::new(),
        size: data.len() as u64,
        mtime_secs: 0,
        mtime_nanos: 0,
        partial: None,
    };
    let block = encode(&file).unwrap_or_default();
    let mut records = block.clone();
    if let Some(kind) = records.get_mut(156) {
        *kind = b'x';
    }
    records.extend(data);
    records.resize(records.len() + padding(file.size), 0);
    records.extend(block);
    tar_header(&with_sums(&records));
}

fn tar_header(bytes: &[u8]) {
    match decode(bytes) {
        Ok(Decoded::Need(needed)) => assert!(needed > bytes.len()),
        Ok(Decoded::End { consumed }) => assert!(consumed <= bytes.len()),
        Ok(Decoded::Entry { header, consumed }) => {
            assert!(consumed <= bytes.len() && consumed.is_multiple_of(BLOCK_BYTES));
            let again = encode(&header).unwrap_or_default();
            let consumed = again.len();
            assert_eq!(decode(&again), Ok(Decoded::Entry { header, consumed }));
        }
        Err(_) => {}
    }
}

/// The same bytes with right checksums in the first block and, after pax records, in the next.
fn with_sums(data: &[u8]) -> Vec<u8> {
    let mut bytes = data.to_vec();
    set_sum(&mut bytes);
    if let Some(rest) = second_header(&mut bytes) {
        set_sum(rest);
    }
    bytes
}

/// What follows the first block and the records whose length it gives.
fn second_header(bytes: &mut [u8]) -> Option<&mut [u8]> {
    let size = str::from_utf8(bytes.get(124..135)?).ok()?;
    let size = u64::from_str_radix(size, 8).ok()?;
    let records = usize::try_from(size).ok()?.checked_add(padding(size))?;
    bytes.get_mut(records.checked_add(BLOCK_BYTES)?..)
}

fn set_sum(bytes: &mut [u8]) {
    let Some(block) = bytes.first_chunk_mut::<BLOCK_BYTES>() else { return };
    let sum =
        |block: &[u8; BLOCK_BYTES]| -> u32 { block.iter().map(|&byte| u32::from(byte)).sum() };
    for byte in block.iter_mut().skip(148).take(8) {
        *byte = b' ';
    }
    let digits = format!("{:06o}\0", sum(block));
    for (to, from) in block.iter_mut().skip(148).zip(digits.bytes()) {
        *to = from;
    }
}

/// A document that opens is the one that sealing gives.
pub fn sealed(data: &[u8]) {
    opens_as_sealed(data);
    let digits = text::to_hex(&Sha256::digest(data));
    opens_as_sealed(&[data, b",\n\"sha256\":\"", digits.as_bytes(), b"\"}\n"].concat());
    if let Some(document) = str::from_utf8(data).ok().and_then(|text| seal(text).ok()) {
        assert_eq!(open(document.as_bytes()), Ok(document.as_str()));
    }
}

fn opens_as_sealed(bytes: &[u8]) {
    let Ok(document) = open(bytes) else { return };
    assert_eq!(document.as_bytes(), bytes);
    let members = document.rsplit_once(",\n\"sha256\":\"").map(|(members, _)| members);
    let object = format!("{}}}", members.unwrap_or_default());
    assert_eq!(seal(&object).as_deref(), Ok(document));
    assert!(serde_json::from_str::<serde::de::IgnoredAny>(document).is_ok());
}

/// A head that was read reads the same when it is written again.
pub fn piece_head(data: &[u8]) {
    piece_head_of(data);
    let Some(json) = str::from_utf8(data).ok().and_then(|text| seal(text).ok()) else { return };
    let length = u32::try_from(json.len()).unwrap_or(u32::MAX);
    let magic = 0x184D_2A5A_u32.to_le_bytes();
    piece_head_of(&[&magic, &length.to_le_bytes(), json.as_bytes()].concat());
}

fn piece_head_of(bytes: &[u8]) {
    match decode_head(bytes) {
        Ok((head, consumed)) => {
            assert!(consumed <= bytes.len());
            let again = encode_head(&head).unwrap_or_default();
            let consumed = again.len();
            assert_eq!(decode_head(&again), Ok((head, consumed)));
        }
        Err(PieceError::NeedMore(needed)) => assert!(needed > bytes.len()),
        Err(_) => {}
    }
}

/// A trailer has one spelling.
pub fn piece_trailer(data: &[u8]) {
    let Some(trailer) = data.first_chunk::<TRAILER_BYTES>() else { return };
    if let Ok(sha256) = decode_trailer(trailer) {
        assert_eq!(encode_trailer(&sha256), *trailer);
    }
}
