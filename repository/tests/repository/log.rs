//! Pieces of log: once, whole, and under their own name only.

use crate::setting::{Setting, noise};
use chrono::Utc;
use errors::{Kind, Result};
use repository::UnitStore;
use std::fs;
use std::path::Path;
use std::thread;
use stream::{LogKey, LogPiece, LogSink, LogView};

pub(crate) fn key(name: &str) -> LogKey {
    LogKey {
        lineage: "7710".into(),
        lane: "00000001".into(),
        shard: "00000000".into(),
        name: name.into(),
    }
}

pub(crate) fn append(setting: &Setting, name: &str, bytes: &[u8]) -> Result<bool> {
    append_to(&setting.store, setting.dir.path(), name, bytes)
}

/// `dir` is where the server has the piece.
pub(crate) fn append_to(store: &UnitStore, dir: &Path, name: &str, bytes: &[u8]) -> Result<bool> {
    let path = dir.join(format!("{name}.{:?}", thread::current().id()));
    fs::write(&path, bytes).unwrap();
    let piece = LogPiece { key: key(name), path, written_at: Utc::now(), tap: None };
    Ok(store.log().append(piece)?.stored)
}

fn read(setting: &Setting, name: &str) -> Result<Option<Vec<u8>>> {
    let Some(mut piece) = setting.store.log().open_piece(&key(name))? else { return Ok(None) };
    let mut bytes = Vec::new();
    piece.copy_to(&mut bytes)?;
    Ok(Some(bytes))
}

#[test]
fn a_piece_is_kept_once_and_never_overwritten() {
    let setting = Setting::new();
    let bytes = noise(1, 1_000_000);
    assert_eq!(read(&setting, "A").unwrap(), None);
    assert!(append(&setting, "A", &bytes).unwrap());
    assert!(!append(&setting, "A", &bytes).unwrap(), "the identical one again");
    let error = append(&setting, "A", &noise(2, 1_000_000)).unwrap_err();
    assert_eq!(error.kind(), Kind::Exists);
    assert_eq!(read(&setting, "A").unwrap(), Some(bytes));
    let info = setting.store.log().info(&key("A")).unwrap().unwrap();
    assert_eq!(info.length, 1_000_000);
}

#[test]
fn of_many_archivers_one_stores_and_none_mixes() {
    let setting = Setting::new();
    let answers: Vec<Result<bool>> = thread::scope(|scope| {
        let setting = &setting;
        let push = move |n: u64| append(setting, "B", &noise(n % 2, 400_000));
        let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || push(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let stored = answers.iter().filter(|answer| matches!(answer, Ok(true))).count();
    let same = answers.iter().filter(|answer| matches!(answer, Ok(false))).count();
    let other = answers.iter().filter(|answer| answer.is_err()).count();
    assert_eq!((stored, same, other), (1, 3, 4));
    let kept = read(&setting, "B").unwrap().unwrap();
    assert!(kept == noise(0, 400_000) || kept == noise(1, 400_000));
}

#[test]
fn a_piece_under_another_name_is_refused() {
    let setting = Setting::new();
    append(&setting, "A", &noise(1, 1000)).unwrap();
    append(&setting, "B", &noise(2, 1000)).unwrap();
    let objects = setting.objects("targets/pg-main/log");
    fs::copy(&objects[0], &objects[1]).unwrap();
    let error = read(&setting, "B").unwrap_err();
    assert_eq!(error.kind(), Kind::Checksum);
}

#[test]
fn a_stored_piece_is_plain_zstd() {
    let setting = Setting::new();
    let bytes = noise(1, 500_000);
    append(&setting, "A", &bytes).unwrap();
    let stored = fs::read(&setting.objects("targets/pg-main/log")[0]).unwrap();
    assert_eq!(zstd::decode_all(&stored[..]).unwrap(), bytes);
}

#[test]
fn the_view_lists_what_is_there_in_order() {
    let setting = Setting::new();
    for name in ["C", "A", "B"] {
        append(&setting, name, b"x").unwrap();
    }
    let log = setting.store.log();
    assert_eq!(log.lineages().unwrap(), ["7710"]);
    assert_eq!(log.lanes("7710").unwrap(), ["00000001"]);
    assert_eq!(log.shards("7710", "00000001").unwrap(), ["00000000"]);
    assert_eq!(log.names("7710", "00000001", "00000000").unwrap(), ["A", "B", "C"]);
    assert_eq!(log.read_small(&key("A")).unwrap().unwrap(), b"x");
    assert!(log.have(&key("A")).unwrap() && !log.have(&key("D")).unwrap());
}

#[test]
fn a_file_that_is_recycled_while_it_is_read_is_not_kept() {
    use std::os::unix::fs::symlink;
    let setting = Setting::new();
    // A file that is another one at each opening: what a recycled segment looks like.
    let (one, link) = (setting.dir.path().join("one"), setting.dir.path().join("link"));
    fs::write(&one, noise(1, 100_000)).unwrap();
    let twin = setting.dir.path().join("twin");
    fs::copy(&one, &twin).unwrap();
    let failures = (0..200)
        .filter(|_| {
            let _ = fs::remove_file(&link);
            symlink(&one, &link).unwrap();
            let swapper = {
                let (twin, link) = (twin.clone(), link.clone());
                thread::spawn(move || {
                    let swap = link.with_extension("swap");
                    symlink(&twin, &swap).unwrap();
                    fs::rename(&swap, &link).unwrap();
                })
            };
            let piece =
                LogPiece { key: key("R"), path: link.clone(), written_at: Utc::now(), tap: None };
            let appended = setting.store.log().append(piece);
            swapper.join().unwrap();
            let failed = appended.is_err_and(|error| error.kind() == Kind::SourceFiles);
            // Whatever is kept is whole.
            if let Some(bytes) = read(&setting, "R").unwrap() {
                assert_eq!(bytes, noise(1, 100_000));
                for object in setting.objects("targets/pg-main/log") {
                    fs::remove_file(object).unwrap();
                }
            }
            failed
        })
        .count();
    assert!(failures > 0, "no swap fell between the readings: nothing was proven");
}
