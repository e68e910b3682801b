//! A restore, killed or failing at every step: until the last one, no server starts on it.

use crate::tree::{self, Tree};
use crate::{PROGRAM, points, run_failed, run_killed};
use fixtures::postgresql::PostgreSql;
use fixtures::{Lab, run};
use std::path::Path;
use std::process::Command;

pub(crate) const OBJECTS: &[&str] = &["tree", "held-back", "settings", "signal", "marker"];

struct Setting {
    lab: Lab,
    whole: Tree,
}

impl Setting {
    fn new() -> Self {
        let lab = Lab::new(PROGRAM);
        let _ = lab.backup();
        let whole = tree::read(&lab.restore("whole", &[]));
        Self { lab, whole }
    }

    fn restore(&self, to: &Path) -> Command {
        self.lab.command(&["restore", "--to", to.to_str().unwrap(), "--quiet"])
    }

    /// Whole, or impossible to start.
    fn check(&self, point: &str, to: &Path) {
        if to.join("global/pg_control").exists() {
            assert!(tree::read(to) == self.whole, "{point}: it could start, and is not whole");
            return;
        }
        if to.join("postgresql.conf").exists() {
            let mut server = PostgreSql::at(&self.lab.scratch, to.to_owned());
            server.launch();
            let log = server.wait_for_end();
            assert!(log.contains("could not find the database system"), "{point}: {log}");
        }
        // What is left is not taken for an empty place; elsewhere the restore works.
        if to.exists() && std::fs::read_dir(to).unwrap().next().is_some() {
            let refused = run(&mut self.restore(to));
            assert_eq!(refused.code(), 15, "{point}: {}", refused.stderr);
            assert!(refused.stderr.contains("unfinished restore"), "{point}: {}", refused.stderr);
        }
    }
}

#[test]
fn killed_at_every_step() {
    let setting = Setting::new();
    for (number, point) in points(OBJECTS).into_iter().enumerate() {
        let to = setting.lab.scratch.join(&format!("r{number}"));
        run_killed(setting.restore(&to), &point);
        setting.check(&point, &to);
        let _ = std::fs::remove_dir_all(&to);
        let again = run(&mut setting.restore(&to));
        assert_eq!(again.code(), 0, "{point}: {}", again.stderr);
        assert!(tree::read(&to) == setting.whole, "{point}");
        std::fs::remove_dir_all(&to).unwrap();
    }
}

#[test]
fn killed_when_the_marker_is_written_for_the_second_time() {
    let setting = Setting::new();
    for (number, point) in points(&["marker"]).into_iter().enumerate() {
        let to = setting.lab.scratch.join(&format!("r{number}"));
        run_killed(setting.restore(&to), &format!("{point}@2"));
        assert!(to.join("global/pg_control").exists(), "{point}");
        setting.check(&point, &to);
    }
}

#[test]
fn failing_at_every_step() {
    let setting = Setting::new();
    for (number, point) in points(OBJECTS).into_iter().enumerate() {
        let to = setting.lab.scratch.join(&format!("r{number}"));
        let outcome = run_failed(setting.restore(&to), &point, "full");
        assert_eq!(outcome.code(), 16, "{point}: {}", outcome.stderr);
        setting.check(&point, &to);
        let _ = std::fs::remove_dir_all(&to);
    }
}
