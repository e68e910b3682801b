//! Very many names: what each of them adds to the peak of a backup.

use crate::{ALONE, LIMIT, PROGRAM, measured, say};
use fixtures::{Lab, ScratchServer, Tmpfs, run};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Files of the first backup: as many as fill every queue and buffer.
const FEW: u32 = 40_000;
/// Files of the second one; `SEAWALL_TEST_LONG=1` makes them a million.
const MANY: u32 = 200_000;
const VERY_MANY: u32 = 1_000_000;
/// What two runs may differ by: buffers that fill by chance.
const CHANCE: u64 = 8 << 20;
/// What a file may add: less than any structure with its name would take. Only numbers of unlogged
/// relations are kept, of one directory at a time, in at most nine bytes each.
const BYTES_PER_FILE: u64 = 8;
/// Numbers that the server has not given to relations of its own.
const FIRST: u32 = 3_000_000_000;
/// The database `postgres`.
const DATABASE: &str = "base/5";

/// Moves a database's directory to a file system in memory: files are made and removed quickly
/// there. The server follows the link, and so does the backup.
fn move_database(lab: &mut Lab, to: &Tmpfs) -> PathBuf {
    lab.server.stop();
    let (old, new) = (lab.server.data().join(DATABASE), to.path().join("5"));
    run(Command::new("cp").arg("-a").arg(&old).arg(&new)).ok();
    fs::remove_dir_all(&old).unwrap();
    std::os::unix::fs::symlink(&new, &old).unwrap();
    lab.server.start();
    new
}

/// Files that look like relations. The server does not know them, and does not look.
fn make(dir: &Path, numbers: std::ops::Range<u32>) {
    for number in numbers {
        File::create(dir.join((FIRST + number).to_string())).unwrap();
    }
}

#[test]
fn a_listing_keeps_no_names() {
    let _alone = ALONE.lock();
    let began = Instant::now();
    let mut lab = Lab::new(PROGRAM);
    let tmpfs = Tmpfs::mount(&lab.scratch, "memory", 512);
    let dir = move_database(&mut lab, &tmpfs);
    let many = if fixtures::is_long() { VERY_MANY } else { MANY };
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
    assert!(
        grown < CHANCE + BYTES_PER_FILE * u64::from(many - FEW),
        "{each:.1} bytes for each file"
    );
    second.require_below(LIMIT);
    verified.require_below(LIMIT);
    assert!(lab.run(&["show"]).out().contains(&format!("files              {}", many / 1000)));
    drop(lab);
}
