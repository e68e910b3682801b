//! The double of a server, the stand-in for the tool, and the program under test.

use crate::lab::{install, program};
use fixtures::{Outcome, Run, Scratch, ScriptedMySql, StandIn, run};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target's name on every stage.
pub(super) const TARGET: &str = "my";

pub(super) struct Stage {
    pub(super) server: ScriptedMySql,
    pub(super) tool: StandIn,
    pub(super) scratch: Scratch,
}

impl Stage {
    /// A MySQL 8.0.36, the tool for it, and an empty repository.
    pub(super) fn new() -> Self {
        Self::of("8.0.36")
    }

    /// The same, with another server.
    pub(super) fn of(version: &str) -> Self {
        let scratch = Scratch::new();
        install(&scratch);
        let tool = StandIn::install(&scratch, "bin");
        let server = ScriptedMySql::start_as(&scratch, version);
        let stage = Self { server, tool, scratch };
        stage.server.dress(&stage.scratch);
        stage.run(&["init"]).ok();
        stage
    }

    /// Where the server's log is from now on.
    pub(super) fn set_lsn(&self, lsn: u64) {
        self.server.set_lsn(lsn);
    }

    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = program(&self.scratch, words);
        // A restore finds the tool by it.
        command.env("SEAWALL_XTRABACKUP", self.tool.program());
        command
    }

    pub(super) fn run(&self, words: &[&str]) -> Outcome {
        run(&mut self.command(words))
    }

    pub(super) fn url(&self) -> String {
        format!("mysql://root@localhost?socket={}", self.server.socket().display())
    }

    /// A backup: with one worker, and so one stream, unless the words say otherwise.
    pub(super) fn backup_command(&self, level: &str, more: &[&str]) -> Command {
        let (url, tool) = (self.url(), format!("tool={}", self.tool.program().display()));
        let mut words = vec!["backup", &url, "--target", TARGET, "--level", level, "--set", &tool];
        words.extend(["--output", "json", "--quiet"]);
        if !more.contains(&"--workers") {
            words.extend(["--workers", "1"]);
        }
        words.extend(more);
        self.command(&words)
    }

    /// Takes a backup; the program's answer.
    pub(super) fn backup(&self, level: &str, more: &[&str]) -> Value {
        let outcome = run(&mut self.backup_command(level, more));
        // 1: done, with warnings.
        assert!(outcome.code() <= 1, "{}{}", outcome.stdout, outcome.stderr);
        serde_json::from_str(&outcome.stdout).unwrap()
    }

    /// A backup that must fail with this status and say this.
    pub(super) fn refused(&self, level: &str, more: &[&str], status: i32, says: &str) {
        let outcome = run(&mut self.backup_command(level, more));
        assert_eq!(outcome.code(), status, "{}{}", outcome.stdout, outcome.stderr);
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(said.contains(says), "{says}: {said}");
    }

    /// How many backups are listed.
    pub(super) fn listed(&self) -> usize {
        let outcome = self.run(&["list", TARGET, "--output", "json", "--quiet"]);
        if outcome.code() == 14 {
            // Before the first one the target is not known.
            return 0;
        }
        let text = outcome.out();
        let mut documents = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
        let count = documents.find_map(|document| document.unwrap()["backups"].as_u64());
        usize::try_from(count.unwrap_or_else(|| panic!("{text}"))).unwrap()
    }

    /// Restores; the directory.
    pub(super) fn restore(&self, name: &str, more: &[&str]) -> PathBuf {
        let to = self.scratch.join(name);
        let mut words = vec!["restore", TARGET, "--to", to.to_str().unwrap()];
        words.extend(more);
        self.run(&words).ok();
        to
    }

    /// The tool's runs of one kind: `--backup`, `--prepare`.
    pub(super) fn runs(&self, kind: &str) -> Vec<Run> {
        let is_kind = |run: &Run| run.argv.iter().any(|word| word == kind);
        self.tool.runs().into_iter().filter(is_kind).collect()
    }
}

/// The name of a backup.
pub(super) fn name(answer: &Value) -> String {
    answer["backup"].as_str().unwrap().to_owned()
}

/// The value of a run's option.
pub(super) fn value<'a>(run: &'a Run, option: &str) -> Option<&'a str> {
    let mut words = run.argv.iter();
    words.find_map(|word| word.strip_prefix(option)?.strip_prefix('='))
}

/// Two restored trees hold the same; the tool's own words on itself have times in them.
pub(super) fn assert_same(one: &Path, other: &Path) {
    let mut diff = Command::new("diff");
    run(diff.args(["-r", "--exclude=xtrabackup_info"]).arg(one).arg(other)).ok();
}
