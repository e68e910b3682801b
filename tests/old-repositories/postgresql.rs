//! A full with a tablespace, a link of log, and log behind it.

use crate::VERSIONS;
use crate::old::{OldRepository, expected};
use fixtures::postgresql::{PostgreSql, Programs};
use fixtures::{ScratchServer, run};
use serde_json::Value;
use std::path::PathBuf;

/// A repository of some version, and what it restores to.
struct Old {
    repository: OldRepository,
    expected: Value,
}

impl Old {
    fn of(version: &str) -> Self {
        let repository = OldRepository::unpack(version, "postgresql");
        Self { repository, expected: expected(version) }
    }

    fn moment(&self) -> &str {
        self.expected["moment"].as_str().unwrap()
    }

    /// The tablespace goes beside the data directory.
    fn restore(&self, name: &str, words: &[&str]) -> PathBuf {
        let space = self.repository.scratch.join(&format!("{name}.space"));
        let mapping = format!("{}={}", self.expected["tablespace"], space.display());
        self.repository.restore(name, &[&["--tablespace", &mapping], words].concat())
    }

    /// A server on a restored directory, recovered to its end.
    fn start(&self, restored: PathBuf, settings: &str) -> PostgreSql {
        let mut server = PostgreSql::at(&self.repository.scratch, restored);
        server.configure(settings);
        server.start();
        server.wait_until("NOT pg_is_in_recovery()");
        server
    }

    fn check(&self, server: &PostgreSql, field: &str) {
        assert_eq!(server.sql("SELECT count(*) FROM t"), self.expected[field].to_string());
        let before = server.sql("SELECT count(*) FROM t WHERE text = 'before the backup'");
        assert_eq!(before, "100");
        let space = server.sql("SELECT count(*) FROM in_space");
        assert_eq!(space, self.expected["rows_in_space"].to_string());
    }
}

#[test]
fn any_moment_of_it_comes_back() {
    for version in VERSIONS {
        let old = Old::of(version);
        let full = &old.repository.backups()[0].1;
        for target in [["--target-time", old.moment()], ["--target-name", "after the backup"]] {
            let to = old.repository.scratch.join("nowhere").display().to_string();
            let words = [&["restore", "old", "--to", &to, "--dry-run"], &target[..]].concat();
            let plan = old.repository.run(&words).out();
            assert!(!old.repository.scratch.join("nowhere").exists());
            assert!(plan.contains(full), "{plan}");
        }
        let points = old.repository.json(&["show", "--backup", full, "--restore-points"]);
        assert_eq!(points["items"][0]["name"], "after the backup", "{points}");
        assert_eq!(old.repository.run(&["wal", "verify", "--target", "old"]).code(), 0);

        let words = ["--target-time", old.moment(), "--target-action", "promote"];
        let server = old.start(old.restore("moment", &words), "");
        old.check(&server, "rows_at_the_moment");
        drop(server);
        let restored = old.restore("end", &[]);
        let mut verify = Programs::usual().command("pg_verifybackup");
        run(verify.args(["--quiet", "--no-parse-wal"]).arg(&restored)).ok();
        let server = old.start(restored, "");
        old.check(&server, "rows_at_the_end");
    }
}

#[test]
fn a_server_goes_on_in_it() {
    for version in VERSIONS {
        let old = Old::of(version);
        let repository = &old.repository;
        let words = ["--target-time", old.moment(), "--target-action", "promote"];
        let restored = old.restore("r", &[&words[..], &["--keep-archiving"]].concat());
        let archive = format!(
            "archive_mode = on\narchive_command = '{} wal push %p --repo {} --target old'\n",
            repository.scratch.join("seawall").display(),
            repository.repo().display(),
        );
        let mut server = old.start(restored, &archive);
        server.sql("INSERT INTO t SELECT n, 'after the restore' FROM generate_series(151, 160) n");
        let url = server.url();
        let mut backup = repository.command(&["backup", &url, "--target", "old"]);
        let made = repository.json_of(&mut backup);
        let name = made["backup"].as_str().unwrap().to_owned();
        server.sql("INSERT INTO t SELECT n, 'after the backup' FROM generate_series(161, 170) n");
        let segment = server.sql("SELECT pg_walfile_name(pg_switch_wal())");
        server
            .wait_until(&format!("SELECT last_archived_wal >= '{segment}' FROM pg_stat_archiver"));
        let mut backup = repository.command(&["backup", &url, "--target", "old", "--level", "log"]);
        let log = repository.json_of(&mut backup);
        assert_eq!(log["link"]["level"], "log", "{log}");
        drop(server);

        // New and old stand beside one another.
        let verified = repository.json(&["verify"]);
        assert_eq!((&verified["backups"], &verified["damages"]), (&4.into(), &0.into()));
        let server = old.start(old.restore("new", &["--backup", &name]), "");
        assert_eq!(server.sql("SELECT count(*) FROM t"), "170");
        drop(server);
        let words = ["--target-timeline", "1", "--backup", &repository.backups()[0].1];
        let server = old.start(old.restore("old-end", &words), "");
        old.check(&server, "rows_at_the_end");
    }
}
