//! Rows that do not tell where all of a body lies.

use crate::bodies::{LENGTH, read_to_error, streamed};
use crate::setting::Setting;
use errors::Kind;
use repository::{LinkDocument, StoredObject, StoredVolume};
use sha2::{Digest, Sha256};
use std::fs;

/// Rewrites the rows of a volume; `honest` makes the link believe them.
fn rewrite(
    setting: &Setting,
    volume: &mut StoredVolume,
    honest: bool,
    change: &dyn Fn(&mut Vec<String>),
) {
    let path = setting.root().join(&volume.rows.key);
    let text = zstd::decode_all(&fs::read(&path).unwrap()[..]).unwrap();
    let text = String::from_utf8(text).unwrap();
    let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
    change(&mut lines);
    let stored = zstd::encode_all(lines.concat().as_bytes(), 3).unwrap();
    fs::write(&path, &stored).unwrap();
    let sha256 = Sha256::digest(&stored).iter().map(|byte| format!("{byte:02x}")).collect();
    let bytes = stored.len() as u64;
    volume.rows = StoredObject { key: volume.rows.key.clone(), bytes, sha256 };
    if honest {
        volume.members = lines.len() as u64;
    }
}

/// The index of a volume whose rows hold `what`.
fn volume_with(setting: &Setting, document: &LinkDocument, what: &str) -> usize {
    let holds = |volume: &StoredVolume| {
        let rows = fs::read(setting.root().join(&volume.rows.key)).unwrap();
        String::from_utf8(zstd::decode_all(&rows[..]).unwrap()).unwrap().contains(what)
    };
    document.volumes.iter().position(holds).unwrap()
}

#[test]
fn rows_with_gaps_or_repetitions_are_refused() {
    let (setting, document) = streamed();
    let is_first = |line: &String| line.contains("\"offset\":8388608}");
    let number = volume_with(&setting, &document, "\"offset\":8388608}");
    let path = setting.root().join(&document.volumes[number].rows.key);
    let good = fs::read(&path).unwrap();
    let expect = |honest: bool, what: &str, change: &dyn Fn(&mut Vec<String>)| {
        let mut document = document.clone();
        rewrite(&setting, &mut document.volumes[number], honest, change);
        let (error, given) = read_to_error(&setting, &document);
        assert_eq!((error.kind(), given), (Kind::Manifest, 0), "{error:?}");
        assert!(error.message().contains(what), "{what}: {error:?}");
        fs::write(&path, &good).unwrap();
    };
    let missing = |lines: &mut Vec<String>| lines.retain(|line| !is_first(line));
    expect(true, "bytes 8388608 to 16777216 have no row", &missing);
    expect(false, " rows instead of ", &missing);
    let twice = |lines: &mut Vec<String>| {
        let line = lines.iter().find(|line| is_first(line)).unwrap().clone();
        lines.push(line);
    };
    expect(true, "bytes 8388608 to 16777216 have two rows", &twice);
    let of = |size: u64| {
        move |lines: &mut Vec<String>| {
            for line in lines.iter_mut().filter(|line| is_first(line)) {
                *line = line.replace("8388608}", &format!("8388608,\"of\":{size}}}"));
            }
        }
    };
    expect(true, "its parts are not of one file", &of(LENGTH));
}

#[test]
fn a_row_of_another_checksum_or_place_hands_nothing_out() {
    let (setting, document) = streamed();
    let number = volume_with(&setting, &document, "\"stream\"");
    let path = setting.root().join(&document.volumes[number].rows.key);
    let good = fs::read(&path).unwrap();
    for (field, value) in [("crc32c", "\"00000000\""), ("at", "[0,512]"), ("at", "[100,0]")] {
        let mut document = document.clone();
        rewrite(&setting, &mut document.volumes[number], true, &|lines| {
            for line in lines.iter_mut().filter(|line| line.contains("\"stream\"")) {
                let mut row: serde_json::Value = serde_json::from_str(line).unwrap();
                row[field] = serde_json::from_str(value).unwrap();
                *line = format!("{row}\n");
            }
        });
        let (error, _) = read_to_error(&setting, &document);
        assert!(matches!(error.kind(), Kind::Checksum | Kind::Manifest), "{error:?}");
        assert!(error.message().contains(&document.volumes[number].volume.key), "{error:?}");
        fs::write(&path, &good).unwrap();
    }
}

#[test]
fn damaged_rows_are_refused_before_a_byte_is_read() {
    let (setting, document) = streamed();
    let path = setting.root().join(&document.volumes[0].rows.key);
    let good = fs::read(&path).unwrap();
    for position in 0..good.len() {
        let mut bad = good.clone();
        bad[position] ^= 1;
        fs::write(&path, &bad).unwrap();
        let error = setting.open(&document, "stream").err().unwrap();
        assert!(matches!(error.kind(), Kind::Checksum | Kind::Manifest), "{error:?}");
    }
}
