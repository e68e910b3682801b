//! A server, a repository and the program under test.

use fixtures::mariadb::{PASSWORD, Programs};
use fixtures::{MariaDb, Outcome, Scratch, ScratchServer, as_server_user, run};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target's name in every lab.
pub(crate) const TARGET: &str = "maria";

pub(crate) struct Lab {
    // Before the scratch: the server ends before its files go.
    pub(crate) server: MariaDb,
    pub(crate) scratch: Scratch,
    programs: Programs,
}

impl Lab {
    /// A running server of Debian's series and an empty repository.
    pub(crate) fn new() -> Self {
        Self::of(&Programs::usual())
    }

    /// A running server of some series and an empty repository.
    pub(crate) fn of(programs: &Programs) -> Self {
        Self::of_with(programs, "")
    }

    /// Debian's series, with more lines for the server's option file.
    pub(crate) fn with(lines: &str) -> Self {
        Self::of_with(&Programs::usual(), lines)
    }

    /// The same of a series.
    pub(crate) fn of_with(programs: &Programs, lines: &str) -> Self {
        let scratch = Scratch::new();
        let mut server = programs.init(&scratch, "m", lines);
        server.start();
        install(&scratch);
        let lab = Self { server, scratch, programs: programs.clone() };
        lab.run(&["init"]).ok();
        lab
    }

    /// The program with the lab's repository, and the tool of the server's series first on its path.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = program(&self.scratch, words);
        command.env("PATH", self.programs.search_path());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Outcome {
        run(&mut self.command(words))
    }

    /// Words of a backup of the lab's server.
    pub(crate) fn backup_words<'a>(&self, level: &'a str, url: &'a str) -> Vec<&'a str> {
        vec!["backup", url, "--target", TARGET, "--level", level]
    }

    pub(crate) fn url(&self) -> String {
        format!("mariadb://root@localhost?socket={}", self.server.socket().display())
    }

    /// Takes a backup; the program's answer.
    pub(crate) fn backup(&self, level: &str) -> Value {
        self.backup_with(level, &[])
    }

    /// The same, with more words.
    pub(crate) fn backup_with(&self, level: &str, more: &[&str]) -> Value {
        let url = self.url();
        let mut words = self.backup_words(level, &url);
        words.extend(more);
        words.extend(["--output", "json", "--quiet"]);
        let outcome = self.run(&words);
        // 1: done, with warnings.
        assert!(outcome.code() <= 1, "{}{}", outcome.stdout, outcome.stderr);
        serde_json::from_str(&outcome.stdout).unwrap()
    }

    /// Restores; the directory.
    pub(crate) fn restore(&self, name: &str, more: &[&str]) -> PathBuf {
        let to = self.scratch.join(name);
        let place = to.display().to_string();
        let mut words = vec!["restore", TARGET, "--to", &place];
        words.extend(more);
        self.run(&words).ok();
        to
    }

    /// A server on a restored directory.
    pub(crate) fn start(&self, restored: &Path) -> MariaDb {
        self.programs.start_on(&self.scratch, restored)
    }

    /// The repository.
    pub(crate) fn repo(&self) -> PathBuf {
        self.scratch.join("repo")
    }

    /// Names of the backups that are listed.
    pub(crate) fn listed(&self) -> Vec<String> {
        let outcome = self.run(&["list", TARGET, "--output", "jsonl", "--quiet"]);
        // 14: nothing of the target yet.
        if outcome.code() == 14 {
            return Vec::new();
        }
        let text = outcome.out();
        let items = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        items.filter_map(|item| Some(item["backup"].as_str()?.to_owned())).collect()
    }
}

/// Puts the program where the server's user may run it.
pub(crate) fn install(scratch: &Scratch) {
    // By a program: what another test starts meanwhile would inherit our copy, open for writing,
    // and a program that somebody writes to cannot be run.
    run(Command::new("cp").arg(env!("CARGO_BIN_EXE_seawall")).arg(scratch.join("seawall"))).ok();
}

/// The program as the server's user, with the password where nobody sees it, and a scratch's own
/// repository unless another is named.
pub(crate) fn program(scratch: &Scratch, words: &[&str]) -> Command {
    let mut command = as_server_user(&scratch.join("seawall"));
    command.args(words).current_dir(scratch.path());
    if !words.contains(&"--repo") {
        command.arg("--repo").arg(scratch.join("repo"));
    }
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("MYSQL") || text.starts_with("SEAWALL_") {
            command.env_remove(&name);
        }
    }
    command.env("HOME", scratch.path()).env("TMPDIR", scratch.path());
    command.env("SEAWALL_PASSWORD", PASSWORD);
    command
}
