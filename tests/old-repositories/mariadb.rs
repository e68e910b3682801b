//! A full, an incremental and a differential.

use crate::VERSIONS;
use crate::old::{OldRepository, expected};
use fixtures::mariadb::PASSWORD;
use fixtures::{MariaDb, Scratch, ScratchServer};
use std::fs;
use std::path::PathBuf;

/// A server on a restored directory. Its root had no password; those who ask have one.
fn start(scratch: &Scratch, restored: PathBuf) -> MariaDb {
    let statements = scratch.join("passwords.sql");
    let text = format!("ALTER USER root@localhost IDENTIFIED BY '{PASSWORD}';\n");
    fs::write(&statements, text).unwrap();
    scratch.give(&statements);
    let lines = format!("init_file = {}\n", statements.display());
    let mut server = MariaDb::at_with(scratch, restored, &lines);
    server.start();
    server
}

/// How many rows have been written before a backup of each level.
fn counts(server: &MariaDb) -> Vec<Vec<String>> {
    server.rows("SELECT text, COUNT(*) FROM shop.t GROUP BY text ORDER BY MIN(n)")
}

#[test]
fn every_backup_of_it_comes_back_and_a_server_goes_on_in_it() {
    for version in VERSIONS {
        let old = OldRepository::unpack(version, "mariadb");
        let expected = &expected(version)["rows_of_mariadb"];
        let mut last = None;
        for (level, name) in old.backups() {
            let restored = old.restore(&level, &["--backup", &name]);
            let server = start(&old.scratch, restored);
            let rows = server.sql("SELECT COUNT(*) FROM shop.t");
            assert_eq!(rows, expected[&level].to_string(), "{level}");
            assert_eq!(counts(&server)[0], ["full", "100"], "{level}");
            last = Some(server);
        }

        // A restored server is not the one that the backups are of: it begins with a full.
        let server = last.unwrap();
        let url = format!("mariadb://root@localhost?socket={}", server.socket().display());
        let before = counts(&server);
        for level in ["full", "incremental"] {
            let words = ["backup", &url, "--target", "old", "--level", level];
            let made = old.json_of(old.command(&words).env("SEAWALL_PASSWORD", PASSWORD));
            assert_eq!(made["link"]["level"], level, "{made}");
            server.sql(&format!(
                "INSERT INTO shop.t SELECT MAX(n) + 1, 'behind the new {level}' FROM shop.t"
            ));
        }
        drop(server);
        let verified = old.json(&["verify"]);
        assert_eq!((&verified["backups"], &verified["damages"]), (&5.into(), &0.into()));
        let name = old.backups().into_iter().rev().find(|(level, _)| level == "incremental");
        let server = start(&old.scratch, old.restore("new", &["--backup", &name.unwrap().1]));
        let behind = [vec!["behind the new full".to_owned(), "1".to_owned()]];
        assert_eq!(counts(&server), [&before[..], &behind].concat());
    }
}
