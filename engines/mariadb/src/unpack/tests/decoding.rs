//! Files that the tool packed, unpacked on their way.

use super::*;

fn decoded(stream: &[u8], key: Option<&[u8]>) -> (TempDir, Result<Unpacked>) {
    let (dir, cancel) = (tempfile::tempdir().unwrap(), Cancel::new());
    let key = key.map(|key| Zeroizing::new(key.to_vec()));
    let dialect = Dialect::Percona;
    let how = Unpack { decode: true, key: key.as_ref(), dialect, ..how(dir.path(), &cancel) };
    let result = unpack(&mut &*stream, &how);
    (dir, result)
}

fn percona(name: &str, content: &[u8]) -> Vec<u8> {
    let mut stream = Stream { dialect: Dialect::Percona, bytes: Vec::new() };
    stream.file(name, content);
    stream.bytes
}

/// A table, whose pages the server's own checksum proves, cannot be told by the packed stream alone;
/// but the texts and the lengths can, and qpress and QuickLZ are tested where they are.
#[test]
fn a_compressed_backup_becomes_a_plain_one() {
    let (dir, result) = decoded(&recorded("xtrabackup-2.4/full-qp"), None);
    let done = result.unwrap();
    let found = files(dir.path());
    assert!(found.keys().all(|path| !path.ends_with(".qp")));
    let sum: u64 = found.values().map(|bytes| bytes.len() as u64).sum();
    assert_eq!((done.bytes, done.members), (sum, found.len() as u64));
    let info = str::from_utf8(&found["xtrabackup_info"]).unwrap();
    assert!(info.contains("tool_version = 2.4.20"), "{info}");
    let tables: Vec<_> = found.iter().filter(|(path, _)| path.ends_with(".ibd")).collect();
    assert!(tables.len() > 5);
    for (path, bytes) in tables {
        // FSP_SIZE of page 0: what the table says of its own length.
        let pages = u32::from_be_bytes(bytes[46..50].try_into().unwrap());
        assert_eq!(bytes.len() as u64 % u64::from(pages), 0, "{path}");
    }
}

#[test]
fn an_encrypted_backup_needs_its_key() {
    let bytes = recorded("xtrabackup-2.4/inc3-enc");
    let key = fs::read(fixtures().join("xtrabackup-2.4/encrypt-key.txt")).unwrap();
    let (dir, result) = decoded(&bytes, Some(&key));
    result.unwrap();
    let found = files(dir.path());
    assert!(found.keys().all(|path| !path.ends_with(".xbcrypt")));
    let info = str::from_utf8(&found["xtrabackup_info"]).unwrap();
    assert!(info.contains("encrypted = Y"), "{info}");
    for (path, bytes) in found.iter().filter(|(path, _)| path.ends_with(".delta")) {
        assert!(bytes.starts_with(b"xtra") || bytes.starts_with(b"XTRA"), "{path}");
    }

    let (_dir, result) = decoded(&bytes, None);
    let error = result.unwrap_err();
    assert_eq!(error.kind(), Kind::Tool);
    assert!(error.line().contains("no key is known"), "{error:?}");
    let (_dir, result) = decoded(&bytes, Some(b"too short"));
    assert_eq!(result.unwrap_err().kind(), Kind::Tool);
    let mut other = key;
    other[0] ^= 1;
    let (_dir, result) = decoded(&bytes, Some(&other));
    assert_eq!(result.unwrap_err().kind(), Kind::Checksum);
}

#[test]
fn frames_of_zstandard_follow_one_another() {
    let parts = [vec![1; 1000], vec![2; 300_000], vec![], b"end".to_vec()];
    let packed: Vec<u8> =
        parts.iter().flat_map(|part| zstd::encode_all(&**part, 1).unwrap()).collect();
    let plain = parts.concat();
    let (dir, result) = decoded(&percona("a/t.ibd.zst", &packed), None);
    assert_eq!(result.unwrap().bytes, plain.len() as u64);
    assert!(files(dir.path()) == named(&[("a/t.ibd", &plain)]));
    for cut in [3, 20, packed.len() - 1] {
        let (_dir, result) = decoded(&percona("a/t.ibd.zst", &packed[..cut]), None);
        let error = result.unwrap_err();
        assert_eq!(error.kind(), Kind::Checksum, "{cut}: {error:?}");
        assert!(error.line().contains("a/t.ibd"), "{error:?}");
    }
}

/// Made by a stock `lz4`: blocks that stand alone, and ones that do not, with all checksums.
fn lz4(name: &str) -> Vec<u8> {
    fs::read(fixtures().join("lz4").join(name)).unwrap()
}

#[test]
fn frames_of_lz4_follow_one_another() {
    let numbers: String = (0..60_000_u64).map(|n| format!("{} ", n * n % 997)).collect();
    let packed = [lz4("linked.lz4"), lz4("alone.lz4"), lz4("linked.lz4")].concat();
    let plain = numbers.repeat(3).into_bytes();
    let (dir, result) = decoded(&percona("a/t.ibd.lz4", &packed), None);
    assert_eq!(result.unwrap().bytes, plain.len() as u64);
    assert!(files(dir.path()) == named(&[("a/t.ibd", &plain)]));
}

#[test]
fn damage_to_lz4_is_found() {
    let linked = lz4("linked.lz4");
    for at in (0..linked.len()).step_by(91).chain([4, 5, 6, 14, linked.len() - 1]) {
        let mut damaged = linked.clone();
        damaged[at] ^= 0x40;
        for bytes in [&damaged[..], &linked[..at]] {
            let (dir, result) = decoded(&percona("t.ibd.lz4", bytes), None);
            if bytes.is_empty() {
                assert_eq!(files(dir.path()), named(&[("t.ibd", b"")]));
                continue;
            }
            let error = result.unwrap_err();
            assert_eq!(error.kind(), Kind::Checksum, "{at}: {error:?}");
        }
    }
}

#[test]
fn what_is_not_packed_as_its_name_says_is_refused() {
    for name in ["t.ibd.qp", "t.ibd.zst", "t.ibd.lz4", "t.ibd.xbcrypt"] {
        let (_dir, result) = decoded(&percona(name, &[7; 5000]), Some(&[0; 32]));
        let error = result.unwrap_err();
        assert_eq!(error.kind(), Kind::Checksum, "{name}: {error:?}");
    }
    let (_dir, result) = decoded(&percona("t.qp.qp.qp", b""), None);
    assert_eq!(result.unwrap_err().kind(), Kind::Manifest);
}

#[test]
fn names_stay_where_nothing_is_to_be_unpacked() {
    let (dir, result) = unpacked(&percona("t.ibd.zst", b"not looked at"), Dialect::Percona);
    result.unwrap();
    assert_eq!(files(dir.path()), named(&[("t.ibd.zst", b"not looked at")]));
}
