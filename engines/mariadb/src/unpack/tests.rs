//! Streams of real tools, and ones that no tool would write.

mod decoding;
mod hostile;
mod limits;
mod moves;
mod recorded;

use super::*;
use formats::xbstream::{Chunk, ChunkKind, MemberPath, MemberWriter, encode_header};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use stream::Silent;
use tempfile::TempDir;

/// How the tests unpack, but for what each of them changes.
fn how<'a>(into: &'a Path, cancel: &'a Cancel) -> Unpack<'a> {
    Unpack {
        dialect: Dialect::MariaDb,
        into,
        workers: 3,
        cancel,
        progress: &Silent,
        decode: false,
        key: None,
        is_whole: false,
    }
}

/// Unpacks into a new directory.
fn unpacked(stream: &[u8], dialect: Dialect) -> (TempDir, Result<Unpacked>) {
    let dir = tempfile::tempdir().unwrap();
    let cancel = Cancel::new();
    let result = unpack(&mut &*stream, &Unpack { dialect, ..how(dir.path(), &cancel) });
    (dir, result)
}

/// What MariaDB's tool sends of small files.
fn mariadb(make: impl FnOnce(&mut Stream)) -> Vec<u8> {
    let mut stream = Stream { dialect: Dialect::MariaDb, bytes: Vec::new() };
    make(&mut stream);
    stream.bytes
}

/// A stream that grows.
struct Stream {
    dialect: Dialect,
    bytes: Vec<u8>,
}

impl Stream {
    fn chunk(&mut self, path: &str, rewrite: bool, kind: ChunkKind, payload: &[u8]) {
        let path = MemberPath::new(path.as_bytes()).unwrap();
        let chunk = Chunk { path, rewrite, kind };
        self.bytes.extend(encode_header(&chunk, payload, self.dialect).unwrap());
        self.bytes.extend(payload);
    }

    fn data(&mut self, path: &str, offset: u64, payload: &[u8]) {
        let kind = ChunkKind::Payload { offset, length: payload.len() as u64 };
        self.chunk(path, false, kind, payload);
    }

    fn end(&mut self, path: &str) {
        self.chunk(path, false, ChunkKind::End, b"");
    }

    fn file(&mut self, path: &str, content: &[u8]) {
        self.data(path, 0, content);
        self.end(path);
    }

    fn rewrite(&mut self, path: &str, content: &[u8]) {
        let kind = ChunkKind::Payload { offset: 0, length: content.len() as u64 };
        self.chunk(path, true, kind, content);
        self.end(path);
    }

    fn rename(&mut self, from: &str, to: &str) {
        let to = MemberPath::new(to.as_bytes()).unwrap();
        self.chunk(from, false, ChunkKind::Rename { to }, b"");
    }

    fn remove(&mut self, path: &str) {
        self.chunk(path, false, ChunkKind::Remove, b"");
    }
}

/// All files below, by path.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(at) = dirs.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                dirs.push(path);
                continue;
            }
            let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

fn named(found: &[(&str, &[u8])]) -> BTreeMap<String, Vec<u8>> {
    found.iter().map(|&(name, bytes)| (name.to_owned(), bytes.to_vec())).collect()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/mysql")
}

/// The bytes of a recorded stream.
fn recorded(name: &str) -> Vec<u8> {
    let file = File::open(fixtures().join(format!("{name}.xb.zst"))).unwrap();
    zstd::decode_all(file).unwrap()
}
