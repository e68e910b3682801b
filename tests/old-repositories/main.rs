//! Repositories that older versions wrote are read, restored from, and written to.
//!
//! Where they come from: `fixtures/repositories/ORIGIN.md`.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod mariadb;
mod old;
mod postgresql;

use old::{OldRepository, expected};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Versions that left a repository here.
const VERSIONS: &[&str] = &["0.1"];

#[test]
fn every_version_is_tested() {
    let mut found: Vec<String> = fs::read_dir(fixtures::data("repositories"))
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().to_str()?.strip_prefix('v').map(str::to_owned)
        })
        .collect();
    found.sort();
    assert_eq!(found, VERSIONS);
}

#[test]
fn they_are_listed_shown_and_verified() {
    for version in VERSIONS {
        let of_postgresql = [("full", true), ("log", false)];
        look(version, "postgresql", &of_postgresql, 5);
        let of_mariadb = [("full", true), ("incremental", true), ("differential", true)];
        look(version, "mariadb", &of_mariadb, 0);
    }
}

/// Backups by level, and whether each serves a restore alone.
fn look(version: &str, engine: &str, wanted: &[(&str, bool)], pieces: u64) {
    let old = OldRepository::unpack(version, engine);
    let listed = old.json(&["list"]);
    let items = listed["items"].as_array().unwrap();
    let level = |item: &Value| item["level"].as_str().unwrap().to_owned();
    let is_served = |item: &Value| !item["earliest"].is_null();
    let levels: Vec<_> = items.iter().map(|item| (level(item), is_served(item))).collect();
    let wanted: Vec<_> =
        wanted.iter().map(|(level, served)| ((*level).to_owned(), *served)).collect();
    assert_eq!(levels, wanted, "{listed}");
    for item in items {
        assert_eq!((&item["target"], &item["unit"]), (&"old".into(), &Value::Null));
        assert_eq!(item["engine"], engine);
        let name = item["backup"].as_str().unwrap();
        let shown = old.json(&["show", "--backup", name]);
        assert_eq!(shown["link"]["level"], item["level"]);
        assert_eq!(shown["link"]["totals"]["bytes"], item["bytes"]);
        old.run(&["show", "--backup", name]).ok();
    }

    let verified = old.json(&["verify"]);
    assert_eq!(verified["backups"], items.len(), "{verified}");
    assert_eq!((&verified["pieces"], &verified["damages"]), (&pieces.into(), &0.into()));
    // Fields that later versions do not write are still in what was read.
    let documents = old.documents();
    let has = |field: &str| documents.iter().any(|text| text.contains(field));
    assert!(has("\"parent\": null") && has("\"log_from\""), "another version made the fixture");

    // Damage is found in old objects as it is in new ones.
    let volume = old.objects("targets/old/jobs").into_iter().find(|path| is_volume(path)).unwrap();
    let mut bytes = fs::read(&volume).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&volume, bytes).unwrap();
    let verified = old.run(&["verify"]);
    assert_eq!(verified.code(), 30, "{}{}", verified.stdout, verified.stderr);
}

fn is_volume(path: &Path) -> bool {
    path.to_str().unwrap().ends_with(".tar.zst")
}

#[test]
fn what_the_fixtures_hold_is_what_is_expected_of_them() {
    for version in VERSIONS {
        let expected = expected(version);
        let rows = |field: &str| expected[field].as_u64().unwrap();
        // A restore to a moment that gave the rows of the end would not be noticed otherwise.
        assert_ne!(rows("rows_at_the_moment"), rows("rows_at_the_end"));
        assert!(rows("rows_in_space") > 0);
    }
}
