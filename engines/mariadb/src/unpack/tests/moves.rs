//! Rewrites, renames and removals; holes. What is expected is what mbstream 10.11 did with the same
//! chunks, but where the head of `unpack.rs` says otherwise.

use super::*;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

fn tree(make: impl FnOnce(&mut Stream)) -> (BTreeMap<String, Vec<u8>>, Unpacked) {
    let (dir, result) = unpacked(&mariadb(make), Dialect::MariaDb);
    let done = result.unwrap();
    (files(dir.path()), done)
}

#[test]
fn a_rewrite_replaces_the_file() {
    let (found, done) = tree(|stream| {
        stream.file("a/t.frm", b"longer than the next");
        stream.rewrite("a/t.frm", b"new");
        stream.rewrite("a/not-sent-before.frm", b"also");
    });
    assert_eq!(found, named(&[("a/not-sent-before.frm", b"also"), ("a/t.frm", b"new")]));
    assert_eq!((done.members, done.bytes), (3, 27));
}

#[test]
fn a_rename_moves_and_replaces() {
    let (found, done) = tree(|stream| {
        stream.file("a/1.MAD", b"1");
        stream.file("a/2.MAD", b"2");
        stream.rename("a/1.MAD", "a/2.MAD");
        stream.rename("a/not-copied.MAD", "a/2.MAD");
        stream.rename("never/made.MAD", "a/2.MAD");
        stream.file("a/1.MAD", b"another");
        stream.rename("a/1.MAD", "new/1.MAD");
    });
    assert_eq!(found, named(&[("a/2.MAD", b"1"), ("new/1.MAD", b"another")]));
    assert_eq!(done.idle_renames, 2);
}

#[test]
fn a_removal_takes_files_databases_and_partitions() {
    let (found, _) = tree(|stream| {
        for path in ["a/t.MAD", "a/p#P#1.MAD", "a/p#P#2.MAI", "a/p#P#i.ibd", "a/p.par", "b/1"] {
            stream.file(path, b"x");
        }
        for path in ["a/t.MAD", "a/gone.MAD", "gone/t.MAD", "a/p#P#*", "a/*", "b", "gone"] {
            stream.remove(path);
        }
        stream.file("a/t.MAD", b"again");
        stream.file("b/2", b"again");
    });
    let left: [(&str, &[u8]); 4] =
        [("a/p#P#i.ibd", b"x"), ("a/p.par", b"x"), ("a/t.MAD", b"again"), ("b/2", b"again")];
    assert_eq!(found, named(&left));
}

/// Of each name the last in the stream counts, whoever writes it.
#[test]
fn order_holds_across_threads() {
    let payload = vec![7; 300_000];
    let stream = mariadb(|stream| {
        for round in 0..40_u8 {
            for table in 0..5 {
                let path = format!("d/{table}.MAD");
                stream.rewrite(&path, &[&payload[..], &[round]].concat());
            }
            stream.rename("d/0.MAD", "d/9.MAD");
            stream.remove("d/1.MAD");
        }
    });
    let (dir, result) = unpacked(&stream, Dialect::MariaDb);
    result.unwrap();
    let found = files(dir.path());
    assert_eq!(found.keys().collect::<Vec<_>>(), ["d/2.MAD", "d/3.MAD", "d/4.MAD", "d/9.MAD"]);
    assert!(found.values().all(|bytes| bytes.len() == 300_001 && bytes.last() == Some(&39)));
}

#[test]
fn the_last_of_many_rewrites_stays() {
    let payload = vec![7; 200_000];
    let stream = mariadb(|stream| {
        for round in 0..100_u8 {
            stream.file(&format!("other/{round}"), &payload);
            stream.rewrite("t.MAD", &[&payload[..usize::from(100 - round)], &[round]].concat());
        }
    });
    let (dir, result) = unpacked(&stream, Dialect::MariaDb);
    result.unwrap();
    assert_eq!(fs::read(dir.path().join("t.MAD")).unwrap(), [7, 99]);
}

fn with_holes(dialect: Dialect, megabyte: u64) -> Vec<u8> {
    let path = MemberPath::new(b"a/sparse.ibd").unwrap();
    let mut writer = MemberWriter::new(dialect, path, false);
    let mut bytes = Vec::new();
    for part in [&b"begin"[..], b"middle"] {
        bytes.extend(writer.data(part).unwrap());
        bytes.extend(part);
        writer.hole(megabyte).unwrap();
    }
    bytes.extend(writer.end().unwrap());
    bytes
}

#[test]
fn holes_stay_holes_also_at_the_end() {
    const MEGABYTE: u64 = 1 << 20;
    for dialect in [Dialect::MariaDb, Dialect::Percona] {
        let (dir, result) = unpacked(&with_holes(dialect, MEGABYTE), dialect);
        let size = 2 * MEGABYTE + 11;
        assert_eq!(result.unwrap().bytes, size);
        let path = dir.path().join("a/sparse.ibd");
        let bytes = fs::read(&path).unwrap();
        assert_eq!(bytes.len() as u64, size);
        assert!(bytes.starts_with(b"begin\0") && bytes[(1 << 20) + 5..].starts_with(b"middle\0"));
        assert!(fs::metadata(path).unwrap().blocks() * 512 < MEGABYTE / 2);
    }
}

#[test]
fn zeros_of_compressed_pages_become_holes() {
    let mut table = vec![0; 64 * 16_384];
    for (number, page) in table.chunks_mut(16_384).enumerate() {
        page[..4000].fill(u8::try_from(number).unwrap() | 0x80);
    }
    for (name, flags, is_sparse) in [
        ("a/c.ibd", 0x1_0021_u32, true),
        ("a/c.new", 0x35, true),
        ("a/p.ibd", 0x21, false),
        ("a/c.MYD", 0x1_0021, false),
    ] {
        table[54..58].copy_from_slice(&flags.to_be_bytes());
        let (dir, result) =
            unpacked(&mariadb(|stream| stream.file(name, &table)), Dialect::MariaDb);
        assert_eq!(result.unwrap().bytes, table.len() as u64);
        let path = dir.path().join(name);
        assert!(fs::read(&path).unwrap() == table);
        let bytes = fs::metadata(path).unwrap().blocks() * 512;
        assert_eq!(bytes < table.len() as u64 / 2, is_sparse, "{name}: {bytes}");
    }
}

#[test]
fn nobody_else_reads_the_tree() {
    let stream = mariadb(|stream| stream.file("a/t.frm", b"x"));
    let (dir, result) = unpacked(&stream, Dialect::MariaDb);
    result.unwrap();
    let mode = |path| fs::metadata(dir.path().join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("a"), mode("a/t.frm")), (0o700, 0o600));
}
