//! Peak memory of backup, restore and verify, as the kernel counts it: it must not grow with the
//! size of the data, nor with the number of files.
//!
//! Two figures are printed for each verb. The program's own is `VmHWM` of proc(5), read when it
//! answers; the other is the same field, read from outside every few milliseconds until the process
//! is gone. That field never falls, so both miss only what the last moments add.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod data;
mod listed;
mod measured;

use fixtures::postgresql::program;
use fixtures::{Lab, ScratchServer, run};
use measured::{Peak, measure};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_seawall");
/// What every verb must stay below.
const LIMIT: u64 = 256 << 20;
/// What eighty thousand files more may add: buffers that a small cluster does not fill, and less
/// than 256 bytes for each file.
const GROWTH: u64 = 20 << 20;

/// One after the other: what is measured should have the machine for itself.
static ALONE: Mutex<()> = Mutex::new(());

/// Written past the test harness: the figures are part of the proof, also when all is well.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "memory: {text}");
}

/// Takes a backup, verifies the repository, restores; the peaks of the three, and where the data
/// is.
fn round(lab: &Lab, name: &str) -> (Vec<Peak>, PathBuf) {
    let (url, to) = (lab.server.url(), lab.scratch.join(name));
    let peaks = vec![
        measure(lab, name, &["backup", &url, "--target", "pg-main"]),
        measure(lab, name, &["verify"]),
        measure(lab, name, &["restore", "--to", to.to_str().unwrap()]),
    ];
    run(program("pg_verifybackup").arg(&to)).ok();
    (peaks, to)
}

#[test]
fn two_gigabytes() {
    let _alone = ALONE.lock();
    let began = Instant::now();
    let mut lab = data::lab(PROGRAM);
    data::make_large(&lab.server);
    data::archive_from_now_on(&mut lab);
    let size: u64 =
        lab.server.sql("SELECT sum(pg_database_size(oid)) FROM pg_database").parse().unwrap();
    assert!(size > 2_000_000_000, "the server has only {size} bytes");
    let second = lab.server.sql("SELECT pg_relation_filepath('large0') || '.1'");
    assert!(lab.server.data().join(&second).exists(), "no table has a second file");
    let wanted = data::hashes(&lab.server);
    say(&format!("{size} bytes after {:.1} s", began.elapsed().as_secs_f64()));

    let (peaks, restored) = round(&lab, "large");
    lab.server.stop();
    let mut server = lab.start(restored);
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(data::hashes(&server), wanted, "rows of the restored server");
    say(&format!("done after {:.1} s", began.elapsed().as_secs_f64()));
    for peak in peaks {
        peak.require_below(LIMIT);
    }
}

#[test]
fn very_many_small_files() {
    let _alone = ALONE.lock();
    let began = Instant::now();
    let mut lab = data::lab(PROGRAM);
    data::archive_from_now_on(&mut lab);
    let (few, _) = round(&lab, "few files");
    data::make_many(&lab.server);
    say(&format!("{} tables after {:.1} s", data::TABLES, began.elapsed().as_secs_f64()));

    let (many, restored) = round(&lab, "many files");
    lab.server.stop();
    let mut server = lab.start(restored);
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(data::count_many(&server), data::TABLES, "tables of the restored server");
    say(&format!("done after {:.1} s", began.elapsed().as_secs_f64()));
    for (few, many) in few.iter().zip(&many) {
        many.require_below(LIMIT);
        many.require_below(few.bytes() + GROWTH);
    }
}
