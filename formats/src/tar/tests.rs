use super::*;

/// A small file's header, to change where a test needs it.
pub(super) fn file(path: &[u8]) -> Header {
    Header {
        path: path.to_vec(),
        kind: EntryKind::File,
        mode: 0o640,
        uid: 101,
        gid: 104,
        uname: "postgres".to_owned(),
        gname: "postgres".to_owned(),
        size: 5,
        mtime_secs: 1_700_000_000,
        mtime_nanos: 0,
        partial: None,
    }
}

pub(super) fn link(path: &[u8], kind: EntryKind) -> Header {
    Header { kind, size: 0, ..file(path) }
}

/// Decodes what encoding gave, and says how many blocks it took.
fn there_and_back(header: &Header) -> usize {
    let bytes = encode(header).unwrap();
    assert_eq!(bytes.len() % BLOCK_BYTES, 0);
    let entry = Decoded::Entry { header: header.clone(), consumed: bytes.len() };
    assert_eq!(decode(&bytes), Ok(entry));
    // Whatever is missing, the decoder asks for more, and what it asks for is enough in the end.
    let mut given = 0;
    while let Ok(Decoded::Need(needed)) = decode(&bytes[..given]) {
        assert!(needed > given && needed <= bytes.len());
        given = needed;
    }
    assert_eq!(given, bytes.len());
    bytes.len() / BLOCK_BYTES
}

fn path_of(length: usize) -> Vec<u8> {
    (0..length).map(|at| if at % 10 == 9 { b'/' } else { b'a' }).collect()
}

#[test]
fn one_block_while_everything_fits() {
    assert_eq!(there_and_back(&file(b"base/5/16384")), 1);
    assert_eq!(there_and_back(&file(b"\xFF\xFE not UTF-8 \n")), 1);
    assert_eq!(there_and_back(&link(b"d", EntryKind::Directory)), 1);
    assert_eq!(there_and_back(&link(b"d/", EntryKind::Directory)), 1);
    for target in [b"t".to_vec(), vec![b't'; 100]] {
        assert_eq!(there_and_back(&link(b"l", EntryKind::Symlink { target: target.clone() })), 1);
        assert_eq!(there_and_back(&link(b"l", EntryKind::HardLink { target })), 1);
    }
    let largest = Header {
        mode: 0o7777,
        uid: (1 << 21) - 1,
        gid: (1 << 21) - 1,
        uname: "u".repeat(31),
        gname: String::new(),
        size: (1 << 33) - 1,
        mtime_secs: (1 << 33) - 1,
        ..file(b"x")
    };
    assert_eq!(there_and_back(&largest), 1);
}

#[test]
fn long_paths_are_split_where_a_slash_allows_it() {
    assert_eq!(there_and_back(&file(&[b'n'; 100])), 1);
    assert_eq!(there_and_back(&file(&[b'n'; 101])), 3);
    let split = |prefix, name| [vec![b'p'; prefix], vec![b'n'; name]].join(&b'/');
    assert_eq!(there_and_back(&file(&split(155, 100))), 1);
    assert_eq!(there_and_back(&file(&split(156, 100))), 3);
    assert_eq!(there_and_back(&file(&split(155, 101))), 3);
    assert_eq!(there_and_back(&file(&split(0, 100))), 3);
    let directory = link(&split(100, 0), EntryKind::Directory);
    assert_eq!(there_and_back(&directory), 3, "a name cannot be empty");
    for length in 1..600 {
        let mut path = path_of(length);
        path[length - 1] = b'z';
        there_and_back(&file(&path));
    }
}

#[test]
fn what_does_not_fit_goes_to_pax_records() {
    let large = |change: fn(&mut Header)| {
        let mut header = file(b"x");
        change(&mut header);
        assert_eq!(there_and_back(&header), 3, "{header:?}");
    };
    large(|header| header.size = 1 << 33);
    large(|header| header.size = u64::MAX);
    large(|header| header.uid = 1 << 21);
    large(|header| header.gid = u64::MAX);
    large(|header| header.uname = "ü".repeat(16));
    large(|header| header.gname = "g".repeat(32));
    large(|header| header.mtime_secs = 1 << 33);
    large(|header| header.mtime_nanos = 999_999_999);
    large(|header| header.partial = Some("16384 0+8192".to_owned()));
}

#[test]
fn a_partial_file_says_so() {
    let text = "16384 0+5";
    let header = Header { partial: Some(text.to_owned()), ..file(b"x") };
    assert!(encode(&header).unwrap()[512..].starts_with(b"29 SEAWALL.partial=16384 0+5\n"));
    let many: Vec<String> = (0..1024_u64).map(|number| format!("{}+5", number << 40)).collect();
    there_and_back(&Header { partial: Some(many.join(" ")), ..file(&[b'n'; 300]) });
    let field = "mark of a partial file";
    for bad in ["", "a\nb", "\u{fc}"] {
        let header = Header { partial: Some(bad.to_owned()), ..file(b"x") };
        assert_eq!(encode(&header), Err(TarError::Field { field }), "{bad:?}");
    }
    let directory = link(b"d", EntryKind::Directory);
    let header = Header { partial: Some(text.to_owned()), ..directory };
    assert_eq!(encode(&header), Err(TarError::Field { field }));
    assert_eq!(with_records(b"20 SEAWALL.partial=\n"), Err(TarError::Field { field }));
    assert_eq!(with_records(b"21 SEAWALL.partial=\xFF\n"), Err(TarError::Field { field }));
    assert_eq!(with_records(b"19 SEAWALL.other=1\n"), Err(TarError::Records));
}

#[test]
fn times_before_1970_keep_their_fraction() {
    let text = |mtime_secs, mtime_nanos| {
        let header = Header { mtime_secs, mtime_nanos, ..file(b"x") };
        assert_eq!(there_and_back(&header), 3);
        let bytes = encode(&header).unwrap();
        let record = bytes[512..1024].split(|&byte| byte == b'\n').next().unwrap();
        String::from_utf8(record.to_vec()).unwrap().split_once('=').unwrap().1.to_owned()
    };
    assert_eq!(text(-1, 0), "-1");
    assert_eq!(text(-1, 500_000_000), "-0.500000000");
    assert_eq!(text(-2, 999_999_999), "-1.000000001");
    assert_eq!(text(0, 1), "0.000000001");
    assert_eq!(text(i64::MIN, 1), "-9223372036854775807.999999999");
    assert_eq!(text(i64::MIN, 0), "-9223372036854775808");
    assert_eq!(text(i64::MAX, 999_999_999), "9223372036854775807.999999999");
}

#[test]
fn records_say_that_they_are_binary_only_if_they_are() {
    let records = |path: &[u8]| encode(&file(path)).unwrap()[512..].to_vec();
    let ascii = records(&[b'n'; 101]);
    assert!(ascii.starts_with(b"111 path=nnn"), "the length counts its own digits");
    let block = encode(&file(&[b'n'; 101])).unwrap();
    assert!(block.starts_with(b"PaxHeaders/entry\0"));
    assert_eq!(&block[100..108], b"0000644\0");
    assert!(records(&[0xFF; 101]).starts_with(b"21 hdrcharset=BINARY\n111 path=\xFF"));
    // 9 + 89 = 98 has two digits, one more byte makes three.
    let target = |length| link(b"l", EntryKind::Symlink { target: vec![b't'; length] });
    for length in [101, 85, 984, 985, 986, 987, 9984, 9985, 9986] {
        there_and_back(&target(length));
    }
}

#[test]
fn refuses_to_write_what_no_archive_can_hold() {
    let refused = |header: Header, field| {
        assert_eq!(encode(&header), Err(TarError::Field { field }));
    };
    refused(file(b""), "path");
    refused(file(b"a\0b"), "path");
    refused(file(b"a/"), "path");
    refused(link(b"a", EntryKind::Symlink { target: Vec::new() }), "link target");
    refused(link(b"a", EntryKind::HardLink { target: vec![0] }), "link target");
    refused(Header { uname: "\0".to_owned(), ..file(b"a") }, "owner name");
    refused(Header { gname: "\0".to_owned(), ..file(b"a") }, "group name");
    refused(Header { mode: 0o10000, ..file(b"a") }, "mode");
    refused(Header { kind: EntryKind::Directory, ..file(b"a") }, "size");
    refused(Header { mtime_nanos: 1_000_000_000, ..file(b"a") }, "modification time");
    // Seven digits, a space, "path=" and the newline.
    assert!(encode(&file(&vec![b'n'; (1 << 20) - 14])).is_ok());
    let huge = encode(&file(&vec![b'n'; (1 << 20) - 13]));
    assert!(matches!(huge, Err(TarError::RecordsTooLong { .. })));
}

#[test]
fn every_flipped_bit_of_a_header_is_noticed() {
    let good = encode(&file(b"base/5/16384")).unwrap();
    let entry = decode(&good);
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let decoded = decode(&bad);
        // The byte after the checksum's digits may be NUL or space alike.
        assert!(decoded.is_err() || decoded == entry, "bit {bit}: {decoded:?}");
    }
}

/// A block with other bytes at `offset` and the checksum made right again.
fn changed(offset: usize, value: &[u8]) -> Result<Decoded, TarError> {
    let mut block = encode(&file(b"x")).unwrap();
    block[offset..offset + value.len()].copy_from_slice(value);
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    decode(&block)
}

#[test]
fn refuses_what_this_program_never_writes() {
    for kind in [b'3', b'4', b'6', b'7', b'g', b'L', b'K', b'S'] {
        assert_eq!(changed(156, &[kind]), Err(TarError::Kind { kind }));
    }
    assert_eq!(changed(257, b"ustar  \0"), Err(TarError::Magic));
    let field = |field| Err(TarError::Field { field });
    assert_eq!(changed(0, &[0]), field("path"));
    assert_eq!(changed(100, b"0010000"), field("mode"));
    assert_eq!(changed(100, b"0000648"), field("mode"));
    assert_eq!(changed(124, &[0x80]), field("size"));
    assert_eq!(changed(124, &[0; 12]), field("size"));
    assert_eq!(changed(136, b"0000 000000"), field("modification time"));
    assert_eq!(changed(265, &[0xFF]), field("owner name"));
    assert_eq!(changed(297, &[0xFF]), field("group name"));
    assert!(matches!(changed(156, &[0]), Ok(Decoded::Entry { .. })), "an old spelling of a file");
}

/// A header block that announces these records, and the records.
fn with_records(records: &[u8]) -> Result<Decoded, TarError> {
    let mut bytes = ustar::Ustar {
        name: b"p".to_vec(),
        size: records.len() as u64,
        kind: b'x',
        ..ustar::Ustar::default()
    }
    .write()
    .to_vec();
    bytes.extend(records);
    bytes.resize(bytes.len() + padding(records.len() as u64), 0);
    bytes.extend(encode(&file(b"x")).unwrap());
    decode(&bytes)
}

#[test]
fn refuses_damaged_records() {
    assert!(matches!(with_records(b"10 path=y\n"), Ok(Decoded::Entry { .. })));
    for records in [
        &b"10 path=y"[..],
        b"10 path=yz",
        b"11 path=y\n",
        b"010 path=y\n",
        b"x",
        b"10 path=y\n10 path=y\n",
        b"11 atime=1\n",
        b"10 size=x\n",
        b"11 mtime=.\n",
        b"12 mtime=1.\n",
        b"11 uid=007\n",
        b"22 mtime=1.0123456789\n",
        b"14 mtime=--12\n",
        b"31 mtime=9223372036854775808\n",
        b"10 pathzy\n",
        b"18 hdrcharset=AB\n",
        b"99999999999999999999 path=y\n",
        b" path=y\n",
    ] {
        assert_eq!(with_records(records), Err(TarError::Records), "{records:?}");
    }
    let Ok(Decoded::Entry { header, .. }) = with_records(b"14 mtime=-1.5\n") else {
        panic!("a short fraction is one");
    };
    assert_eq!((header.mtime_secs, header.mtime_nanos), (-2, 500_000_000));
}

#[test]
fn records_are_bounded_before_they_are_read() {
    let block = |size| {
        ustar::Ustar { name: b"p".to_vec(), size, kind: b'x', ..ustar::Ustar::default() }.write()
    };
    let bytes = (1 << 20) + 1;
    assert_eq!(decode(&block(bytes)), Err(TarError::RecordsTooLong { bytes }));
    assert_eq!(decode(&block(1 << 20)), Ok(Decoded::Need((1 << 20) + 1024)));
}

#[test]
fn the_end_is_two_blocks_of_zeros() {
    assert_eq!(decode(&END), Ok(Decoded::End { consumed: 1024 }));
    assert_eq!(decode(&END[..600]), Ok(Decoded::Need(1024)));
    let mut lone = END;
    lone[1000] = 1;
    assert_eq!(decode(&lone), Err(TarError::LoneZeroBlock));
    assert_eq!([0, 1, 511, 512, 513, u64::MAX].map(padding), [0, 511, 1, 0, 511, 1]);
}
