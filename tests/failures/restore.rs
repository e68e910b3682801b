//! Failures of a restore.

use crate::PROGRAM;
use fixtures::{Lab, Outcome, Tmpfs};
use std::fs;
use std::path::Path;

fn restore(lab: &Lab, to: &Path, more: &[&str]) -> Outcome {
    let mut words = vec!["restore", "--to", to.to_str().unwrap()];
    words.extend(more);
    lab.run(&words)
}

fn backed_up() -> Lab {
    let lab = Lab::new(PROGRAM);
    let _ = lab.backup();
    lab
}

pub(crate) fn disk_too_small() -> Outcome {
    let lab = backed_up();
    let small = Tmpfs::mount(&lab.scratch, "small", 8);
    let to = small.path().join("r");
    let outcome = restore(&lab, &to, &[]);
    assert!(!to.exists(), "nothing was begun");
    outcome
}

pub(crate) fn disk_full() -> Outcome {
    let lab = backed_up();
    let bytes = lab.json(&["show"])["link"]["totals"]["bytes"].as_u64().unwrap();
    // Room for the files, but not for the log.
    let small = Tmpfs::mount(&lab.scratch, "small", bytes / (1 << 20) + 6);
    let to = small.path().join("r");
    let outcome = restore(&lab, &to, &[]);
    assert!(to.exists() && !to.join("global/pg_control").exists(), "it cannot be started");
    outcome
}

pub(crate) fn target_not_empty() -> Outcome {
    let lab = backed_up();
    let to = lab.scratch.make_dir("r");
    fs::write(to.join("precious"), "data").unwrap();
    let outcome = restore(&lab, &to, &[]);
    assert_eq!(fs::read_dir(&to).unwrap().count(), 1);
    outcome
}

pub(crate) fn target_unfinished() -> Outcome {
    let lab = backed_up();
    let bytes = lab.json(&["show"])["link"]["totals"]["bytes"].as_u64().unwrap();
    let small = Tmpfs::mount(&lab.scratch, "small", bytes / (1 << 20) + 6);
    let to = small.path().join("r");
    assert_eq!(restore(&lab, &to, &[]).code(), 16);
    restore(&lab, &to, &[])
}

pub(crate) fn target_running() -> Outcome {
    let lab = backed_up();
    restore(&lab, lab.server.data(), &[])
}

pub(crate) fn time_beyond() -> Outcome {
    let lab = backed_up();
    restore(&lab, &lab.scratch.join("r"), &["--target-time", "2100-01-01T00:00:00Z"])
}

pub(crate) fn time_before() -> Outcome {
    let lab = backed_up();
    restore(&lab, &lab.scratch.join("r"), &["--target-time", "2001-01-01T00:00:00Z"])
}

pub(crate) fn gap() -> Outcome {
    let mut lab = backed_up();
    for _ in 0..3 {
        lab.archive();
    }
    let lsn = lab.server.sql("SELECT pg_current_wal_insert_lsn()");
    lab.archive();
    let log = lab.objects("targets/pg-main/log");
    let segments: Vec<_> = log.iter().filter(|path| path.extension().is_none()).collect();
    fs::remove_file(segments[segments.len() - 2]).unwrap();
    restore(&lab, &lab.scratch.join("r"), &["--target-lsn", &lsn])
}

pub(crate) fn naive_time() -> Outcome {
    let lab = backed_up();
    restore(&lab, &lab.scratch.join("r"), &["--target-time", "2026-11-20 13:25:50"])
}

pub(crate) fn no_such_backup() -> Outcome {
    let lab = backed_up();
    restore(&lab, &lab.scratch.join("r"), &["--backup", "4711"])
}
