//! Very many names: what each of them adds to the peak of a backup.

use crate::{ALONE, LIMIT, PROGRAM, measured, say};
use fixtures::{Lab, ScratchServer};
use std::fs::{self, File};
use std::path::Path;
use std::time::Instant;

/// Files of the first backup: as many as fill every queue and buffer.
const FEW: u32 = 40_000;
/// Files of the second one; `SEAWALL_TEST_LONG=1` makes them a million.
const MANY: u32 = 200_000;
const VERY_MANY: u32 = 1_000_000;
/// What a file may add: less than any structure with its name would take.
const BYTES_PER_FILE: u64 = 32;
/// Numbers that the server has not given to relations of its own.
const FIRST: u32 = 3_000_000_000;

/// Files that look like relations. The server does not know them, and does not look.
fn make(dir: &Path, names: std::ops::Range<u32>) {
    let made = names.start;
    for number in names {
        File::create(dir.join((FIRST + number).to_string())).unwrap();
    }
    let user = fs::metadata(dir).unwrap();
    let (uid, gid) =
        (std::os::unix::fs::MetadataExt::uid(&user), std::os::unix::fs::MetadataExt::gid(&user));
    say(&format!("files from {made} on, of user {uid} and group {gid}, are there"));
}

#[test]
fn a_listing_keeps_no_names() {
    let _alone = ALONE.lock();
    let began = Instant::now();
    let lab = Lab::new(PROGRAM);
    let dir = lab.server.data().join("base/5");
    assert!(dir.is_dir(), "there is no database 5");
    let many = if std::env::var_os("SEAWALL_TEST_LONG").is_some() { VERY_MANY } else { MANY };
    let url = lab.server.url();
    let words = ["backup", &url, "--target", "pg-main"];
    make(&dir, 0..FEW);
    let first = measured::measure(&lab, "listed, few", &words);
    make(&dir, FEW..many);
    let second = measured::measure(&lab, "listed, many", &words);
    let verified = measured::measure(&lab, "listed, many", &["verify"]);
    let grown = second.bytes().saturating_sub(first.bytes());
    let each = grown as f64 / f64::from(many - FEW);
    say(&format!("{many} files: {each:.1} bytes each, {:.1} s", began.elapsed().as_secs_f64()));
    assert!(grown < BYTES_PER_FILE * u64::from(many - FEW), "{each:.1} bytes for each file");
    second.require_below(LIMIT);
    verified.require_below(LIMIT);
}
