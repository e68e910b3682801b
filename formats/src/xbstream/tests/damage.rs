//! Streams that were cut, damaged, or made to do harm.

use super::*;
use crate::fixture::mysql;

const BOTH: [Dialect; 2] = [Dialect::MariaDb, Dialect::Percona];

/// A chunk's first bytes by hand, for what the writer refuses.
fn raw(flags: u8, kind: u8, path: &[u8], rest: &[u8]) -> Vec<u8> {
    let length = u32::try_from(path.len()).unwrap().to_le_bytes();
    [b"XBSTCK01", &[flags, kind][..], &length, path, rest].concat()
}

fn problem(bytes: &[u8], dialect: Dialect) -> Problem {
    let (_, result) = read(bytes, dialect, 5);
    result.expect_err("the stream is wrong").problem
}

#[test]
fn a_cut_anywhere_is_recognised() {
    let bytes = mysql::stream("xtrabackup-2.4/inc3-enc");
    let (mut inside, mut between, mut closed) = (0, 0, 0);
    for cut in (0..bytes.len()).step_by(61).chain(bytes.len() - 400..bytes.len()) {
        let (_, result) = read(&bytes[..cut], Dialect::Percona, 1 << 20);
        match result {
            Err(XbstreamError { at, problem: Problem::Cut { bytes } }) => {
                assert_eq!(at + bytes, cut as u64);
                inside += 1;
            }
            Err(XbstreamError { at, problem: Problem::NotClosed { .. } }) => {
                assert_eq!(at, cut as u64);
                between += 1;
            }
            Err(error) => panic!("{error}"),
            Ok(summary) => {
                summary.check().unwrap_err();
                closed += 1;
            }
        }
    }
    assert!(inside > 1000 && between > 0 && closed > 0, "{inside} {between} {closed}");
}

#[test]
fn a_changed_bit_of_any_payload_is_recognised() {
    let bytes = mysql::stream("xtrabackup-2.4/inc3-enc");
    let mut parser = Parser::new(Dialect::Percona);
    let mut input = &bytes[..];
    while let Some(event) = parser.next(&mut input).unwrap() {
        let Event::Chunk(Chunk { kind: ChunkKind::Payload { length, .. }, .. }) = event else {
            continue;
        };
        let begin = bytes.len() - input.len();
        let length = usize::try_from(length).unwrap();
        let at = parser.chunk_at();
        for changed in [begin, begin + length / 2, begin + length - 1] {
            let mut copy = bytes.clone();
            copy[changed] ^= 0x10;
            let (_, result) = read(&copy, Dialect::Percona, 1 << 20);
            let error = result.unwrap_err();
            assert_eq!(error.at, at);
            assert!(matches!(error.problem, Problem::Checksum { .. }), "{error}");
        }
    }
}

#[test]
fn hostile_paths_are_refused() {
    let long = [b'a'; 512];
    let cases: [(&[u8], PathError); 13] = [
        (b"", PathError::Empty),
        (b"./", PathError::Empty),
        (b"/etc/passwd", PathError::Absolute),
        (b".//etc/passwd", PathError::Absolute),
        (b"..", PathError::Parent),
        (b"../a", PathError::Parent),
        (b"a/../../b", PathError::Parent),
        (b"a/..", PathError::Parent),
        (b"a//b", PathError::Spelling),
        (b"a/./b", PathError::Spelling),
        (b"a/", PathError::Spelling),
        (b"a\0b", PathError::Nul),
        (&long, PathError::TooLong { bytes: 512 }),
    ];
    for (bytes, expected) in cases {
        assert_eq!(MemberPath::new(bytes), Err(expected), "{}", bytes.escape_ascii());
        for dialect in BOTH {
            assert_eq!(problem(&raw(0, b'E', bytes, b""), dialect), Problem::Path(expected));
        }
        let to = raw(0, b'R', b"a", &raw(0, 0, bytes, b"")[10..]);
        assert_eq!(problem(&to, Dialect::MariaDb), Problem::Path(expected));
    }
    for (bytes, same) in
        [("a/..b", "a/..b"), ("./a", "a"), ("a b/\u{f1}", "a b/\u{f1}"), ("...", "...")]
    {
        assert_eq!(MemberPath::new(bytes.as_bytes()).unwrap().as_bytes(), same.as_bytes());
    }
    assert_eq!(path("a\n\u{f1}").to_string(), "a\\n\\xc3\\xb1");
}

#[test]
fn hostile_lengths_are_refused_before_their_bytes_come() {
    let too_long = Problem::Path(PathError::TooLong { bytes: u64::from(u32::MAX) });
    let header = [b"XBSTCK01\0P", &u32::MAX.to_le_bytes()[..]].concat();
    let numbers =
        |numbers: [u64; 2]| [&numbers.map(u64::to_le_bytes).concat()[..], &[0; 4]].concat();
    for dialect in BOTH {
        assert_eq!(problem(&header, dialect), too_long);
        for [length, offset] in [[u64::MAX, 0], [1, u64::MAX], [1 << 62, 1 << 62]] {
            let chunk = raw(0, b'P', b"a", &numbers([length, offset]));
            assert_eq!(problem(&chunk, dialect), Problem::Range);
        }
    }
    let seek = raw(0, b'S', b"a", &u64::MAX.to_le_bytes());
    assert_eq!(problem(&seek, Dialect::MariaDb), Problem::Range);
    let entries = EXTENTS_MAX + 1;
    let sparse = raw(0, b'S', b"a", &[&entries.to_le_bytes()[..], &numbers([0, 0])].concat());
    assert_eq!(problem(&sparse, Dialect::Percona), Problem::MapTooLong { entries });
    let map = [&1_u32.to_le_bytes()[..], &numbers([7, 0]), &[0, 0, 0, 0, 8, 0, 0, 0]].concat();
    let wrong = Problem::Map { mapped: 8, length: 7 };
    assert_eq!(problem(&raw(0, b'S', b"a", &map), Dialect::Percona), wrong);
}

#[test]
fn each_dialect_refuses_what_it_does_not_know() {
    for dialect in BOTH {
        assert_eq!(problem(b"XBSTCK02\0E\x01\0\0\0a", dialect), Problem::Magic);
        assert_eq!(problem(&raw(0, b'X', b"a", b""), dialect), Problem::Kind { kind: b'X' });
        assert_eq!(problem(&raw(4, b'E', b"a", b""), dialect), Problem::Flags { flags: 4 });
        assert_eq!(read(b"", dialect, 1).1.unwrap().check(), Err(NotABackup::Empty));
    }
    for kind in [b'R', b'D'] {
        let chunk = raw(0, kind, b"a", b"");
        assert_eq!(problem(&chunk, Dialect::Percona), Problem::Kind { kind });
    }
    assert_eq!(problem(&raw(2, b'P', b"a", b""), Dialect::Percona), Problem::Flags { flags: 2 });
}

#[test]
fn what_its_writer_calls_dispensable_is_passed_over() {
    for dialect in BOTH {
        let mut stream = Vec::new();
        let kind = ChunkKind::Ignorable { kind: b'z', offset: 9, length: 3 };
        put(&mut stream, dialect, "a", kind, b"xyz");
        put(&mut stream, dialect, "b", ChunkKind::End, b"");
        let (kept, summary) = read(&stream, dialect, 2);
        assert_eq!((kept.len(), summary.unwrap().members), (2, 1));
    }
}

#[test]
fn chunks_of_a_file_must_follow_one_another() {
    let data = |stream: &mut Vec<u8>, name, offset, bytes: &[u8]| {
        let kind = ChunkKind::Payload { offset, length: bytes.len() as u64 };
        put(stream, Dialect::MariaDb, name, kind, bytes);
    };
    let order = |found, expected| Problem::Order { path: path("a"), found, expected };
    for (second, expected) in [(0, 3), (2, 3), (4, 3)] {
        let mut stream = Vec::new();
        data(&mut stream, "a", 0, b"abc");
        data(&mut stream, "b", 0, b"other");
        let at = stream.len() as u64;
        data(&mut stream, "a", second, b"def");
        let error = read(&stream, Dialect::MariaDb, 7).1.unwrap_err();
        assert_eq!(error, XbstreamError { at, problem: order(second, expected) });
        assert!(error.to_string().starts_with(&format!("the xbstream chunk at byte {at}: ")));
    }
    let mut stream = Vec::new();
    data(&mut stream, "a", 3, b"abc");
    assert_eq!(problem(&stream, Dialect::MariaDb), order(3, 0));
    let mut stream = Vec::new();
    data(&mut stream, "a", 0, b"abc");
    put(&mut stream, Dialect::MariaDb, "a", ChunkKind::Seek { offset: 2 }, b"");
    assert_eq!(problem(&stream, Dialect::MariaDb), order(2, 3));
    for kind in [ChunkKind::Remove, ChunkKind::Rename { to: path("b") }] {
        let mut stream = Vec::new();
        data(&mut stream, "a", 0, b"abc");
        put(&mut stream, Dialect::MariaDb, "a", kind, b"");
        assert_eq!(problem(&stream, Dialect::MariaDb), Problem::StillOpen { path: path("a") });
    }
    let mut stream = Vec::new();
    data(&mut stream, "a", 0, b"abc");
    put(&mut stream, Dialect::MariaDb, "b", ChunkKind::Rename { to: path("a") }, b"");
    assert_eq!(problem(&stream, Dialect::MariaDb), Problem::StillOpen { path: path("a") });
}

#[test]
fn files_that_are_never_closed_do_not_fill_the_memory() {
    let mut stream = Vec::new();
    for file in 0..=OPEN_MAX {
        let kind = ChunkKind::Payload { offset: 0, length: 0 };
        put(&mut stream, Dialect::Percona, &file.to_string(), kind, b"");
    }
    let (_, result) = read(&stream, Dialect::Percona, 1 << 20);
    assert_eq!(result.unwrap_err().problem, Problem::TooManyOpen);
}
