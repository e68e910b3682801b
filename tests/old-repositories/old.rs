//! A copy of a repository that an older version wrote, and today's program to read it.

use fixtures::{Outcome, Scratch, as_server_user, run};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A scratch directory with the repository in `repo` and the program.
pub(crate) struct OldRepository {
    pub(crate) scratch: Scratch,
}

/// What a version's repositories restore to.
pub(crate) fn expected(version: &str) -> Value {
    let text = fs::read_to_string(place(version).join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn place(version: &str) -> PathBuf {
    fixtures::data(&format!("repositories/v{version}"))
}

impl OldRepository {
    /// The repository of an engine's backups, as a version left it.
    pub(crate) fn unpack(version: &str, engine: &str) -> Self {
        let scratch = Scratch::new();
        let archive = place(version).join("repositories.tar.zst");
        let mut unpack = Command::new("bash");
        unpack.args(["-c", "set -o pipefail; zstd -dqc \"$0\" | tar -C \"$1\" -xf - \"$2\""]);
        run(unpack.arg(archive).arg(scratch.path()).arg(engine)).ok();
        fs::rename(scratch.join(engine), scratch.join("repo")).unwrap();
        scratch.give_all(&scratch.join("repo"));
        // By a program: what another test starts meanwhile would inherit our copy, open for writing,
        // and a program that somebody writes to cannot be run.
        let program = env!("CARGO_BIN_EXE_seawall");
        run(Command::new("cp").arg(program).arg(scratch.join("seawall"))).ok();
        Self { scratch }
    }

    /// The program as the servers' user.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = as_server_user(&self.scratch.join("seawall"));
        command.args(words).arg("--repo").arg(self.repo()).current_dir(self.scratch.path());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["PG", "MYSQL", "SEAWALL_"].iter().any(|begin| text.starts_with(begin)) {
                command.env_remove(&name);
            }
        }
        command.env("HOME", self.scratch.path()).env("TMPDIR", self.scratch.path());
        command
    }

    pub(crate) fn repo(&self) -> PathBuf {
        self.scratch.join("repo")
    }

    pub(crate) fn run(&self, words: &[&str]) -> Outcome {
        run(&mut self.command(words))
    }

    /// Runs it for one JSON document; a status of 1 means done, with warnings.
    pub(crate) fn json_of(&self, command: &mut Command) -> Value {
        let outcome = run(command.args(["--output", "json", "--quiet"]));
        assert!(outcome.code() <= 1, "{}{}", outcome.stdout, outcome.stderr);
        serde_json::from_str(&outcome.stdout).unwrap()
    }

    pub(crate) fn json(&self, words: &[&str]) -> Value {
        self.json_of(&mut self.command(words))
    }

    /// The names of its backups by level, oldest first.
    pub(crate) fn backups(&self) -> Vec<(String, String)> {
        let listed = self.json(&["list"]);
        let text = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
        let items = listed["items"].as_array().unwrap().iter();
        items.map(|item| (text(item, "level"), text(item, "backup"))).collect()
    }

    /// Restores to a new directory of the scratch.
    pub(crate) fn restore(&self, name: &str, words: &[&str]) -> PathBuf {
        let to = self.scratch.join(name);
        let place = to.display().to_string();
        self.run(&[&["restore", "old", "--to", &place, "--quiet"], words].concat()).ok();
        to
    }

    /// The paths of all objects below a directory of the repository, sorted.
    pub(crate) fn objects(&self, below: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.repo().join(below), &mut found);
        found.sort();
        found
    }

    /// The text of all claims and links.
    pub(crate) fn documents(&self) -> Vec<String> {
        let is_document = |path: &PathBuf| path.extension().is_some_and(|end| end == "json");
        let paths = self.objects("targets").into_iter().filter(is_document);
        paths.map(|path| fs::read_to_string(path).unwrap()).collect()
    }
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}
