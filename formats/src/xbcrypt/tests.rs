//! Chunks of a real encrypted backup, and ones that no tool would write.

use super::*;
use crate::fixture::mysql;
use crate::member_encoding::{Encoding, split_encoding};

/// The chunks and the bytes of data of a file that comes in pieces of that size.
fn read(file: &[u8], piece: usize) -> Result<(Vec<XbcryptChunk>, Vec<u8>), XbcryptError> {
    let mut parser = XbcryptParser::new();
    let (mut chunks, mut data, mut checked) = (Vec::new(), Vec::new(), 0);
    for mut piece in file.chunks(piece) {
        while let Some(event) = parser.next(&mut piece)? {
            match event {
                XbcryptEvent::Chunk(chunk) => chunks.push(chunk),
                XbcryptEvent::Data(bytes) => data.extend_from_slice(bytes),
                XbcryptEvent::Checked => checked += 1,
            }
        }
    }
    parser.finish()?;
    assert_eq!(chunks.len(), checked);
    Ok((chunks, data))
}

#[test]
fn every_member_of_the_encrypted_backup_is_made_of_chunks() {
    let (members, _) = mysql::members("xtrabackup-2.4/inc3-enc", |_| true);
    let mut encrypted = 0;
    for (path, file) in &members {
        let encoding = split_encoding(path.as_bytes()).map(|(_, encoding)| encoding);
        assert_eq!(encoding, Encoding::of_content(file), "{path}");
        if encoding.is_none() {
            assert!(path.ends_with(".meta") || path == "xtrabackup_checkpoints");
            continue;
        }
        encrypted += 1;
        let (chunks, data) = read(file, file.len()).unwrap();
        assert!(!chunks.is_empty());
        for chunk in &chunks {
            assert_eq!((chunk.version, chunk.iv.len()), (XbcryptVersion::V3, 16));
            assert_eq!(chunk.plain_bytes, chunk.data_bytes);
        }
        let headers = chunks.len() * (FIXED_BYTES + 8 + 16);
        assert_eq!(headers + data.len(), file.len(), "{path}");
        for piece in [1, 37, 1000] {
            assert!(read(file, piece).as_ref() == Ok(&(chunks.clone(), data.clone())), "{path}");
        }
    }
    assert_eq!((encrypted, members.len()), (18, 24));
}

fn chunk(version: &[u8; 8], lengths: [u64; 2], iv: Option<&[u8]>, data: &[u8]) -> Vec<u8> {
    let mut chunk = [&version[..], &[0; 8], &lengths.map(u64::to_le_bytes).concat()].concat();
    chunk.extend(Crc32::of(data).to_le_bytes());
    if let Some(iv) = iv {
        chunk.extend((iv.len() as u64).to_le_bytes());
        chunk.extend(iv);
    }
    [chunk, data.to_vec()].concat()
}

#[test]
fn all_versions_have_their_own_header() {
    let file = [
        chunk(b"XBCRYP01", [3, 3], None, b"abc"),
        chunk(b"XBCRYP02", [0, 0], Some(b"sixteen bytes iv"), b""),
        chunk(b"XBCRYP03", [40, 40], Some(b""), &[7; 40]),
    ];
    for piece in [1, 5, 1000] {
        let (chunks, data) = read(&file.concat(), piece).unwrap();
        let versions: Vec<_> = chunks.iter().map(|chunk| chunk.version).collect();
        assert_eq!(versions, [XbcryptVersion::V1, XbcryptVersion::V2, XbcryptVersion::V3]);
        assert_eq!(chunks[1].iv, b"sixteen bytes iv");
        assert_eq!(data, [&b"abc"[..], &[7; 40]].concat());
    }
    assert_eq!(read(b"", 1), Ok((vec![], vec![])));
}

#[test]
fn damage_and_hostile_lengths_are_recognised() {
    let first = chunk(b"XBCRYP01", [3, 3], None, b"abc");
    let at = first.len() as u64;
    let second = |bytes: &[u8]| {
        let error = read(&[&first[..], bytes].concat(), 11).unwrap_err();
        assert_eq!(error.at, at);
        error.problem
    };
    for cut in 1..first.len() {
        assert_eq!(second(&first[..cut]), XbcryptProblem::Cut);
    }
    let mut damaged = first.clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert!(matches!(second(&damaged), XbcryptProblem::Checksum { .. }));
    assert_eq!(second(&chunk(b"XBCRYP04", [3, 3], None, b"abc")), XbcryptProblem::Magic);
    let length = |field, bytes| XbcryptProblem::Length { field, bytes };
    let cases = [
        (*b"XBCRYP01", [u64::MAX, 3], "plain length", u64::MAX),
        (*b"XBCRYP01", [3, DATA_BYTES_MAX + 1], "data length", DATA_BYTES_MAX + 1),
        (*b"XBCRYP03", [31, 40], "plain length", 31),
        (*b"XBCRYP03", [32, 0], "data length", 0),
    ];
    for (version, lengths, field, bytes) in cases {
        assert_eq!(second(&chunk(&version, lengths, None, b"")), length(field, bytes));
    }
    let long = chunk(b"XBCRYP03", [32, 32], Some(&[0; 65]), &[0; 32]);
    assert_eq!(second(&long), length("iv length", 65));
}
