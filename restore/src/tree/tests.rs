//! Parts in any order, held-back files, links, short bodies.

use super::*;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;

fn root() -> RootName {
    RootName::new("data").unwrap()
}

fn rel(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

fn part(path: &str, kind: FileKind, offset: u64, length: u64) -> FilePart {
    let mtime: DateTime<Utc> = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let owner = Owner { uid: 0, gid: 0, user: "root".into(), group: "root".into() };
    FilePart {
        root: root(),
        path: rel(path),
        kind,
        mode: 0o640,
        owner,
        mtime,
        extent: Extent::Part { offset, of: None },
        length,
        crc32c: 0,
    }
}

fn tree(dir: &Path) -> DirectoryTree {
    let layout = Layout {
        main: root(),
        roots: BTreeMap::from([(root(), dir.join("pg"))]),
        held_back: vec![(root(), rel("global/pg_control"))],
        left_out: vec![(root(), rel("tablespace_map"))],
    };
    let path = "/srv/pg".to_owned();
    let info = RootInfo { path, mode: 0o750, owner: part("x", FileKind::File, 0, 0).owner };
    DirectoryTree::create(layout, [(&root(), &info)].into_iter()).unwrap()
}

#[test]
fn parts_in_any_order_make_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let tree = tree(dir.path());
    tree.put(&part("base/1/2", FileKind::File, 3, 3), &mut &b"def"[..]).unwrap();
    tree.put(&part("base/1/2", FileKind::File, 0, 3), &mut &b"abc"[..]).unwrap();
    tree.put(&part("base", FileKind::Directory, 0, 0), &mut io::empty()).unwrap();
    let path = dir.path().join("pg/base/1/2");
    assert_eq!(fs::read(&path).unwrap(), b"abcdef");
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!((metadata.mode() & 0o777, metadata.mtime()), (0o640, 1_700_000_000));
    assert_eq!(fs::metadata(dir.path().join("pg")).unwrap().mode() & 0o777, 0o750);
}

#[test]
fn what_lets_a_server_start_comes_last() {
    let dir = tempfile::tempdir().unwrap();
    let tree = tree(dir.path());
    let control = dir.path().join("pg/global/pg_control");
    tree.put(&part("global/pg_control", FileKind::File, 0, 1), &mut &b"c"[..]).unwrap();
    tree.put(&part("tablespace_map", FileKind::File, 0, 1), &mut &b"m"[..]).unwrap();
    tree.settle().unwrap();
    assert!(!control.exists());
    assert!(!dir.path().join("pg/tablespace_map").exists());
    Box::new(tree).finish().unwrap();
    assert_eq!(fs::read(&control).unwrap(), b"c");
}

#[test]
fn a_backup_without_its_control_file_is_not_finished() {
    let dir = tempfile::tempdir().unwrap();
    let error = Box::new(tree(dir.path())).finish().unwrap_err();
    assert_eq!(error.kind(), Kind::RestoreCheck);
}

#[test]
fn a_link_in_the_stream_leads_no_file_out_of_the_tree() {
    let dir = tempfile::tempdir().unwrap();
    let outside = dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let tree = tree(dir.path());
    let link = FileKind::Symlink(outside.as_os_str().as_bytes().to_vec());
    tree.put(&part("base", link, 0, 0), &mut io::empty()).unwrap();
    tree.put(&part("base/evil", FileKind::File, 0, 1), &mut &b"x"[..]).unwrap();
    assert!(tree.settle().is_err(), "the link's place is taken by a directory");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn a_body_that_ends_early_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let short = tree(dir.path()).put(&part("f", FileKind::File, 0, 5), &mut &b"abc"[..]);
    assert_eq!(short.unwrap_err().kind(), Kind::Io);
}
