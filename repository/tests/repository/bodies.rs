//! Bodies in order: all of what was written, or an error that says where it is not.

use crate::setting::{OPTIONS, Pattern, Setting, compare, file, from_disk, noise};
use errors::{Error, Kind};
use repository::{BodyOptions, LinkDocument, Repository, SinkOptions, bodies};
use std::fs;
use std::io::{self, Read};
use std::sync::Arc;
use stream::{Bodies, Body, Cancel, FileKind, RelPath, RootName};

pub(crate) const LENGTH: u64 = (50 << 20) + 77;

pub(crate) fn streamed() -> (Setting, LinkDocument) {
    let setting = Setting::new();
    let options = SinkOptions { workers: 2, level: 1, volume_bytes: 18 << 20, ..OPTIONS };
    let files = vec![
        file("before", None, Body::Bytes(noise(1, 5000))),
        file("stream", None, Pattern::boxed(6, LENGTH)),
        file("after", None, Body::Bytes(noise(2, 5000))),
    ];
    let document = setting.backup_with(options, files, Vec::new());
    assert!(document.volumes.len() >= 3);
    (setting, document)
}

/// Reads the stream to its error: the error, and how many bytes came before it. All of them must
/// be right.
pub(crate) fn read_to_error(setting: &Setting, document: &LinkDocument) -> (Error, u64) {
    let mut body = match setting.open(document, "stream") {
        Ok(body) => body,
        Err(error) => return (error, 0),
    };
    let mut given = 0;
    let mut counted = Counted { body: &mut *body, given: &mut given };
    let error = compare(&mut counted, &mut Pattern::new(6, LENGTH)).unwrap_err();
    let error = own(&error);
    // It stays an error: nobody may take a second try for the end.
    let again = own(&body.read(&mut [0; 10]).unwrap_err());
    assert_eq!(again.message(), error.line());
    (error, given)
}

fn own(error: &io::Error) -> Error {
    error.get_ref().unwrap().downcast_ref::<Error>().unwrap().repeat()
}

struct Counted<'a> {
    body: &'a mut dyn Read,
    given: &'a mut u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.body.read(buffer)?;
        *self.given += read as u64;
        Ok(read)
    }
}

#[test]
fn files_of_known_length_open_too() {
    let setting = Setting::new();
    let on_disk = setting.dir.path().join("large");
    let large = noise(7, 5_300_000);
    fs::write(&on_disk, &large).unwrap();
    let mut directory = file("directory", None, Body::Nothing);
    directory.kind = FileKind::Directory;
    let files = vec![
        file("small", None, Body::Bytes(b"abc".to_vec())),
        file("empty", None, Body::Bytes(Vec::new())),
        file("whole", None, Body::Bytes(large[..1_000_000].to_vec())),
        from_disk("large", on_disk, 5_300_000),
        directory,
    ];
    let document = setting.backup(files, Vec::new());
    let wanted = [("small", &b"abc"[..]), ("empty", b""), ("whole", &large[..1_000_000])];
    for (path, mut wanted) in wanted.into_iter().chain([("large", &large[..])]) {
        let mut body = setting.open(&document, path).unwrap();
        let length = wanted.len() as u64;
        assert_eq!(compare(&mut body, &mut wanted).unwrap(), length, "{path}");
    }
    for path in ["none", "directory", "larg"] {
        assert_eq!(setting.open(&document, path).err().unwrap().kind(), Kind::NotFound, "{path}");
    }
}

#[test]
fn a_flipped_byte_is_named_and_nothing_wrong_is_handed_out() {
    let (setting, document) = streamed();
    for volume in &document.volumes {
        let path = setting.root().join(&volume.volume.key);
        let good = fs::read(&path).unwrap();
        // In the last member's body or the one before it: some of them are of the stream.
        for position in [good.len() / 3, good.len() - 20_000] {
            let mut bad = good.clone();
            bad[position] ^= 0x10;
            fs::write(&path, &bad).unwrap();
            let (error, given) = read_to_error(&setting, &document);
            assert_eq!(error.kind(), Kind::Checksum);
            let near = format!("{} is damaged near byte ", volume.volume.key);
            assert!(error.message().starts_with(&near), "{error:?}");
            assert!(given < LENGTH && given.is_multiple_of(8 << 20), "{given}");
        }
        fs::write(&path, &good).unwrap();
    }
    let mut body = setting.open(&document, "stream").unwrap();
    assert_eq!(compare(&mut body, &mut Pattern::new(6, LENGTH)).unwrap(), LENGTH);
}

#[test]
fn exchanged_cut_and_missing_volumes_are_named() {
    let (setting, document) = streamed();
    let paths: Vec<_> =
        document.volumes.iter().map(|volume| setting.root().join(&volume.volume.key)).collect();
    let good = fs::read(&paths[1]).unwrap();
    let expect = |kind, key: &str| {
        let (error, given) = read_to_error(&setting, &document);
        assert_eq!((error.kind(), given), (kind, 0), "{error:?}");
        assert!(error.message().contains(key), "{error:?}");
    };
    let key = &document.volumes[1].volume.key;
    fs::write(&paths[1], &good[..good.len() - 1]).unwrap();
    expect(Kind::Checksum, key);
    fs::remove_file(&paths[1]).unwrap();
    expect(Kind::Checksum, key);
    fs::write(&paths[1], &good).unwrap();

    // It vanishes after the body was opened.
    let mut body = setting.open(&document, "stream").unwrap();
    for path in &paths {
        fs::remove_file(path).unwrap();
    }
    let error = compare(&mut body, &mut Pattern::new(6, LENGTH)).unwrap_err();
    assert_eq!(own(&error).kind(), Kind::Checksum);
    assert!(own(&error).message().ends_with(" is missing"), "{error:?}");
}

#[test]
fn threads_end_with_their_reader() {
    let (setting, document) = streamed();
    let storage = Repository::storage(setting.root().to_str().unwrap()).unwrap();
    let target = stream::TargetName::new("pg-main").unwrap();
    let store = Repository::open(Arc::clone(&storage)).unwrap().unit(
        &target,
        None,
        stream::LogScope::Target,
    );
    let cancel = Cancel::new();
    let options = BodyOptions { workers: 3, cancel: cancel.clone() };
    let bodies = bodies(&store, &document, options);
    let (root, path) = (RootName::new("data").unwrap(), RelPath::new("stream").unwrap());
    let idle = Arc::strong_count(&storage);
    let mut body = bodies.open(&root, &path).unwrap();
    body.read_exact(&mut [0; 100]).unwrap();
    assert!(Arc::strong_count(&storage) > idle);
    drop(body);
    assert_eq!(Arc::strong_count(&storage), idle);

    let mut body = bodies.open(&root, &path).unwrap();
    cancel.cancel();
    assert_eq!(own(&body.read(&mut [0; 100]).unwrap_err()).kind(), Kind::Interrupted);
    assert_eq!(bodies.open(&root, &path).err().unwrap().kind(), Kind::Interrupted);
}
