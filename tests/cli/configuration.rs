//! Who wins: flag, environment, target, repository, global, the database's own variables, default.

use crate::PROGRAM;
use fixtures::{Outcome, run};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

struct Config {
    dir: fixtures::Scratch,
}

impl Config {
    fn new(text: &str) -> Self {
        let dir = fixtures::Scratch::new();
        fs::write(dir.join("seawall.toml"), text).unwrap();
        Self { dir }
    }

    fn path(&self) -> PathBuf {
        self.dir.join("seawall.toml")
    }

    fn run(&self, words: &[&str], env: &[(&str, &str)]) -> Outcome {
        let mut command = Command::new(PROGRAM);
        command.args(words).arg("--config").arg(self.path()).env_clear();
        run(command.envs(env.iter().copied()))
    }

    /// `value (origin)` of an option.
    fn value(&self, name: &str, words: &[&str], env: &[(&str, &str)]) -> String {
        let mut all = vec!["config", "show", "--origin"];
        all.extend(words);
        let text = self.run(&all, env).out();
        let line = text.lines().find(|line| line.split_whitespace().next() == Some(name));
        let line = line.unwrap_or_else(|| panic!("{name} in\n{text}"));
        line.split_once(' ').unwrap().1.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

const TEXT: &str = "\
[global]
workers = 1
repo = \"main\"

[repo.main]
path = \"/backup\"
workers = 2
compression_level = 5

[target.pg]
url = \"postgresql://url-user@url-host/url-db\"
workers = 3
user = \"file-user\"
start_fast = false
";

#[test]
fn the_nearest_to_the_operator_wins() {
    let config = Config::new(TEXT);
    let path = config.path().display().to_string();
    let pg: &[&str] = &["pg"];
    assert_eq!(
        config.value("workers", pg, &[("SEAWALL_WORKERS", "4")]),
        "4 (environment, SEAWALL_WORKERS)"
    );
    assert_eq!(config.value("workers", pg, &[]), format!("3 ({path}:12)"));
    assert_eq!(config.value("workers", &[], &[]), format!("2 ({path}:7)"));
    assert_eq!(config.value("workers", &["--repo", "/elsewhere"], &[]), format!("1 ({path}:2)"));
    assert_eq!(config.value("compression_level", pg, &[]), format!("5 ({path}:8)"));
    assert_eq!(config.value("volume_size", pg, &[]), "1GiB (default)");
    assert_eq!(config.value("repo", pg, &[]), format!("main ({path}:3)"));
    assert_eq!(config.value("repo", &["pg", "--repo", "/x"], &[]), "/x (command line)");
    // The engine's options; what the configuration says wins over the database's own variables.
    assert_eq!(config.value("user", pg, &[("PGUSER", "native")]), format!("file-user ({path}:13)"));
    assert_eq!(
        config.value("host", pg, &[("PGHOST", "native")]),
        "url-host (url of the configuration)"
    );
    assert_eq!(config.value("port", pg, &[("PGPORT", "6432")]), "6432 (environment, PGPORT)");
    assert_eq!(config.value("start_fast", pg, &[]), format!("false ({path}:14)"));
    let url: &[&str] = &["postgresql://me@h"];
    assert_eq!(config.value("user", url, &[("PGUSER", "native")]), "me (URL on the command line)");
    assert_eq!(config.value("dbname", url, &[]), "postgres (default)");
}

#[test]
fn secrets_are_masked() {
    let config = Config::new(TEXT);
    let shown = config.value("password", &["pg"], &[("PGPASSWORD", "hunter2")]);
    assert_eq!(shown, "*** (environment, PGPASSWORD)");
    // What nobody set is listed too: so the options can be found.
    assert_eq!(config.value("sslcert", &["pg"], &[]), "- (not set)");
}

#[test]
fn mistakes_are_named_with_their_line_and_the_nearest_name() {
    for (text, message, hint) in [
        (
            "[target.pg]\nurl = \"postgresql://h\"\nworkrs = 3\n",
            ":3: unknown key \"workrs\"",
            "Did you mean workers?",
        ),
        (
            "[repo.main]\npath = \"/b\"\nfrobnicate = \"x\"\n",
            ":3: unknown key \"frobnicate\"",
            "Known are:",
        ),
        (
            "[target.pg]\nengine = \"oracle\"\n",
            "there is no engine \"oracle\"",
            "Built in: postgresql, mariadb",
        ),
        (
            "[target.pg]\nurl = \"postgresql://h\"\nport = \"many\"\n",
            ":3: option port is \"many\", but must be a number",
            "",
        ),
        (
            "[global]\nvolume_size = \"1 lot\"\n",
            "option volume_size is \"1 lot\", but must be a size",
            "",
        ),
        ("[global\n", ":1: ", ""),
    ] {
        let outcome = Config::new(text).run(&["config", "check"], &[]);
        assert_eq!(outcome.code(), 2, "{text}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(message), "{message} in\n{}", outcome.stderr);
        assert!(outcome.stderr.contains(hint), "{hint} in\n{}", outcome.stderr);
    }
    let good = Config::new(TEXT).run(&["config", "check"], &[]).out();
    assert!(good.contains("1 target(s), 1 repository(s), nothing wrong"), "{good}");
    let missing = run(Command::new(PROGRAM).args(["config", "check", "--config", "/no/such/file"]));
    assert_eq!(missing.code(), 2);
}
