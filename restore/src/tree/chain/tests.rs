//! Chains of two and three links, case by case.

use super::super::DirectoryTree;
use super::*;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use stream::{JobId, Layout, PartialFile, Position, TreeWriter};

fn link(job: u64) -> LinkName {
    LinkName { from: Position::new(0), to: Position::new(0), job: JobId::new(job) }
}

/// A part of the file `f`, last modified in the second `mtime`.
fn part(extent: Extent, mtime: i64) -> FilePart {
    let length = match &extent {
        Extent::Ranges(partial) => partial.body_bytes(),
        _ => 0,
    };
    FilePart {
        root: RootName::new("data").unwrap(),
        path: RelPath::new("f").unwrap(),
        kind: FileKind::File,
        mode: 0o640,
        owner: Owner::default(),
        mtime: DateTime::from_timestamp(mtime, 0).unwrap(),
        extent,
        length,
        crc32c: 0,
    }
}

fn ranges(size: u64, pairs: &[(u64, u64)]) -> Extent {
    let ranges: Vec<_> = pairs.iter().copied().map(ByteRange::from).collect();
    Extent::Ranges(PartialFile::new(size, ranges).unwrap())
}

struct Target {
    dir: tempfile::TempDir,
    tree: DirectoryTree,
}

impl Target {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = RootName::new("data").unwrap();
        let layout = Layout {
            main: RootName::new("data").unwrap(),
            roots: BTreeMap::from([(root.clone(), dir.path().join("pg"))]),
            held_back: vec![(root.clone(), RelPath::new("held").unwrap())],
            left_out: vec![(root, RelPath::new("left").unwrap())],
        };
        let tree = DirectoryTree::create(layout, std::iter::empty()).unwrap();
        Self { dir, tree }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join("pg").join(path)
    }

    fn open(&self, job: u64) -> &Self {
        self.tree.open(link(job)).unwrap();
        self
    }

    /// Puts what is wanted; answers whether it was.
    fn give(&self, part: &FilePart, body: &[u8]) -> bool {
        let is_wanted = self.tree.wants(part).unwrap();
        if is_wanted {
            self.tree.put(part, &mut &*body).unwrap();
        }
        is_wanted
    }

    fn whole(&self, mtime: i64, body: &str) -> bool {
        let length = body.len() as u64;
        self.give(&FilePart { length, ..part(Extent::Whole, mtime) }, body.as_bytes())
    }

    fn partial(&self, mtime: i64, size: u64, pairs: &[(u64, u64)], body: &str) -> bool {
        self.give(&part(ranges(size, pairs), mtime), body.as_bytes())
    }

    fn cut(&self, mtime: i64, offset: u64, of: Option<u64>, body: &str) -> bool {
        let length = body.len() as u64;
        let part = FilePart { length, ..part(Extent::Part { offset, of }, mtime) };
        self.give(&part, body.as_bytes())
    }

    fn close(&self) -> Result<String> {
        self.tree.close()?;
        self.tree.settle()?;
        Ok(fs::read_to_string(self.path("f")).unwrap())
    }
}

fn message(outcome: Result<impl std::fmt::Debug>) -> String {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), Kind::RestoreCheck, "{error:?}");
    error.message().to_owned()
}

#[test]
fn older_bytes_fill_what_newer_links_left() {
    let to = Target::new();
    assert!(to.open(3).partial(9, 10, &[(2, 2), (9, 1)], "CDJ"));
    assert!(to.open(2).partial(8, 10, &[(0, 3), (6, 1)], "abcg"));
    assert!(to.open(1).whole(7, "..........ZZ"));
    assert_eq!(to.close().unwrap(), "abCD..g..J");
    assert_eq!(to.tree.written_bytes(), 10);
    let metadata = fs::metadata(to.path("f")).unwrap();
    assert_eq!((metadata.mtime(), metadata.mode() & 0o777), (9, 0o640));
}

#[test]
fn what_is_complete_is_not_wanted_of_older_links() {
    let to = Target::new();
    to.open(3).partial(9, 4, &[], "");
    assert!(to.open(2).whole(8, "abcd"));
    assert!(!to.open(1).whole(7, "xxxx"));
    // Even if somebody puts it nevertheless.
    to.tree.put(&FilePart { length: 4, ..part(Extent::Whole, 7) }, &mut &b"xxxx"[..]).unwrap();
    assert_eq!(to.close().unwrap(), "abcd");
    assert_eq!(to.tree.written_bytes(), 4);
}

#[test]
fn a_file_that_the_newest_link_does_not_have_is_not_written() {
    let to = Target::new();
    to.open(2).partial(9, 1, &[], "");
    let other = FilePart { path: RelPath::new("gone").unwrap(), ..part(Extent::Whole, 7) };
    let directory = FilePart { kind: FileKind::Directory, ..other.clone() };
    let symlink = FilePart { kind: FileKind::Symlink(b"f".to_vec()), ..other.clone() };
    to.open(1);
    for part in [&other, &directory, &symlink] {
        assert!(!to.tree.wants(part).unwrap());
        to.tree.put(part, &mut std::io::empty()).unwrap();
    }
    to.whole(7, "a");
    assert_eq!(to.close().unwrap(), "a");
    assert!(fs::symlink_metadata(to.path("gone")).is_err());
}

#[test]
fn a_file_that_was_something_else_takes_nothing_of_it() {
    let to = Target::new();
    to.open(2).whole(9, "new");
    assert!(
        !to.open(1).give(&FilePart { kind: FileKind::Directory, ..part(Extent::Whole, 7) }, b"")
    );
    assert_eq!(to.close().unwrap(), "new");

    let to = Target::new();
    to.open(2).partial(9, 3, &[(0, 1)], "a");
    to.open(1).give(&FilePart { kind: FileKind::Directory, ..part(Extent::Whole, 7) }, b"");
    let wanted =
        format!("data/f: the backup {} does not have the file: bytes 1 to 3 are missing", link(1));
    assert_eq!(message(to.close()), wanted);
}

#[test]
fn a_link_between_that_has_not_got_the_file_is_an_error() {
    let to = Target::new();
    to.open(3).partial(9, 3, &[(0, 1)], "a");
    to.open(2);
    let error = message(to.tree.open(link(1)));
    assert!(error.contains(" does not have the file: bytes 1 to 3 are missing"), "{error}");
}

#[test]
fn what_an_older_link_had_behind_an_end_does_not_come_back() {
    // It shrank to 2 bytes and grew to 6: bytes 4 and 5 are in no link that may supply them.
    for is_whole in [false, true] {
        let to = Target::new();
        to.open(3).partial(9, 6, &[(2, 2)], "cd");
        match is_whole {
            true => to.open(2).whole(8, "ab"),
            false => to.open(2).partial(8, 2, &[], ""),
        };
        let error = message(to.tree.open(link(1)));
        assert!(error.ends_with(": bytes 4 to 6 are missing"), "{error}");
    }
    let to = Target::new();
    to.open(3).partial(9, 6, &[(2, 4)], "cdef");
    to.open(2).partial(8, 2, &[], "");
    to.open(1).whole(7, "abXXXXXXXX");
    assert_eq!(to.close().unwrap(), "abcdef");
    assert_eq!(to.tree.written_bytes(), 6);
}

#[test]
fn cut_files_of_known_and_unknown_length_are_whole_ones() {
    for of in [Some(6), None] {
        let to = Target::new();
        to.open(2);
        to.cut(9, 3, of, "def");
        to.cut(9, 0, of, "abc");
        to.open(1).whole(7, "xxxxxxxxx");
        assert_eq!(to.close().unwrap(), "abcdef", "the newest is cut");

        let to = Target::new();
        to.open(2).partial(9, 5, &[(1, 1)], "B");
        to.open(1);
        to.cut(9, 3, of, "def");
        to.cut(9, 0, of, "abc");
        assert_eq!(to.close().unwrap(), "aBcde", "an older one is cut");

        let to = Target::new();
        to.open(2);
        to.cut(9, 3, of, "def");
        let error = message(to.tree.open(link(1)));
        assert!(error.ends_with(" has only some parts: bytes 0 to 3 are missing"), "{error}");
    }
}

#[test]
fn a_missing_piece_of_a_partial_file_is_noticed_though_an_older_link_has_bytes_for_it() {
    let whole = PartialFile::new(6, [(0, 2), (4, 2)].map(ByteRange::from)).unwrap();
    let pieces = whole.pieces(1, 100);
    for (given, missing) in [(0, 1), (1, 0)] {
        let to = Target::new();
        to.open(2).give(&part(Extent::Ranges(pieces[given].clone()), 9), b"ab");
        let error = message(to.tree.open(link(1)));
        assert!(
            error.ends_with(" has 2 bytes of it and not 4: parts are missing"),
            "{missing}: {error}"
        );
    }
    let to = Target::new();
    to.open(2);
    for piece in pieces.iter().rev() {
        to.give(&part(Extent::Ranges(piece.clone()), 9), b"ab");
    }
    to.open(1).whole(7, "......");
    assert_eq!(to.close().unwrap(), "ab..ab");
}

#[test]
fn parts_of_different_files_are_refused() {
    let expect = |first: Extent, second: Extent, length| {
        let to = Target::new();
        to.open(1);
        let bodies = [part(first, 9), FilePart { length, ..part(second, 9) }];
        assert!(to.tree.wants(&bodies[0]).unwrap());
        let error = message(to.tree.wants(&bodies[1]));
        assert!(error.contains("are not of one file"), "{error}");
    };
    expect(ranges(4, &[]), ranges(5, &[]), 0);
    expect(ranges(4, &[]), ranges(4, &[(0, 1)]), 1);
    expect(ranges(4, &[]), Extent::Part { offset: 0, of: Some(4) }, 4);
    expect(Extent::Part { offset: 0, of: Some(4) }, Extent::Part { offset: 0, of: None }, 4);
    expect(Extent::Part { offset: 0, of: Some(4) }, Extent::Part { offset: 3, of: Some(4) }, 2);
}

#[test]
fn the_first_hole_of_the_first_file_is_named() {
    let to = Target::new();
    to.open(2);
    for path in ["c", "a", "b"] {
        let part = FilePart { path: RelPath::new(path).unwrap(), ..part(ranges(9, &[(1, 2)]), 9) };
        to.give(&part, b"xx");
    }
    let error = message(to.tree.open(link(1)).and_then(|()| to.tree.close()));
    let wanted =
        format!("data/a: the backup {} does not have the file: bytes 0 to 1 are missing", link(1));
    assert_eq!(error, wanted);

    let to = Target::new();
    to.open(2).partial(9, 9, &[(0, 2)], "xx");
    assert_eq!(message(to.close()), "data/f: no backup of the chain has bytes 2 to 9");
}

#[test]
fn files_of_no_bytes_and_left_out_files_are_no_holes() {
    let to = Target::new();
    to.open(2).partial(9, 0, &[], "");
    let left = FilePart { path: RelPath::new("left").unwrap(), ..part(ranges(9, &[]), 9) };
    assert!(!to.give(&left, b""));
    to.tree.put(&left, &mut std::io::empty()).unwrap();
    to.open(1).whole(7, "xyz");
    assert_eq!(to.close().unwrap(), "");
}

#[test]
fn a_held_back_file_is_put_together_under_its_other_name() {
    let to = Target::new();
    let held = |part: FilePart| FilePart { path: RelPath::new("held").unwrap(), ..part };
    to.open(2).give(&held(part(ranges(3, &[(0, 1)]), 9)), b"A");
    to.open(1).give(&held(FilePart { length: 3, ..part(Extent::Whole, 7) }), b"abc");
    to.tree.close().unwrap();
    assert!(!to.path("held").exists());
    let Target { dir, tree } = to;
    Box::new(tree).finish().unwrap();
    assert_eq!(fs::read(dir.path().join("pg/held")).unwrap(), b"Abc");
}

#[test]
fn outside_of_a_chain_partial_files_are_refused_and_after_it_files_are_written_as_they_are() {
    let to = Target::new();
    let error = message(to.tree.put(&part(ranges(3, &[(0, 1)]), 9), &mut &b"a"[..]));
    assert_eq!(error, "data/f: the backup holds only parts of it");
    to.open(2).partial(9, 3, &[(0, 1)], "a");
    to.open(1).whole(7, "xyz");
    assert_eq!(to.tree.settle().unwrap_err().kind(), Kind::Bug, "the chain is open");
    to.tree.close().unwrap();
    assert_eq!(to.tree.close().unwrap_err().kind(), Kind::Bug);
    let late = FilePart { path: RelPath::new("late").unwrap(), ..part(Extent::Whole, 7) };
    to.tree.put(&FilePart { length: 3, ..late }, &mut &b"log"[..]).unwrap();
    assert_eq!(fs::read(to.path("late")).unwrap(), b"log");
    assert_eq!(fs::read(to.path("f")).unwrap(), b"ayz");
}

#[test]
fn who_does_not_ask_first_is_told() {
    let to = Target::new();
    to.open(2);
    let partial = part(ranges(3, &[(0, 1)]), 9);
    let put = |part: &FilePart| to.tree.put(part, &mut &b"abc"[..]).map_err(|error| error.kind());
    assert_eq!(put(&partial), Err(Kind::Bug));
    to.give(&partial, b"a");
    to.open(1);
    assert_eq!(put(&FilePart { length: 3, ..part(Extent::Whole, 7) }), Err(Kind::Bug));
}

#[test]
fn a_body_that_ends_before_the_wanted_bytes_is_an_error() {
    let to = Target::new();
    to.open(2).partial(9, 9, &[(0, 3)], "abc");
    to.open(1);
    let part = FilePart { length: 9, ..part(Extent::Whole, 7) };
    assert!(to.tree.wants(&part).unwrap());
    assert_eq!(to.tree.put(&part, &mut &b"ab"[..]).unwrap_err().kind(), Kind::Io);
}
