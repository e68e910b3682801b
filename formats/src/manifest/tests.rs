use super::*;
use crate::fixture;

/// The real manifest of a server 15, with file names that need every kind of escape.
fn real() -> Vec<u8> {
    fixture::read("15/backup_manifest")
}

fn read(bytes: &[u8]) -> Result<(ManifestSummary, Vec<ManifestFile>), ManifestError> {
    let mut files = Vec::new();
    let summary = parse(bytes, &mut |file| files.push(file))?;
    assert_eq!(summary.files, files.len() as u64);
    Ok((summary, files))
}

fn written(summary: &ManifestSummary, files: &[ManifestFile]) -> Vec<u8> {
    let mut out = Vec::new();
    let system = summary.system_identifier.unwrap_or(SystemIdentifier::new(0));
    let mut writer = ManifestWriter::begin(summary.version, system, &mut out);
    for file in files {
        let crc = match file.checksum {
            Some(FileChecksum::Crc32c(crc)) => Some(crc),
            None => None,
            Some(FileChecksum::Sha2(_)) => panic!("the writer has no SHA-2"),
        };
        writer.file(&mut out, &file.path, file.size, file.mtime, crc);
    }
    writer.finish(&mut out, &summary.ranges);
    out
}

/// A manifest of the given lines, with a checksum that fits.
fn sealed(lines: &str) -> Vec<u8> {
    use sha2::Digest as _;
    let digest = crate::text::to_hex(&sha2::Sha256::digest(lines));
    format!("{lines}\"Manifest-Checksum\": \"{digest}\"}}\n").into_bytes()
}

#[test]
fn real_manifests_are_read_and_rewritten_byte_for_byte() {
    let second = fixture::read("17/backup_manifest.zst");
    let second = zstd::decode_all(second.as_slice()).unwrap();
    let system = SystemIdentifier::new(7_710_262_427_432_147_521);
    for (bytes, version, identifier, stop) in [
        (real(), ManifestVersion::V1, None, Lsn(0x0200_0100)),
        (second, ManifestVersion::V2, Some(system), Lsn(0x0200_0120)),
    ] {
        let (summary, files) = read(&bytes).unwrap();
        assert_eq!((summary.version, summary.system_identifier), (version, identifier));
        let range =
            WalRange { timeline: TimelineId::new(1).unwrap(), start: Lsn(0x0200_0028), end: stop };
        assert_eq!(summary.ranges, [range]);
        for path in [
            &b"global/pg_control"[..],
            b"bad\xFF\xFE",
            b"tab\tname",
            b"odd name \"q\" \\back",
            "grüße".as_bytes(),
        ] {
            assert!(files.iter().any(|file| file.path == path), "{}", path.escape_ascii());
        }
        assert!(written(&summary, &files) == bytes, "{version:?}: not the server's bytes");
    }
}

#[test]
fn a_file_is_what_the_server_saw() {
    let (_, files) = read(&real()).unwrap();
    let version = files.iter().find(|file| file.path == b"PG_VERSION").unwrap();
    assert_eq!((version.size, version.mtime), (3, 1_795_184_058));
    assert_eq!(version.checksum, Some(FileChecksum::Crc32c(crc32c::crc32c(b"15\n"))));
    assert!(files.iter().any(|file| file.path == b"pg_tblspc/16384/PG_15_202209061/5/16385"));
}

#[test]
fn the_pieces_bytes_come_in_do_not_matter() {
    let (bytes, whole) = (real(), read(&real()).unwrap());
    for piece in [1, 7, 4096] {
        let (mut parser, mut files) = (ManifestParser::new(), Vec::new());
        for bytes in bytes.chunks(piece) {
            parser.push(bytes, &mut |file| files.push(file)).unwrap();
        }
        assert_eq!((parser.finish().unwrap(), files), whole, "{piece}");
    }
}

#[test]
fn every_changed_byte_is_refused() {
    let (_, files) = read(&real()).unwrap();
    let ranges = Vec::new();
    let summary =
        ManifestSummary { version: ManifestVersion::V1, system_identifier: None, files: 2, ranges };
    let good = written(&summary, &files[..2]);
    assert!(read(&good).is_ok());
    for at in 0..good.len() {
        for change in [0x01, 0x20, 0x80] {
            let mut bad = good.clone();
            bad[at] ^= change;
            assert!(read(&bad).is_err(), "byte {at}");
        }
        assert!(read(&good[..at]).is_err(), "cut at {at}");
    }
    let longer = [good.as_slice(), b" "].concat();
    assert!(matches!(read(&longer), Err(ManifestError::Unexpected { expected: "the end", .. })));
}

#[test]
fn version_2_names_the_cluster() {
    let system = SystemIdentifier::new(u64::MAX);
    let mut out = Vec::new();
    let mut writer = ManifestWriter::begin(ManifestVersion::V2, system, &mut out);
    writer.file(&mut out, b"PG_VERSION", 3, 1_795_184_058, None);
    let timeline = |number| TimelineId::new(number).unwrap();
    let ranges = [
        WalRange { timeline: timeline(2), start: Lsn(0x0300_0000), end: Lsn(0x0300_0100) },
        WalRange { timeline: timeline(1), start: Lsn(0x0200_0028), end: Lsn(0x0300_0000) },
    ];
    writer.finish(&mut out, &ranges);
    let lines = "{ \"PostgreSQL-Backup-Manifest-Version\": 2,\n\
        \"System-Identifier\": 18446744073709551615,\n\
        \"Files\": [\n\
        { \"Path\": \"PG_VERSION\", \"Size\": 3, \"Last-Modified\": \"2026-11-20 14:14:18 GMT\" }\n\
        ],\n\
        \"WAL-Ranges\": [\n\
        { \"Timeline\": 2, \"Start-LSN\": \"0/3000000\", \"End-LSN\": \"0/3000100\" },\n\
        { \"Timeline\": 1, \"Start-LSN\": \"0/2000028\", \"End-LSN\": \"0/3000000\" }\n\
        ],\n";
    assert_eq!(String::from_utf8(out.clone()), String::from_utf8(sealed(lines)));
    let (summary, _) = read(&out).unwrap();
    assert_eq!((summary.system_identifier, summary.ranges), (Some(system), ranges.to_vec()));
}

#[test]
fn each_major_has_its_version() {
    let versions = [12, 13, 16, 17, 19].map(ManifestVersion::for_major);
    let (v1, v2) = (Some(ManifestVersion::V1), Some(ManifestVersion::V2));
    assert_eq!(versions, [None, v1, v1, v2, v2]);
}

/// What a manifest with this one file line says, besides its fixed lines.
fn file_line(line: &str) -> Result<ManifestFile, ManifestError> {
    let head = "{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n\"Files\": [\n";
    let (_, mut files) = read(&sealed(&format!("{head}{line}\n],\n\"WAL-Ranges\": [\n],\n")))?;
    Ok(files.remove(0))
}

#[test]
fn control_characters_are_escaped_as_the_server_does() {
    let path: Vec<u8> = (1..=0x7F).filter(|byte| *byte != b'/').collect();
    let printed = entry::print_file(&path, 0, 0, None);
    assert!(printed.starts_with(
        r#"{ "Path": "\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e"#
    ));
    assert!(printed.contains(r#"\u001f !\"#));
    assert_eq!(file_line(&printed).unwrap().path, path);
}

#[test]
fn times_without_a_spelling_become_the_nearest() {
    for (mtime, printed, read) in [
        (i64::MIN, "0001-01-01 00:00:00 GMT", -62_135_596_800),
        (-1, "1969-12-31 23:59:59 GMT", -1),
        (i64::MAX, "9999-12-31 23:59:59 GMT", 253_402_300_799),
    ] {
        let line = entry::print_file(b"x", 0, mtime, None);
        assert!(line.contains(printed), "{line}");
        assert_eq!(file_line(&line).unwrap().mtime, read);
    }
}

#[test]
fn files_with_other_checksums_are_read() {
    for (algorithm, bytes) in [("SHA224", 28), ("SHA256", 32), ("SHA384", 48), ("SHA512", 64)] {
        let line = |bytes| {
            let digits = "a5".repeat(bytes);
            let plain = r#"{ "Path": "x", "Size": 1, "Last-Modified": "2026-11-20 14:14:18 GMT""#;
            format!(r#"{plain}, "Checksum-Algorithm": "{algorithm}", "Checksum": "{digits}" }}"#)
        };
        let checksum = file_line(&line(bytes)).unwrap().checksum;
        assert_eq!(checksum, Some(FileChecksum::Sha2(vec![0xA5; bytes])));
        assert!(file_line(&line(bytes + 1)).is_err(), "{algorithm}");
    }
}

#[test]
fn says_what_is_wrong_with_a_file() {
    let reason = |line: &str| match file_line(line) {
        Err(ManifestError::Entry { line: 3, reason }) => reason,
        other => panic!("{other:?}"),
    };
    let with = |path: &str| {
        format!(r#"{{ {path}, "Size": 1, "Last-Modified": "2026-11-20 14:14:18 GMT" }}"#)
    };
    for path in ["", "/etc/passwd", "a/../b", "..", "./a", "a//b", "a/", "a\\u0000"] {
        let reason = reason(&with(&format!("\"Path\": \"{path}\"")));
        assert_eq!(reason, "the path does not stay inside the data directory", "{path}");
    }
    assert_eq!(reason(&with(r#""Encoded-Path": "f""#)), "the encoded path is not hexadecimal");
    assert_eq!(
        reason(&with(r#""Path": "a", "Encoded-Path": "61""#)),
        "there is not exactly one path"
    );
    assert!(reason(&with(r#""Path": "a", "Path": "b""#)).starts_with("duplicate field `Path`"));
    assert!(reason(r#"{ "Path": "a", "Size": -1 }"#).starts_with("invalid value"));
    assert_eq!(reason(r#"{ "Path": "a" }"#), "missing field `Size` at column 15");
    assert!(reason(&with(&format!("\"{}\": 1", "x".repeat(9000)))).len() <= 200);
    let time = with(r#""Path": "a""#).replace("14:14:18", "4:14:18");
    assert_eq!(reason(&time), "the modification time is not one");
}

#[test]
fn limits_hold() {
    let line = 3;
    let long = file_line(&"x".repeat((64 << 10) + 1));
    assert_eq!(long, Err(ManifestError::LineTooLong { line }));
    let longest = file_line(&"x".repeat(64 << 10));
    assert!(matches!(longest, Err(ManifestError::Entry { .. })));
    let range = "{ \"Timeline\": 1, \"Start-LSN\": \"0/1\", \"End-LSN\": \"0/2\" }";
    let ranges = |count| {
        let head =
            "{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n\"Files\": [\n],\n\"WAL-Ranges\": [\n";
        read(&sealed(&format!("{head}{}\n],\n", vec![range; count].join(",\n"))))
    };
    assert_eq!(ranges(1000).unwrap().0.ranges.len(), 1000);
    assert!(matches!(
        ranges(1001),
        Err(ManifestError::Unexpected { expected: "a range of log", .. })
    ));
}

#[test]
fn unknown_versions_and_cut_manifests_are_refused() {
    let expected = "a manifest version this program knows";
    let later = read(&sealed("{ \"PostgreSQL-Backup-Manifest-Version\": 3,\n"));
    assert_eq!(later, Err(ManifestError::Unexpected { line: 1, expected }));
    assert_eq!(read(b""), Err(ManifestError::Truncated { lines: 0 }));
    let mut bytes = real();
    bytes.truncate(bytes.len() - 1);
    assert!(matches!(read(&bytes), Err(ManifestError::Truncated { .. })));
}

#[test]
fn fixed_lines_stand_where_servers_write_them() {
    let file = entry::print_file(b"x", 0, 0, None);
    let range = r#"{ "Timeline": 1, "Start-LSN": "0/1", "End-LSN": "0/1" }"#;
    let lines = [
        "{ \"PostgreSQL-Backup-Manifest-Version\": 1,",
        "\"Files\": [",
        &file,
        "],",
        "\"WAL-Ranges\": [",
        range,
        "],",
    ];
    let with = |at: usize, line| {
        let mut lines = lines;
        lines[at] = line;
        read(&sealed(&(lines.join("\n") + "\n")))
    };
    assert_eq!(with(5, range).unwrap().0.ranges.len(), 1);
    for at in [0, 1, 3, 4, 6] {
        let line = at as u64 + 1;
        let found = with(at, "x").unwrap_err();
        assert!(
            matches!(found, ManifestError::Unexpected { line: at, .. } if at == line),
            "{found}"
        );
    }
    let backwards = with(5, r#"{ "Timeline": 1, "Start-LSN": "0/2", "End-LSN": "0/1" }"#);
    let reason = "the range of log ends before it starts".to_owned();
    assert_eq!(backwards, Err(ManifestError::Entry { line: 6, reason }));
}
