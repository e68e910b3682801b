//! Pieces of log: pushed and fetched, killed or failing at every step.

use crate::{PROGRAM, points, run_failed, run_killed};
use fixtures::{Lab, Outcome, run};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

pub(crate) const OBJECTS: &[&str] = &["log", "fetched", "repository"];

struct Setting {
    lab: Lab,
    segment: PathBuf,
    bytes: Vec<u8>,
}

impl Setting {
    fn new() -> Self {
        let mut lab = Lab::new(PROGRAM);
        lab.archive();
        let object = lab.objects("targets/pg-main/log").remove(0);
        let name = object.file_name().unwrap().to_str().unwrap().to_owned();
        let segment = lab.scratch.join(&name);
        let words = ["wal", "fetch", &name, segment.to_str().unwrap(), "--target", "pg-main"];
        run(lab.command(&words).current_dir(lab.server.data())).ok();
        let bytes = fs::read(&segment).unwrap();
        Self { lab, segment, bytes }
    }

    /// Each point has a target of its own, in which the segment is new.
    fn push(&self, target: &str) -> Command {
        let segment = self.segment.to_str().unwrap();
        let mut command = self.lab.command(&["wal", "push", segment, "--target", target]);
        command.current_dir(self.lab.server.data());
        command
    }

    fn fetch(&self, target: &str, to: &str) -> Command {
        let name = self.segment.file_name().unwrap().to_str().unwrap();
        let mut command = self.lab.command(&["wal", "fetch", name, to, "--target", target]);
        command.current_dir(self.lab.server.data());
        command
    }

    /// The segment is there as a whole, or not at all; then a push makes it be there.
    fn check(&self, point: &str, target: &str) {
        let to = self.lab.scratch.join("fetched");
        let to_text = to.to_str().unwrap();
        let first = run(&mut self.fetch(target, to_text));
        match first.code() {
            0 => assert!(fs::read(&to).unwrap() == self.bytes, "{point}"),
            code => assert_eq!(code, 14, "{point}: {}", first.stderr),
        }
        run(&mut self.push(target)).ok();
        run(&mut self.fetch(target, to_text)).ok();
        assert!(fs::read(&to).unwrap() == self.bytes, "{point}");
        fs::remove_file(&to).unwrap();
    }
}

#[test]
fn pushes_killed_at_every_step() {
    let setting = Setting::new();
    for point in points(&["log"]) {
        let target = point.replace('.', "-");
        run_killed(setting.push(&target), &point);
        setting.check(&point, &target);
    }
}

#[test]
fn pushes_failing_at_every_step() {
    let setting = Setting::new();
    for point in points(&["log"]) {
        let target = point.replace('.', "-");
        let outcome = run_failed(setting.push(&target), &point, "full");
        assert_eq!(outcome.code(), 16, "{point}: {}", outcome.stderr);
        setting.check(&point, &target);
    }
}

#[test]
fn a_duplicate_is_on_disk_before_it_is_a_success() {
    let setting = Setting::new();
    run(&mut setting.push("twice")).ok();
    // The second push must sync what the first may have left unsynced.
    for point in ["log.sync.before", "log.sync-dir.before"] {
        let outcome = run_failed(setting.push("twice"), point, "io");
        assert_eq!(outcome.code(), 17, "{point}: {}", outcome.stderr);
    }
}

#[test]
fn fetches_killed_and_failing_at_every_step() {
    let setting = Setting::new();
    run(&mut setting.push("t")).ok();
    for point in points(&["fetched"]) {
        let to = setting.lab.scratch.join("RECOVERYXLOG");
        run_killed(setting.fetch("t", to.to_str().unwrap()), &point);
        assert!(!to.exists() || fs::read(&to).unwrap() == setting.bytes, "{point}");
        let failed: Outcome = run_failed(setting.fetch("t", to.to_str().unwrap()), &point, "full");
        assert_eq!(failed.code(), 126, "{point}: {}", failed.stderr);
        run(&mut setting.fetch("t", to.to_str().unwrap())).ok();
        assert!(fs::read(&to).unwrap() == setting.bytes, "{point}");
        fs::remove_file(&to).unwrap();
    }
}

#[test]
fn repositories_killed_while_they_are_made() {
    let lab = Lab::new(PROGRAM);
    for point in points(&["repository"]) {
        let repo = lab.scratch.join(&point);
        let words = ["init", "--repo", repo.to_str().unwrap()];
        run_killed(lab.command(&words), &point);
        let again = run(&mut lab.command(&words));
        // Made by the first, or by the second; never half.
        assert!(matches!(again.code(), 0 | 15), "{point}: {}", again.stderr);
        run(&mut lab.command(&["list", "--repo", repo.to_str().unwrap()])).ok();
    }
}
