//! What is the same for all engines, on engines without a server (`fixtures/sample-engine`): units,
//! chains with partial files, points in time, every destination, faults; in a repository, in a tar and
//! in a file daemon.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod chain;
mod daemon;
mod server;
mod streams;
mod tar;
mod units;

use fixtures::{Outcome, Scratch, run};
use sample_engine::Source;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_seawall");

/// A source, a repository, and the program.
struct Stage {
    scratch: Scratch,
    source: Source,
}

impl Stage {
    /// A source of these units; of none: it is one.
    fn new(units: &[&str]) -> Self {
        let scratch = Scratch::new();
        let source = Source::create(&scratch.join("source"), units).unwrap();
        let stage = Self { scratch, source };
        stage.run(&["init"]).ok();
        stage
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(words).arg("--repo").arg(self.repo()).current_dir(self.scratch.path());
        command.arg("--quiet");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SEAWALL_") {
                command.env_remove(&name);
            }
        }
        command
    }

    fn run(&self, words: &[&str]) -> Outcome {
        run(&mut self.command(words))
    }

    fn json(&self, words: &[&str]) -> Value {
        let words = [words, &["--output", "json"]].concat();
        let outcome = self.run(&words);
        serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", outcome.stdout, outcome.stderr))
    }

    fn repo(&self) -> PathBuf {
        self.scratch.join("repo")
    }

    /// The source's URL for an engine.
    fn url(&self, engine: &str) -> String {
        format!("{engine}://{}", self.source.dir().display())
    }

    /// A backup of the only unit; answers what the program says.
    fn backup(&self, engine: &str, level: &str) -> Value {
        let answer = self.json(&["backup", &self.url(engine), "--target", "t", "--level", level]);
        assert_eq!(answer["schema"], "seawall.backup/1", "{answer}");
        answer
    }

    /// Restores to a new directory, and does what a server does when it is started there.
    fn recover(&self, name: &str, words: &[&str]) -> BTreeMap<String, Vec<u8>> {
        let to = self.scratch.join(name);
        let words = [&["restore", "t", "--to", to.to_str().unwrap()], words].concat();
        let outcome = self.run(&words);
        assert_eq!(outcome.code(), 0, "{}{}", outcome.stdout, outcome.stderr);
        sample_engine::recover(&to).unwrap();
        files(&to)
    }

    /// The files of the only unit, now.
    fn now(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.source.data(None))
    }
}

/// All files below a directory, with their bytes.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    walk(dir, "", &mut found);
    found
}

fn walk(dir: &Path, above: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let name = format!("{above}{}", entry.file_name().to_str().unwrap());
        match entry.path().is_dir() {
            true => walk(&entry.path(), &format!("{name}/"), found),
            false => drop(found.insert(name, std::fs::read(entry.path()).unwrap())),
        }
    }
}
