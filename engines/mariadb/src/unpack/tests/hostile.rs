//! Streams and trees that somebody made on purpose.

use super::*;
use std::os::unix::fs::symlink;

fn refused(stream: &[u8]) -> Error {
    let (_dir, result) = unpacked(stream, Dialect::MariaDb);
    result.unwrap_err()
}

fn refused_in(dir: &Path, stream: &[u8]) -> Error {
    let cancel = Cancel::new();
    unpack(&mut &*stream, &how(dir, &cancel)).unwrap_err()
}

#[test]
fn a_file_that_is_there_is_not_written_to() {
    let twice = mariadb(|stream| {
        stream.file("a/t.frm", b"1");
        stream.file("a/t.frm", b"2");
    });
    let error = refused(&twice);
    assert_eq!(error.kind(), Kind::Manifest);
    assert!(error.line().contains("a/t.frm is there already"), "{error:?}");

    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("ibdata1"), "mine").unwrap();
    refused_in(dir.path(), &mariadb(|stream| stream.file("ibdata1", b"theirs")));
    assert_eq!(files(dir.path()), named(&[("ibdata1", b"mine")]));
}

#[test]
fn a_file_is_no_directory() {
    // Whichever of the two comes first on the disk, the other one fails.
    let error = refused(&mariadb(|stream| {
        stream.file("a", b"1");
        stream.file("a/t.frm", b"2");
    }));
    let line = error.line();
    assert!(line.contains("create a/t.frm") || line.contains(": a is there"), "{error:?}");
    let error = refused(&mariadb(|stream| {
        stream.file("a/t.frm", b"1");
        stream.rewrite("a", b"2");
    }));
    assert!(error.line().contains("create a"), "{error:?}");
    let error = refused(&mariadb(|stream| {
        stream.file("a/t.frm", b"1");
        stream.file("b", b"2");
        stream.rename("b", "a");
    }));
    assert!(error.line().contains("rename b to a"), "{error:?}");
}

#[test]
fn no_path_leads_through_a_link() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("kept"), "kept").unwrap();
    let streams = [
        mariadb(|stream| stream.file("link/new", b"x")),
        mariadb(|stream| stream.rewrite("link/kept", b"x")),
        mariadb(|stream| stream.remove("link/kept")),
        mariadb(|stream| stream.remove("link/k*")),
        mariadb(|stream| stream.rename("link/kept", "kept")),
        mariadb(|stream| {
            stream.file("new", b"x");
            stream.rename("new", "link/new");
        }),
        mariadb(|stream| stream.file("to-file", b"x")),
        mariadb(|stream| stream.rename("to-file", "elsewhere")),
    ];
    for (number, stream) in streams.iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        symlink(outside.path(), dir.path().join("link")).unwrap();
        symlink(outside.path().join("kept"), dir.path().join("to-file")).unwrap();
        let error = refused_in(dir.path(), stream);
        assert_eq!(files(outside.path()), named(&[("kept", b"kept")]), "{number}: {error:?}");
    }
    // A link that has the name itself goes, and what it leads to stays.
    for stream in
        [mariadb(|stream| stream.rewrite("link", b"x")), mariadb(|stream| stream.remove("link"))]
    {
        let (dir, cancel) = (tempfile::tempdir().unwrap(), Cancel::new());
        symlink(outside.path(), dir.path().join("link")).unwrap();
        unpack(&mut &*stream, &how(dir.path(), &cancel)).unwrap();
        assert!(!dir.path().join("link").is_symlink());
        assert_eq!(files(outside.path()), named(&[("kept", b"kept")]));
    }
}

#[test]
fn paths_that_lead_out_are_refused() {
    let stream = mariadb(|stream| stream.file("aaa/b", b"x"));
    for path in [b"../.b", b"/tmp/", b"aa//b", b"aa/\0b"] {
        let mut bytes = stream.clone();
        let at = bytes.windows(5).position(|at| at == b"aaa/b").unwrap();
        bytes[at..at + 5].copy_from_slice(path);
        assert_eq!(refused(&bytes).kind(), Kind::Manifest);
    }
}

#[test]
fn what_is_no_stream_is_refused() {
    assert_eq!(refused(b"what is this, and why is it so long?").kind(), Kind::Checksum);
    let (dir, cancel) = (tempfile::tempdir().unwrap(), Cancel::new());
    let how = Unpack { is_whole: true, ..how(dir.path(), &cancel) };
    assert_eq!(unpack(&mut &b""[..], &how).unwrap_err().kind(), Kind::Manifest);
}
