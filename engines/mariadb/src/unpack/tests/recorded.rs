//! Recorded streams, against what the tools' own extractors make of them.

use super::*;
use sha2::{Digest, Sha256};

const WHOLE: [(&str, Dialect); 8] = [
    ("mariadb-10.11/ddl-during-backup", Dialect::MariaDb),
    ("mariadb-10.11/full", Dialect::MariaDb),
    ("mariadb-10.11/inc", Dialect::MariaDb),
    ("xtrabackup-2.4/full", Dialect::Percona),
    ("xtrabackup-2.4/full-qp", Dialect::Percona),
    ("xtrabackup-2.4/inc1", Dialect::Percona),
    ("xtrabackup-2.4/inc2", Dialect::Percona),
    ("xtrabackup-2.4/inc3-enc", Dialect::Percona),
];

/// A tree as `<name>.extracted.tsv` has it: path, bytes, SHA-256.
fn rows(files: &BTreeMap<String, Vec<u8>>) -> String {
    let row = |(path, bytes): (&String, &Vec<u8>)| {
        let digest = Sha256::digest(bytes);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{path}\t{}\t{digest}\n", bytes.len())
    };
    files.iter().map(row).collect()
}

#[test]
fn trees_are_those_of_the_stock_extractor() {
    for (name, dialect) in WHOLE {
        let bytes = recorded(name);
        let expected = fixtures().join(format!("{name}.extracted.tsv"));
        let expected = fs::read_to_string(expected).unwrap();
        for workers in [1, 4] {
            let (dir, cancel) = (tempfile::tempdir().unwrap(), Cancel::new());
            let how = Unpack { dialect, workers, is_whole: true, ..how(dir.path(), &cancel) };
            let done = unpack(&mut &*bytes, &how).unwrap();
            let files = files(dir.path());
            assert!(rows(&files) == expected, "{name}: {}", rows(&files));
            assert_eq!(done.summary.stream_bytes, bytes.len() as u64);
            assert_eq!((done.members, done.bytes), (done.summary.members, done.summary.bytes));
        }
    }
}

#[test]
fn the_stream_of_a_failed_backup_is_refused() {
    let bytes = recorded("xtrabackup-2.4/failed-inc-truncated");
    let (dir, cancel) = (tempfile::tempdir().unwrap(), Cancel::new());
    let how = Unpack { dialect: Dialect::Percona, is_whole: true, ..how(dir.path(), &cancel) };
    let error = unpack(&mut &*bytes, &how).unwrap_err();
    assert_eq!(error.kind(), Kind::Manifest);
    assert!(error.line().contains("app/pc.ibd.delta is empty"), "{error:?}");
}

#[test]
fn streams_that_come_byte_by_byte_are_the_same() {
    struct Drops<'a>(&'a [u8]);
    impl Read for Drops<'_> {
        fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
            let length = room.len().min(1);
            self.0.read(&mut room[..length])
        }
    }
    let bytes = recorded("mariadb-10.11/inc");
    let (whole, done) = unpacked(&bytes, Dialect::MariaDb);
    let (dir, cancel) = (tempfile::tempdir().unwrap(), Cancel::new());
    let drops = unpack(&mut Drops(&bytes), &how(dir.path(), &cancel)).unwrap();
    assert_eq!(drops, done.unwrap());
    assert!(files(dir.path()) == files(whole.path()));
}

/// Where each chunk of a stream begins, and where it ends.
fn chunk_ends(bytes: &[u8]) -> Vec<usize> {
    let found = bytes.windows(8).enumerate().filter(|(_, at)| *at == b"XBSTCK01");
    found.map(|(at, _)| at).skip(1).collect()
}

#[test]
fn a_stream_that_was_cut_anywhere_is_refused() {
    let bytes = recorded("mariadb-10.11/ddl-during-backup");
    let ends = chunk_ends(&bytes);
    assert!(ends.len() > 100, "{}", ends.len());
    // The last boundaries hold the files without which it is no backup; of the rest a sample.
    let (early, late) = ends.split_at(ends.len() - 12);
    let inside = (1..12).map(|part| bytes.len() / 12 * part + 5);
    for cut in early.iter().step_by(37).chain(late).copied().chain(inside) {
        let (dir, cancel) = (tempfile::tempdir().unwrap(), Cancel::new());
        let how = Unpack { is_whole: true, ..how(dir.path(), &cancel) };
        let error = unpack(&mut &bytes[..cut], &how).unwrap_err();
        let is_damage = matches!(error.kind(), Kind::Checksum | Kind::Manifest);
        assert!(is_damage, "cut at {cut}: {error:?}");
    }
}

#[test]
fn a_flipped_bit_is_refused_where_it_is() {
    let mut bytes = recorded("mariadb-10.11/inc");
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    let (_dir, result) = unpacked(&bytes, Dialect::MariaDb);
    let error = result.unwrap_err();
    assert_eq!(error.kind(), Kind::Checksum);
    assert!(error.line().contains("the xbstream chunk at byte"), "{error:?}");
}
