//! xbstream: what is read does not depend on how the bytes came, and reads the same when it is written
//! again.

use std::collections::BTreeMap;

use crate::bytes::u32_at;
use crate::member_encoding::{Encoding, plain_name};
use crate::xbstream::{
    Chunk, Dialect, Event, FileEvent, Files, Member, MemberPath, Parser, Problem, Summary, What,
    XbstreamError, encode_header,
};

const DIALECTS: [Dialect; 2] = [Dialect::MariaDb, Dialect::Percona];

/// Copies that get one more right checksum each, so that more than the first chunk is reached.
const MENDED_MAX: usize = 16;

type Chunks = (Vec<(u64, Chunk, Vec<u8>)>, Result<(), XbstreamError>);

fn chunks(bytes: &[u8], dialect: Dialect, piece: usize) -> Chunks {
    let mut parser = Parser::new(dialect);
    let mut chunks: Vec<(u64, Chunk, Vec<u8>)> = Vec::new();
    for mut piece in bytes.chunks(piece) {
        loop {
            match parser.next(&mut piece) {
                Ok(None) => break,
                Ok(Some(Event::Chunk(chunk))) => {
                    chunks.push((parser.chunk_at(), chunk, Vec::new()));
                }
                Ok(Some(Event::Payload(bytes))) => {
                    chunks.iter_mut().last().into_iter().for_each(|last| last.2.extend(bytes));
                }
                Ok(Some(Event::Checked)) => {}
                Err(error) => return (chunks, Err(error)),
            }
        }
    }
    let end = parser.finish();
    (chunks, end)
}

/// A chunk that was read is written as bytes that read the same, at the same length but for `./`.
pub fn xbstream(data: &[u8]) {
    for dialect in DIALECTS {
        mended(data, dialect, |bytes| {
            let (found, end) = chunks(bytes, dialect, bytes.len().max(1));
            assert_eq!(chunks(bytes, dialect, 3), (found.clone(), end.clone()));
            let whole = found.len().saturating_sub(usize::from(end.is_err()));
            let mut again = Vec::new();
            for (_, chunk, payload) in found.iter().take(whole) {
                let header = encode_header(chunk, payload, dialect);
                again.extend(header.unwrap_or_default());
                again.extend(payload);
            }
            let (same, end) = chunks(&again, dialect, 7);
            assert_eq!(end, Ok(()));
            let without_place =
                |(_, chunk, payload): &(u64, Chunk, Vec<u8>)| (chunk.clone(), payload.clone());
            assert!(same.iter().map(without_place).eq(found.iter().take(whole).map(without_place)));
        });
    }
}

/// Calls with the bytes, and with copies whose checksums are right further and further.
fn mended(data: &[u8], dialect: Dialect, look: impl Fn(&[u8])) {
    let mut bytes = data.to_vec();
    for _ in 0..MENDED_MAX {
        look(&bytes);
        let (_, Err(error)) = chunks(&bytes, dialect, bytes.len().max(1)) else { return };
        let Problem::Checksum { computed, stored } = error.problem else { return };
        if mend(&mut bytes, error.at, computed, stored).is_none() {
            return;
        }
    }
}

/// The checksum stands 16 bytes after the path, and 4 more in a sparse chunk.
fn mend(bytes: &mut [u8], at: u64, computed: u32, stored: u32) -> Option<()> {
    let at = usize::try_from(at).ok()?;
    let after = at + 14 + usize::try_from(u32_at(bytes, at + 10)?).ok()?;
    let is_sparse = bytes.get(at + 9) == Some(&b'S');
    let at = after + if is_sparse { 20 } else { 16 };
    let field = bytes.get_mut(at..)?.first_chunk_mut::<4>()?;
    if *field != stored.to_le_bytes() {
        return None;
    }
    *field = computed.to_le_bytes();
    Some(())
}

type Seen = (Vec<(MemberPath, Member)>, Result<Summary, XbstreamError>);

/// Files have the lengths and checksums of what was given out, however the bytes came.
pub fn xbstream_files(data: &[u8]) {
    for dialect in DIALECTS {
        mended(data, dialect, |bytes| {
            let seen = files(bytes, dialect, bytes.len().max(1));
            assert_eq!(files(bytes, dialect, 5), seen);
            if let Ok(summary) = &seen.1 {
                assert_eq!(summary.members, seen.0.len() as u64);
                let _ = summary.check();
            }
        });
    }
    let plain = plain_name(data);
    assert!(data.starts_with(plain));
    let _ = Encoding::of_content(data);
}

fn files(bytes: &[u8], dialect: Dialect, piece: usize) -> Seen {
    let mut files = Files::new(dialect);
    let mut ended = Vec::new();
    // Of each open file: bytes so far, and their checksum while it has no holes.
    let mut open: BTreeMap<MemberPath, Member> = BTreeMap::new();
    for mut piece in bytes.chunks(piece) {
        loop {
            let FileEvent { path, what } = match files.next(&mut piece) {
                Ok(None) => break,
                Ok(Some(event)) => event,
                Err(error) => return (ended, Err(error)),
            };
            let member = open.entry(path.clone()).or_default();
            match what {
                What::Begin { rewrite } => *member = Member { rewrite, ..Member::default() },
                What::Data { offset, bytes } => {
                    assert_eq!(offset, member.size);
                    member.crc32c = crc32c::crc32c_append(member.crc32c, bytes);
                    member.size += bytes.len() as u64;
                }
                What::Hole { offset, length } => {
                    assert!(offset == member.size && length > 0);
                    member.size += length;
                    member.holes += length;
                }
                What::End(found) => {
                    assert_eq!((found.size, found.holes), (member.size, member.holes));
                    assert!(found.holes > 0 || found == *member);
                    open.remove(&path);
                    ended.push((path, found));
                }
                What::Rename { .. } | What::Remove => {
                    assert_eq!(open.remove(&path), Some(Member::default()));
                }
            }
        }
        assert!(piece.is_empty());
    }
    (ended, files.finish())
}
