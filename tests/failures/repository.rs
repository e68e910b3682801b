//! Failures on the repository's side.

use crate::PROGRAM;
use fixtures::{Lab, Outcome, ScratchServer, Tmpfs};
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

fn backup(lab: &Lab, more: &[&str]) -> Outcome {
    let url = lab.server.url();
    let mut words = vec!["backup", &url, "--target", "pg-main"];
    words.extend(more);
    lab.run(&words)
}

pub(crate) fn missing() -> Outcome {
    backup(&Lab::new(PROGRAM), &["--repo", "/no/such/place"])
}

pub(crate) fn disk_full() -> Outcome {
    let lab = Lab::new(PROGRAM);
    lab.server.sql("CREATE TABLE t AS SELECT g, md5(g::text) FROM generate_series(1, 200000) g");
    let small = Tmpfs::mount(&lab.scratch, "small", 6);
    let repo = small.path().join("repo");
    let repo = repo.to_str().unwrap();
    lab.run(&["init", "--repo", repo]).ok();
    let outcome = backup(&lab, &["--repo", repo]);
    // Nothing half-made is listed, and what was written is given back.
    assert!(lab.run(&["list", "--repo", repo]).out().contains("no backups yet"));
    let left = fs::read_dir(repo).unwrap().flatten();
    let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["seawall.json"]);
    outcome
}

pub(crate) fn backup_running() -> Outcome {
    let lab =
        Lab::with(PROGRAM, &[], "checkpoint_timeout = 300s\ncheckpoint_completion_target = 0.9\n");
    lab.server
        .sql("CREATE TABLE t AS SELECT g, repeat('x', 1000) FROM generate_series(1, 20000) g");
    let words = ["backup", &lab.server.url(), "--target", "pg-main", "--set", "start_fast=false"];
    let mut running =
        lab.command(&words).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_backup_start%' AND application_name = 'seawall'";
    while lab.server.sql(waiting) != "1" {
        assert!(Instant::now() < deadline, "the first backup does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    let refused = backup(&lab, &[]);
    running.kill().unwrap();
    running.wait().unwrap();
    // The lease of a dead process is not respected.
    let next = backup(&lab, &[]);
    assert_eq!(next.code(), 0, "{}", next.stderr);
    assert!(next.stderr.contains("its process is gone"), "{}", next.stderr);
    refused
}

pub(crate) fn corrupted_volume() -> Outcome {
    let lab = Lab::new(PROGRAM);
    let _ = lab.backup();
    let volumes = lab.objects("targets/pg-main/jobs");
    let volume = volumes.iter().find(|path| path.ends_with("000001.tar.zst")).unwrap();
    let mut bytes = fs::read(volume).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(volume, bytes).unwrap();
    let verified = lab.run(&["verify"]);
    assert_eq!(verified.code(), 30);
    assert!(verified.stdout.contains("000001.tar.zst is damaged near byte"), "{}", verified.stdout);
    let to = lab.scratch.join("r");
    let outcome = lab.run(&["restore", "--to", to.to_str().unwrap()]);
    assert!(!to.join("global/pg_control").exists(), "a damaged restore must not start");
    outcome
}

pub(crate) fn newer_format() -> Outcome {
    let lab = Lab::new(PROGRAM);
    let path = lab.repo().join("seawall.json");
    let text = fs::read_to_string(&path).unwrap().replace("\"version\": 1", "\"version\": 99");
    let (members, _seal) = text.rsplit_once(",\n").unwrap();
    fs::write(&path, formats::sealed::seal(&format!("{members}}}")).unwrap()).unwrap();
    lab.run(&["list"])
}
