//! Repositories that older programs wrote are read by this one (`fixtures/repositories`).

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

use fixtures::postgresql::PostgreSql;
use fixtures::{MariaDb, Outcome, Scratch, ScratchServer, as_server_user, data, run};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_seawall");

/// The repositories of version 0.1, unpacked.
struct Old {
    scratch: Scratch,
    /// What their backups restore to.
    expected: Value,
}

impl Old {
    fn new() -> Self {
        let scratch = Scratch::new();
        let archive = data("repositories/v0.1/repositories.tar.zst");
        run(Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(scratch.path())).ok();
        fs::copy(PROGRAM, scratch.join("seawall")).unwrap();
        for name in ["postgresql", "mariadb"] {
            scratch.give_all(&scratch.join(name));
        }
        let expected = fs::read(data("repositories/v0.1/expected.json")).unwrap();
        Self { scratch, expected: serde_json::from_slice(&expected).unwrap() }
    }

    fn run(&self, repo: &str, words: &[&str]) -> Outcome {
        let mut command = as_server_user(&self.scratch.join("seawall"));
        command.args(words).arg("--quiet").arg("--repo").arg(self.scratch.join(repo));
        command.current_dir(self.scratch.path()).env("TMPDIR", self.scratch.path());
        run(&mut command)
    }

    fn json(&self, repo: &str, words: &[&str]) -> Value {
        let text = self.run(repo, &[words, &["--output", "json"]].concat()).out();
        serde_json::from_str(&text).unwrap()
    }

    fn expect(&self, name: &str) -> String {
        self.expected[name].to_string().trim_matches('"').to_owned()
    }
}

#[test]
fn every_backup_is_listed_shown_and_verified() {
    let old = Old::new();
    for (repo, levels) in
        [("postgresql", &["full", "log"][..]), ("mariadb", &["full", "incremental", "differential"])]
    {
        let list = old.json(repo, &["list"]);
        let items = list["items"].as_array().unwrap();
        let found: Vec<&str> = items.iter().map(|item| item["level"].as_str().unwrap()).collect();
        assert_eq!(found, levels, "{list}");
        for item in items {
            let shown = old.json(repo, &["show", "old", "--backup", item["backup"].as_str().unwrap()]);
            assert_eq!(shown["link"]["level"], item["level"]);
        }
        assert_eq!(old.run(repo, &["verify"]).code(), 0);
    }
    let points = old.json("postgresql", &["show", "old", "--restore-points", "--backup", {
        &old.json("postgresql", &["list"])["items"][0]["backup"].as_str().unwrap().to_owned()
    }]);
    assert_eq!(points["items"][0]["name"], "after the backup", "{points}");
    assert_eq!(old.run("postgresql", &["wal", "verify", "old"]).code(), 0);
}

#[test]
fn a_server_of_postgresql_comes_back_to_any_second() {
    let old = Old::new();
    let space = old.scratch.join("space");
    let mapping = format!("{}={}", old.expect("tablespace"), space.display());
    let moment = old.expect("moment");
    for (name, words, rows) in [
        ("moment", &["--target-time", &moment, "--target-action", "promote"][..], "rows_at_the_moment"),
        ("end", &[], "rows_at_the_end"),
    ] {
        let to = old.scratch.join(name);
        let at = ["restore", "old", "--to", to.to_str().unwrap(), "--tablespace", &mapping];
        old.run("postgresql", &[&at[..], words].concat()).ok();
        let mut server = PostgreSql::at(&old.scratch, to);
        server.start();
        server.wait_until("NOT pg_is_in_recovery()");
        assert_eq!(server.sql("SELECT count(*) FROM t"), old.expect(rows), "{name}");
        assert_eq!(server.sql("SELECT count(*) FROM in_space"), old.expect("rows_in_space"));
        server.stop();
        fs::remove_dir_all(&space).unwrap();
    }
}

#[test]
fn a_server_of_mariadb_comes_back_from_every_link_of_a_chain() {
    let old = Old::new();
    let list = old.json("mariadb", &["list"]);
    for item in list["items"].as_array().unwrap() {
        let level = item["level"].as_str().unwrap();
        let to: PathBuf = old.scratch.join(level);
        let backup = item["backup"].as_str().unwrap();
        let words = ["restore", "old", "--to", to.to_str().unwrap(), "--backup", backup];
        old.run("mariadb", &words).ok();
        let server = MariaDb::start_on(&old.scratch, &to);
        let rows = server.rows("SELECT count(*) FROM shop.t");
        assert_eq!(rows[0][0], old.expected["rows_of_mariadb"][level].to_string(), "{level}");
    }
}
