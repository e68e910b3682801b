//! What stock programs make of our archives: every name, byte for byte, in every locale at hand.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::tests::{file, link};
use super::*;

const BODY: &[u8] = b"seven\n\n";

/// Names that programs like to spoil, together with their times.
fn entries() -> Vec<Header> {
    let names: [&[u8]; 16] = [
        b"plain",
        b"two words",
        b"trailing spaces  ",
        b"new\nline",
        b"tab\tand\rreturn",
        b"back\\slash\\n",
        b"-dash",
        b"--checkpoint=1",
        b"*?[a]'\"$x",
        b"\xFF\xFEnot UTF-8\x80",
        "grüße-日本".as_bytes(),
        b".hidden",
        b"100%s",
        &[b'n'; 100],
        &[b'n'; 101],
        &[b'n'; 255],
    ];
    let mut entries: Vec<_> = names.iter().map(|name| sized(name)).collect();
    let deep = |part: &[u8]| [part, part, part, part].join(&b'/');
    entries.push(sized(&deep(&[b'd'; 74])));
    entries.push(sized(&deep(&[0xE9; 74])));
    entries.push(sized(&deep("ü".repeat(37).as_bytes())));
    entries.push(Header { mtime_nanos: 123_456_789, ..sized(b"nanoseconds") });
    entries.push(Header { mtime_secs: -86_400, ..sized(b"before 1970") });
    entries.push(Header { uid: 1 << 31, gid: 1 << 31, ..sized(b"large owner") });
    entries.push(Header { partial: Some("7340032 8192+7".to_owned()), ..sized(b"partial") });
    entries.push(Header { mode: 0o1750, ..link(b"directory", EntryKind::Directory) });
    for (name, target) in [(&b"symlink"[..], &[b't'; 100][..]), (b"long symlink", &[0xFC; 300])] {
        entries.push(link(name, EntryKind::Symlink { target: target.to_vec() }));
    }
    for (name, target) in [(&b"hard link"[..], &b"plain"[..]), (b"long hard link", &[b'n'; 255])] {
        entries.push(link(name, EntryKind::HardLink { target: target.to_vec() }));
    }
    entries
}

fn sized(path: &[u8]) -> Header {
    Header { size: BODY.len() as u64, ..file(path) }
}

fn archive(entries: &[Header]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        bytes.extend(encode(entry).unwrap());
        if entry.kind == EntryKind::File {
            bytes.extend(BODY);
            bytes.resize(bytes.len() + padding(entry.size), 0);
        }
    }
    bytes.extend(END);
    bytes
}

/// A directory that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("formats-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn run(program: &str, locale: &str, arguments: &[&OsStr]) -> Output {
    let output = Command::new(program).env("LC_ALL", locale).args(arguments).output();
    output.unwrap_or_else(|error| panic!("{program}: {error}"))
}

/// Everything below a directory: path to a description of what is there.
fn tree(root: &Path, below: &Path, found: &mut BTreeMap<Vec<u8>, String>) {
    for entry in std::fs::read_dir(root.join(below)).unwrap() {
        let path = below.join(entry.unwrap().file_name());
        let at = root.join(&path);
        let metadata = std::fs::symlink_metadata(&at).unwrap();
        let text = if metadata.is_symlink() {
            let target = std::fs::read_link(&at).unwrap();
            symlink(target.as_os_str().as_bytes())
        } else if metadata.is_dir() {
            tree(root, &path, found);
            "directory".to_owned()
        } else {
            let mode = metadata.permissions().mode() & MODE_MAX;
            let time = (metadata.mtime(), metadata.mtime_nsec());
            let owner = (metadata.uid().into(), metadata.gid().into());
            regular(&std::fs::read(&at).unwrap(), mode, time, owner, metadata.nlink())
        };
        found.insert(path.into_os_string().into_vec(), text);
    }
}

fn symlink(target: &[u8]) -> String {
    format!("-> {}", target.escape_ascii())
}

fn regular(body: &[u8], mode: u32, time: (i64, i64), owner: (u64, u64), links: u64) -> String {
    format!("{} {mode:o} at {time:?} of {owner:?}, {links} names", body.escape_ascii())
}

/// What [`tree`] must find; `owner` is whoever extracts, unless that is root.
fn expected(entries: &[Header], owner: (u64, u64)) -> BTreeMap<Vec<u8>, String> {
    let mut all = BTreeMap::new();
    for entry in entries {
        for (at, _) in entry.path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            all.insert(entry.path[..at].to_vec(), "directory".to_owned());
        }
        let path = match &entry.kind {
            EntryKind::HardLink { target } => target,
            _ => &entry.path,
        };
        let names = |other: &&Header| other.kind == EntryKind::HardLink { target: path.clone() };
        let links = 1 + entries.iter().filter(names).count() as u64;
        let owner = if owner == (0, 0) { (entry.uid, entry.gid) } else { owner };
        let time = (entry.mtime_secs, i64::from(entry.mtime_nanos));
        let text = match &entry.kind {
            EntryKind::Symlink { target } => symlink(target),
            EntryKind::Directory => "directory".to_owned(),
            _ => regular(BODY, entry.mode, time, owner, links),
        };
        all.insert(entry.path.clone(), text);
    }
    all
}

/// Extracts with a stock program.
fn extracts(program: &str, locale: &str) {
    let scratch = Scratch::new(&format!("{program}-{locale}"));
    let owner = std::fs::metadata(&scratch.0).unwrap();
    let owner = (owner.uid().into(), owner.gid().into());
    let (entries, tar, out) = (entries(), scratch.0.join("a.tar"), scratch.0.join("out"));
    std::fs::write(&tar, archive(&entries)).unwrap();
    std::fs::create_dir(&out).unwrap();
    let same = if owner == (0, 0) { "--same-owner" } else { "--no-same-owner" };
    let options = [same, "--numeric-owner", "-p", "-x", "-C"].map(OsStr::new);
    let places = [out.as_os_str(), OsStr::new("-f"), tar.as_os_str()];
    let output = run(program, locale, &[&options[..], &places].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} in {locale}: {said}");
    let mut found = BTreeMap::new();
    tree(&out, Path::new(""), &mut found);
    for (path, text) in &expected(&entries, owner) {
        let name = path.escape_ascii();
        assert_eq!(found.remove(path).as_ref(), Some(text), "{program} in {locale}: {name}");
    }
    assert_eq!(found, BTreeMap::new(), "{program} in {locale} made more");
    let mode = std::fs::metadata(out.join("directory")).unwrap().permissions().mode();
    assert_eq!(mode & MODE_MAX, 0o1750, "{program} in {locale}");
}

#[test]
fn gnu_tar_extracts_every_name() {
    for locale in ["C", "C.UTF-8"] {
        extracts("tar", locale);
    }
}

#[test]
fn bsdtar_extracts_every_name() {
    for locale in ["C", "C.UTF-8"] {
        extracts("bsdtar", locale);
    }
}

#[test]
fn gnu_tar_lists_what_needs_records() {
    let scratch = Scratch::new("list");
    let tar = scratch.0.join("a.tar");
    let huge = Header { size: 9 << 30, ..file(b"huge") };
    let small = Header { uname: "u".repeat(40), size: 0, ..file(b"./small") };
    std::fs::write(&tar, [encode(&small).unwrap(), encode(&huge).unwrap()].concat()).unwrap();
    let output = run("tar", "C", &[OsStr::new("-tvf"), tar.as_os_str()]);
    let listed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Vec<_>> = listed.lines().map(|l| l.split_whitespace().collect()).collect();
    let owner = format!("{}/postgres", "u".repeat(40));
    assert_eq!(lines[0][..3], ["-rw-r-----", owner.as_str(), "0"]);
    assert_eq!(lines[0].last(), Some(&"./small"));
    assert_eq!(lines[1][..3], ["-rw-r-----", "postgres/postgres", "9663676416"]);
}

/// Headers that need no records are those of GNU tar itself.
#[test]
fn gnu_tar_writes_the_same_block() {
    let scratch = Scratch::new("same");
    let name = [&[b'd'; 90][..], &[b'f'; 90]].join(&b'/');
    let path = scratch.0.join(OsStr::from_bytes(&name));
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    std::fs::write(&path, BODY).unwrap();
    let tar = scratch.0.join("a.tar");
    let options = ["--format=ustar", "--mtime=@1700000000", "--owner=postgres:101"];
    let more = ["--group=postgres:104", "--mode=0640", "-C"];
    let options = [options, more].concat().into_iter().map(OsStr::new);
    let places =
        [scratch.0.as_os_str(), OsStr::new("-cf"), tar.as_os_str(), OsStr::from_bytes(&name)];
    let output = run("tar", "C", &options.chain(places).collect::<Vec<_>>());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs = std::fs::read(&tar).unwrap();
    let ours = encode(&sized(&name)).unwrap();
    assert_eq!(ours.escape_ascii().to_string(), theirs[..512].escape_ascii().to_string());
}
