//! A backup, killed or failing at every step.

use crate::tree::{self, Tree};
use crate::{PROGRAM, points, run_failed, run_killed};
use fixtures::{Lab, ScratchServer, run};
use std::collections::BTreeSet;
use std::process::Command;

pub(crate) const OBJECTS: &[&str] = &["lock", "claim", "directory", "volume", "rows", "link"];

/// A server with one good backup, and what that restores to.
struct Setting {
    lab: Lab,
    good: String,
    tree: Tree,
}

impl Setting {
    fn new() -> Self {
        let lab = Lab::new(PROGRAM);
        lab.server.sql("CREATE TABLE t AS SELECT generate_series(1, 10000) n");
        let good = lab.backup();
        let mut setting = Self { lab, good, tree: Tree::new() };
        setting.tree = setting.restore();
        setting
    }

    fn backup(&self) -> Command {
        let url = self.lab.server.url();
        self.lab.command(&["backup", &url, "--target", "pg-main", "--quiet", "--workers", "2"])
    }

    fn listed(&self) -> BTreeSet<String> {
        let answer = self.lab.json(&["list"]);
        let items = answer["items"].as_array().unwrap();
        items.iter().map(|item| item["backup"].as_str().unwrap().to_owned()).collect()
    }

    /// What the good backup restores to.
    fn restore(&self) -> Tree {
        let name = "restored";
        let restored = self.lab.restore(name, &["--backup", &self.good]);
        let tree = tree::read(&restored);
        std::fs::remove_dir_all(&restored).unwrap();
        tree
    }

    /// After whatever happened at `point`.
    fn check(&self, point: &str, before: &BTreeSet<String>) {
        let after = self.listed();
        assert!(after.is_superset(before), "{point}: a backup is gone");
        assert!(after.len() <= before.len() + 1, "{point}");
        // Whatever is listed is whole.
        for new in after.difference(before) {
            let verified = self.lab.run(&["verify", "--backup", new, "--quiet"]);
            assert_eq!(verified.code(), 0, "{point}: {}", verified.stdout);
        }
        assert!(self.restore() == self.tree, "{point}: the good backup restores to something else");
        // The next one works, and tidies up.
        run(&mut self.backup()).ok();
        let jobs: BTreeSet<_> = self
            .lab
            .objects("targets/pg-main/jobs")
            .iter()
            .map(|path| path.parent().unwrap().to_owned())
            .collect();
        assert_eq!(
            jobs.len(),
            self.listed().len(),
            "{point}: what the dead job left is still there"
        );
        assert!(self.lab.objects("locks").is_empty(), "{point}: a lease is left");
    }
}

#[test]
fn killed_at_every_step() {
    let setting = Setting::new();
    for point in points(OBJECTS) {
        let before = setting.listed();
        run_killed(setting.backup(), &point);
        setting.check(&point, &before);
    }
    let verified = setting.lab.run(&["verify", "--quiet"]);
    assert_eq!(verified.code(), 0, "{}", verified.stdout);
}

#[test]
fn failing_at_every_step() {
    let setting = Setting::new();
    for (number, point) in points(OBJECTS).into_iter().enumerate() {
        let (how, status) = if number % 2 == 0 { ("full", 16) } else { ("io", 17) };
        let before = setting.listed();
        let outcome = run_failed(setting.backup(), &point, how);
        // A lease or a link that cannot be tidied up is told, and is no failure of the backup.
        assert!(
            outcome.code() == status || outcome.code() == 0,
            "{point}: {}\n{}",
            outcome.status,
            outcome.stderr
        );
        if outcome.code() == 0 {
            assert!(outcome.stderr.contains("was not"), "{point}: {}", outcome.stderr);
        }
        setting.check(&point, &before);
    }
}
