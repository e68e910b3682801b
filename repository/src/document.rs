//! The repository's documents: JSON objects under a seal that any changed byte breaks.
//!
//! `{"seawall": "<kind>", "version": 1, "content": {…}, "sha256": "…"}`, see `docs/format.md`.

use crate::storage::{Created, Key, Storage};
use errors::{Context, Error, Kind, Result};
use formats::sealed;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::Read;
use system::failpoint::Point;

/// The version of documents, but for those that programs of that version must not use.
const VERSION: u32 = 1;
/// The highest version that this program reads. Links that hold partial files have it.
const VERSION_MAX: u32 = 2;
/// A link of a very large backup names some ten thousand objects.
const MAX_BYTES: u64 = 64 << 20;

#[derive(Serialize)]
struct Out<'a, T> {
    seawall: &'a str,
    version: u32,
    content: &'a T,
}

/// The fields that every version has.
#[derive(Deserialize)]
struct Label {
    seawall: String,
    version: u32,
}

#[derive(Deserialize)]
struct In<T> {
    content: T,
}

/// Writes a document under a name that nobody has.
pub(crate) fn write<T: Serialize>(
    storage: &dyn Storage,
    key: &Key,
    point: Point,
    kind: &str,
    content: &T,
) -> Result<Created> {
    write_as(storage, key, point, (kind, VERSION), content)
}

/// Writes a document that only programs of a version, and later ones, may use.
pub(crate) fn write_as<T: Serialize>(
    storage: &dyn Storage,
    key: &Key,
    point: Point,
    (kind, version): (&str, u32),
    content: &T,
) -> Result<Created> {
    let out = Out { seawall: kind, version, content };
    let text = serde_json::to_string_pretty(&out).or_kind(Kind::Bug, || format!("print {key}"))?;
    let sealed = sealed::seal(&text).or_kind(Kind::Bug, || format!("seal {key}"))?;
    let mut writer = storage.create(key, point)?;
    writer
        .write_all(sealed.as_bytes())
        .map_err(|error| Error::io(format!("write {key}"), error))?;
    writer.finish()
}

/// Reads a document; `None` when there is none of that name.
pub(crate) fn read<T: DeserializeOwned>(
    storage: &dyn Storage,
    key: &Key,
    kind: &str,
) -> Result<Option<T>> {
    let Some(reader) = storage.open(key)? else { return Ok(None) };
    let mut bytes = Vec::new();
    reader
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::io(format!("read {key}"), error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(damaged(key, "larger than any document can be"));
    }
    parse(&bytes, key, kind).map(Some)
}

fn parse<T: DeserializeOwned>(bytes: &[u8], key: &Key, kind: &str) -> Result<T> {
    let text = sealed::open(bytes).map_err(|error| damaged(key, &error.to_string()))?;
    let label: Label =
        serde_json::from_str(text).map_err(|error| damaged(key, &error.to_string()))?;
    if label.seawall != kind {
        return Err(damaged(key, &format!("it is a {:?}, not a {kind:?}", label.seawall)));
    }
    if label.version > VERSION_MAX {
        return Err(too_new(key, label.version, VERSION_MAX));
    }
    let whole: In<T> =
        serde_json::from_str(text).map_err(|error| damaged(key, &error.to_string()))?;
    Ok(whole.content)
}

/// What a newer program wrote.
pub(crate) fn too_new(key: &Key, version: u32, known: u32) -> Error {
    let text = format!("{key} has format version {version}, this program knows {known}");
    Error::new(Kind::FormatTooNew, text)
        .hint("Use the version of Seawall that wrote it, or a later one.")
}

fn damaged(key: &Key, why: &str) -> Error {
    Error::new(Kind::Manifest, format!("{key} is damaged: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Posix;
    use system::failpoint::LINK;

    #[test]
    fn a_document_comes_back_and_every_flipped_byte_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let store = Posix::new(dir.path());
        let key = Key::new("document.json");
        let content = vec!["a".to_owned(), "ü".to_owned()];
        assert_eq!(write(&store, &key, LINK, "test", &content).unwrap(), Created::New);
        assert_eq!(read::<Vec<String>>(&store, &key, "test").unwrap(), Some(content));

        let path = dir.path().join("document.json");
        let good = std::fs::read(&path).unwrap();
        for position in 0..good.len() {
            let mut bad = good.clone();
            bad[position] ^= 1;
            assert!(parse::<Vec<String>>(&bad, &key, "test").is_err(), "byte {position}");
        }
    }

    #[test]
    fn another_kind_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let store = Posix::new(dir.path());
        let key = Key::new("document.json");
        write(&store, &key, LINK, "test", &1).unwrap();
        assert_eq!(read::<u32>(&store, &key, "link").unwrap_err().kind(), Kind::Manifest);
        assert_eq!(read::<u32>(&store, &Key::new("absent"), "link").unwrap(), None);
    }

    #[test]
    fn a_newer_version_is_refused_by_name() {
        let read = |version: u32| {
            let text = format!("{{\"seawall\": \"test\", \"version\": {version}, \"content\": 1}}");
            let sealed = sealed::seal(&text).unwrap();
            parse::<u32>(sealed.as_bytes(), &Key::new("k"), "test")
        };
        assert!(read(1).is_ok() && read(2).is_ok());
        let error = read(3).unwrap_err();
        assert_eq!(error.kind(), Kind::FormatTooNew);
        assert_eq!(error.message(), "k has format version 3, this program knows 2");
    }
}
