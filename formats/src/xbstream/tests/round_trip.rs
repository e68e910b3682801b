//! What is written reads as it was meant, and recorded streams are written as they were.

use super::*;
use crate::fixture::mysql::{self, STREAMS};
use crate::wal::testing::Random;

/// Every chunk of the recorded streams, encoded anew, is the chunk byte for byte.
#[test]
fn recorded_streams_are_written_byte_for_byte() {
    for (name, dialect) in STREAMS {
        // The largest one has no kind of chunk that the others lack.
        if name == "xtrabackup-2.4/full" {
            continue;
        }
        let bytes = mysql::stream(name);
        let mut parser = Parser::new(dialect);
        let mut input = &bytes[..];
        let mut written = Vec::new();
        let mut at = 0;
        while let Some(event) = parser.next(&mut input).unwrap() {
            let Event::Chunk(chunk) = event else { continue };
            assert_eq!(parser.chunk_at(), at);
            let length = usize::try_from(chunk.kind.payload_bytes()).unwrap();
            let payload = &input[..length];
            written.extend(encode_header(&chunk, payload, dialect).unwrap());
            written.extend(payload);
            at = written.len() as u64;
        }
        assert_eq!(parser.finish(), Ok(()));
        assert!(written == bytes, "{name}");
    }
}

/// The example in the documentation of XtraBackup 8: five extents, 50991 bytes.
#[test]
fn sparse_chunks_are_those_of_the_documentation() {
    let map = [(0, 16474), (16294, 152), (16232, 1450), (14934, 147), (16237, 32768)];
    let extents = map.map(|(skip, length)| Extent { skip, length }).to_vec();
    let payload: Vec<u8> = (0..50_991_u32).map(|at| at.to_le_bytes()[0] | 1).collect();
    let length = payload.len() as u64;
    let kind = ChunkKind::Sparse { offset: 0, length, extents };
    let mut stream = Vec::new();
    put(&mut stream, Dialect::Percona, "test/t1.ibd", kind, &payload);
    let header =
        [&b"XBSTCK01\0S\x0B\0\0\0test/t1.ibd\x05\0\0\0\x2F\xC7\0\0\0\0\0\0"[..], &[0; 8]].concat();
    assert!(stream.starts_with(&header), "{}", stream[..60].escape_ascii());
    put(&mut stream, Dialect::Percona, "test/t1.ibd", ChunkKind::End, &[]);
    let mut content = Vec::new();
    let mut rest = &payload[..];
    for (skip, length) in map {
        content.resize(content.len() + skip as usize, 0);
        let (bytes, after) = rest.split_at(length as usize);
        content.extend(bytes);
        rest = after;
    }
    for chunk in [1, 13, 16_474, 1 << 20] {
        let (kept, summary) = read(&stream, Dialect::Percona, chunk);
        assert_eq!(summary.unwrap().bytes, content.len() as u64);
        let Some(Kept::Other(FileEvent { what: What::End(member), .. })) = kept.last() else {
            panic!("{kept:?}")
        };
        assert_eq!(member.crc32c, crc32c::crc32c(&content));
        assert_eq!(member.holes, content.len() as u64 - length);
        assert_eq!(contents(&kept), [(path("test/t1.ibd"), content.clone())]);
    }
}

/// The content of each file in the order of their beginnings, holes as zeros.
fn contents(kept: &[Kept]) -> Vec<(MemberPath, Vec<u8>)> {
    let mut found: Vec<(MemberPath, Vec<u8>)> = Vec::new();
    for kept in kept {
        let (path, offset, bytes) = match kept {
            Kept::Data(path, offset, bytes) => (path, *offset, bytes.clone()),
            Kept::Other(FileEvent { path, what: What::Hole { offset, length } }) => {
                (path, *offset, vec![0; usize::try_from(*length).unwrap()])
            }
            Kept::Other(FileEvent { path, what: What::Begin { .. } }) => {
                found.push((path.clone(), Vec::new()));
                continue;
            }
            Kept::Other(_) => continue,
        };
        let content = found.iter_mut().rev().find(|(at, _)| at == path).map(|(_, content)| content);
        let content = content.unwrap();
        assert_eq!(content.len() as u64, offset);
        content.extend(bytes);
    }
    found
}

/// Files of random content and holes, several at once, in both dialects.
#[test]
fn files_come_back_as_they_were_written() {
    let mut random = Random(0x5EA_4A11);
    for round in 0..200 {
        let dialect = if round % 2 == 0 { Dialect::MariaDb } else { Dialect::Percona };
        let mut open = Vec::new();
        for file in 0..1 + random.below(4) {
            let rewrite = dialect == Dialect::MariaDb && random.below(2) == 0;
            let name = path(&format!("db{file}/t.ibd"));
            open.push((
                MemberWriter::new(dialect, name.clone(), rewrite),
                name,
                Vec::new(),
                rewrite,
            ));
        }
        let (mut stream, mut written) = (Vec::new(), Vec::new());
        while !open.is_empty() {
            let at = usize::try_from(random.below(open.len() as u64)).unwrap();
            let (writer, _, content, _) = &mut open[at];
            match random.below(4) {
                0 | 1 => {
                    let length = random.below(300);
                    let bytes: Vec<u8> =
                        (0..length).map(|_| random.below(256).to_le_bytes()[0]).collect();
                    stream.extend(writer.data(&bytes).unwrap());
                    stream.extend(&bytes);
                    content.extend(bytes);
                }
                2 => {
                    let length = random.below(5000);
                    writer.hole(length).unwrap();
                    content.resize(content.len() + usize::try_from(length).unwrap(), 0);
                }
                _ => {
                    let (writer, name, content, rewrite) = open.swap_remove(at);
                    stream.extend(writer.end().unwrap());
                    written.push((name, content, rewrite));
                }
            }
        }
        let chunk = usize::try_from(1 + random.below(700)).unwrap();
        let (kept, summary) = read(&stream, dialect, chunk);
        assert_eq!(summary.unwrap().members, written.len() as u64);
        let found = contents(&kept);
        for (name, content, rewrite) in written {
            assert!(found.contains(&(name.clone(), content.clone())), "{round}: {name}");
            let end = kept.iter().find_map(|kept| match kept {
                Kept::Other(FileEvent { path, what: What::End(member) }) if *path == name => {
                    Some(*member)
                }
                _ => None,
            });
            let end = end.unwrap();
            let expected = (content.len() as u64, crc32c::crc32c(&content), rewrite);
            assert_eq!((end.size, end.crc32c, end.rewrite), expected);
        }
    }
}

#[test]
fn a_hole_of_any_size_costs_little() {
    for dialect in [Dialect::MariaDb, Dialect::Percona] {
        let mut writer = MemberWriter::new(dialect, path("t.ibd"), false);
        writer.hole(1 << 42).unwrap();
        let mut stream = writer.data(b"end").unwrap();
        stream.extend(b"end");
        stream.extend(writer.end().unwrap());
        let (kept, summary) = read(&stream, dialect, 1000);
        assert_eq!(summary.unwrap().bytes, (1 << 42) + 3);
        assert!(kept.len() < 2000);
        let mut writer = MemberWriter::new(dialect, path("t.ibd"), false);
        writer.hole(1 << 62).unwrap();
        assert_eq!(writer.hole(1 << 62), Err(Problem::Range));
    }
}

#[test]
fn nothing_is_written_that_is_not_read() {
    let chunk = |rewrite, kind| Chunk { path: path("a"), rewrite, kind };
    let payload = |length| ChunkKind::Payload { offset: 0, length };
    let cases = [
        (chunk(false, ChunkKind::Seek { offset: 1 }), Dialect::Percona),
        (chunk(false, ChunkKind::Remove), Dialect::Percona),
        (chunk(false, ChunkKind::Rename { to: path("b") }), Dialect::Percona),
        (chunk(true, payload(0)), Dialect::Percona),
        (
            chunk(false, ChunkKind::Sparse { offset: 0, length: 0, extents: vec![] }),
            Dialect::MariaDb,
        ),
    ];
    for (chunk, dialect) in cases {
        let refused = encode_header(&chunk, &[], dialect);
        assert_eq!(refused, Err(Problem::Dialect(dialect)), "{chunk:?}");
    }
    let refused = encode_header(&chunk(false, payload(3)), b"ab", Dialect::MariaDb);
    assert_eq!(refused, Err(Problem::PayloadLength { found: 2, expected: 3 }));
    let kind = ChunkKind::Ignorable { kind: b'R', offset: 0, length: 0 };
    let refused = encode_header(&chunk(false, kind.clone()), &[], Dialect::MariaDb);
    assert_eq!(refused, Err(Problem::Kind { kind: b'R' }));
    assert!(encode_header(&chunk(false, kind), &[], Dialect::Percona).is_ok());
}
