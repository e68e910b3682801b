//! A server with a table here and a table in a tablespace, and what must be true of every copy.

use crate::{PROGRAM, manifest};
use fixtures::Lab;
use fixtures::postgresql::{PostgreSql, Programs};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// What a lab calls its server.
pub(crate) const TARGET: &str = "pg-main";

/// The server and its tablespace.
pub(crate) struct House {
    pub(crate) major: u16,
    pub(crate) lab: Lab,
    /// The tablespace's number: its place is another one after a restore.
    space: String,
}

impl House {
    pub(crate) fn new(major: u16, programs: Programs) -> Self {
        // No commits but the test's own.
        let lab = Lab::of(programs, PROGRAM, &[], "autovacuum = off\n");
        let path = lab.scratch.make_dir("space");
        lab.server.sql(&format!("CREATE TABLESPACE space LOCATION '{}'", path.display()));
        let space = lab.server.sql("SELECT oid FROM pg_tablespace WHERE spcname = 'space'");
        lab.server.sql(
            "CREATE EXTENSION amcheck;
             CREATE TABLE kept (n serial PRIMARY KEY, text text);
             CREATE TABLE spaced (n int PRIMARY KEY USING INDEX TABLESPACE space, text text) TABLESPACE space;
             INSERT INTO kept (text) SELECT md5(n::text) FROM generate_series(1, 20000) n;
             INSERT INTO spaced SELECT n, repeat('x', n % 500) FROM generate_series(1, 20000) n",
        );
        assert_eq!(version(&lab.server), major.to_string(), "the programs are of another major");
        Self { major, lab, space }
    }

    /// Takes a backup while another session commits, as a user with no more rights than it is told
    /// to ask for. The names and signatures in these hints are the major's own.
    pub(crate) fn backup_while_writing(&self) {
        self.lab.server.sql("CREATE ROLE limited LOGIN");
        let url = format!("postgresql://limited@127.0.0.1:{}", self.lab.server.port());
        let refused = self.lab.run(&["backup", &url, "--target", TARGET]);
        let grants = refused.stderr.lines().filter_map(|line| line.strip_prefix("hint: GRANT"));
        let granted = grants.map(|grant| self.lab.server.sql(&format!("GRANT{grant}"))).count();
        assert_eq!(granted, 3, "{}: {}", self.major, refused.stderr);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| self.write_until(&stop));
            let outcome = {
                let _stop = SetAtEnd(&stop);
                self.lab.run(&["backup", &url, "--target", TARGET])
            };
            let commits = writer.join().unwrap();
            assert_eq!(outcome.code(), 0, "{}: {}", self.major, outcome.stderr);
            assert!(commits > 10, "{}: only {commits} commits during the backup", self.major);
        });
    }

    fn write_until(&self, stop: &AtomicBool) -> u32 {
        let session = self.lab.server.session("postgres");
        let mut commits = 0;
        while !stop.load(Ordering::Relaxed) {
            session.text(
                "INSERT INTO kept (text) SELECT md5(n::text) FROM generate_series(1, 10) n;
                 UPDATE spaced SET text = text || 'y' WHERE n % 100 = (SELECT max(n) FROM kept) % 100",
            );
            commits += 1;
        }
        commits
    }

    /// Where a restore of this name puts the tablespace, as the program takes it.
    pub(crate) fn mapping(&self, name: &str) -> String {
        let moved = self.lab.scratch.join(&format!("{name}-space"));
        format!("{}={}", self.space, moved.display())
    }

    /// Restores, with the tablespace elsewhere, and lets the manifest be checked.
    pub(crate) fn restore(&self, name: &str, words: &[&str]) -> PathBuf {
        let mapping = self.mapping(name);
        let mut all = vec!["--tablespace", mapping.as_str()];
        all.extend(words);
        let restored = self.lab.restore(name, &all);
        let major = self.major;
        let conf = restored.join("recovery.conf").exists();
        let signal = restored.join("recovery.signal").exists();
        assert_eq!((conf, signal), (major < 12, major >= 12), "{major}: what makes it recover");
        assert!(!restored.join("recovery.done").exists(), "{major}: an earlier recovery's");
        manifest::check(major, &restored);
        restored
    }

    /// Starts a server on a restored directory.
    pub(crate) fn start(&self, restored: PathBuf) -> PostgreSql {
        self.lab.start(restored)
    }

    /// The restored server has ended its recovery, and is sound.
    pub(crate) fn check_promoted(&self, server: &mut PostgreSql) {
        server.wait_until("NOT pg_is_in_recovery()");
        let major = self.major;
        assert_eq!(version(server), major.to_string());
        let location =
            "SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 'space'";
        let moved = format!("{}-space", server.data().display());
        assert_eq!(Path::new(&server.sql(location)), Path::new(&moved), "{major}");
        // Every page is read, which compares its checksum, and every entry of the indexes.
        server.sql(
            "SELECT bt_index_check(indexrelid) FROM pg_index JOIN pg_class ON oid = indexrelid \
             WHERE relam = (SELECT oid FROM pg_am WHERE amname = 'btree') AND relpersistence = 'p'",
        );
        assert_eq!(server.sql("SHOW data_checksums"), "on", "{major}");
        server.sql("INSERT INTO spaced VALUES (-1, 'writable')");
        server.sql("DELETE FROM spaced WHERE n = -1");
    }
}

/// All rows of a table, as one text.
pub(crate) fn rows(server: &PostgreSql, table: &str) -> String {
    server.sql(&format!(
        "SELECT count(*) || ' ' || md5(string_agg(t::text, ',' ORDER BY n)) FROM {table} t"
    ))
}

fn version(server: &PostgreSql) -> String {
    server.sql("SELECT current_setting('server_version_num')::int / 10000")
}

/// Whatever happens, the writer ends.
struct SetAtEnd<'a>(&'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
