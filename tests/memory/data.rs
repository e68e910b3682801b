//! Much data, and many files, made quickly.

use fixtures::postgresql::PostgreSql;
use fixtures::{Lab, ScratchServer};

/// Tables of the second kind, over both databases.
pub(crate) const TABLES: u64 = 40_000;
const DATABASES: &[&str] = &["many0", "many1"];

/// Bytes of random text per table. The first one needs a second file: they end at 1 GiB.
const TEXT_BYTES: &[u64] = &[1_150_000_000, 450_000_000, 450_000_000];
/// Four such rows fill a page, and none of them is stored out of line.
const LINE_BYTES: u64 = 1900;

/// While data is made nothing is logged that need not be.
const MAKING: &str = "\
wal_level = minimal
max_wal_senders = 0
archive_mode = off
autovacuum = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 8GB
max_locks_per_transaction = 1000
";
const ARCHIVING: &str = "\
wal_level = replica
max_wal_senders = 10
archive_mode = on
full_page_writes = on
";

/// A server that archives nothing yet.
pub(crate) fn lab(program: &str) -> Lab {
    Lab::with(program, &[], MAKING)
}

/// From here on it is a server as any other.
pub(crate) fn archive_from_now_on(lab: &mut Lab) {
    lab.server.stop();
    lab.server.configure(ARCHIVING);
    lab.server.start();
}

/// Tables of random text, two at a time.
pub(crate) fn make_large(server: &PostgreSql) {
    std::thread::scope(|scope| {
        scope.spawn(|| make_table(server, 0));
        scope.spawn(|| (1..TEXT_BYTES.len()).for_each(|number| make_table(server, number)));
    });
}

fn make_table(server: &PostgreSql, number: usize) {
    let bytes = TEXT_BYTES[number] * 3 / 4;
    // Of one transaction, so that the rows themselves are not logged.
    server.sql(&format!(
        "BEGIN;
         CREATE TABLE large{number} (v text);
         COPY large{number} FROM PROGRAM 'head -c {bytes} /dev/urandom | base64 -w {LINE_BYTES}';
         COMMIT"
    ));
}

/// Number and hash of the rows of each large table.
pub(crate) fn hashes(server: &PostgreSql) -> Vec<String> {
    let ask = |number: usize| {
        server.sql(&format!(
            "SELECT count(*) || ':' || sum(hashtextextended(v, 0)::numeric) FROM large{number}"
        ))
    };
    (0..TEXT_BYTES.len()).map(ask).collect()
}

/// Tables with an index each, in two databases at a time.
pub(crate) fn make_many(server: &PostgreSql) {
    let each = TABLES / DATABASES.len() as u64;
    for name in DATABASES {
        server.sql(&format!("CREATE DATABASE {name}"));
    }
    std::thread::scope(|scope| {
        for name in DATABASES {
            scope.spawn(move || {
                // In batches: each new table holds locks until the commit.
                server.session(name).text(&format!(
                    "DO $$ BEGIN FOR n IN 1..{each} LOOP
                         EXECUTE 'CREATE TABLE t' || n || ' (id int PRIMARY KEY)';
                         IF n % 500 = 0 THEN COMMIT; END IF;
                     END LOOP; END $$"
                ));
            });
        }
    });
}

/// How many of these tables there are; two of them are read.
pub(crate) fn count_many(server: &PostgreSql) -> u64 {
    let count = |name: &&str| -> u64 {
        let session = server.session(name);
        session.text("SELECT count(*) FROM t1, t5000");
        let count = session.text("SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]+$'");
        count.parse().unwrap()
    };
    DATABASES.iter().map(count).sum()
}
