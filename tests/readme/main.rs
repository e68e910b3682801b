//! The README is true: its commands, word for word, on a server of our own.
//!
//! Only places and the moment are put in: a test has neither `/backup` nor a table that somebody
//! dropped at two o'clock.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

use fixtures::postgresql::{PostgreSql, program, programs};
use fixtures::{Outcome, Scratch, ScratchServer, run};
use std::fs;
use std::path::Path;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_seawall");

/// The fenced blocks of a kind in the README's recovery, in order.
fn blocks(kind: &str) -> Vec<String> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let section = page.split("\n## A recovery, step by step\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let opening = format!("```{kind}\n");
    section
        .split(&opening)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

struct Reader {
    // In this order: the server ends before its directory goes.
    server: PostgreSql,
    scratch: Scratch,
}

impl Reader {
    fn new() -> Self {
        let scratch = Scratch::new();
        fs::copy(PROGRAM, scratch.join("seawall")).unwrap();
        let mut server = PostgreSql::init(&scratch, "pg", &[]);
        server.use_socket_only(5432);
        Self { server, scratch }
    }

    /// The text with our places in it.
    fn ours(&self, text: &str) -> String {
        let place = |name: &str| self.scratch.join(name).display().to_string();
        text.replace("/var/run/postgresql", self.scratch.path().to_str().unwrap())
            .replace("/backup", &place("backup"))
            .replace("/srv/", &place(""))
    }

    /// Runs a block as the server's user would, with the program in the path.
    fn follow(&self, block: &str) -> Outcome {
        let system = std::env::var("PATH").unwrap();
        let path = format!("{}:{}:{system}", self.scratch.path().display(), programs().display());
        let script = format!("set -eu\n{}", self.ours(block));
        let mut command = self.scratch.command("bash");
        command.args(["-c", &script]).env("PATH", path).env("HOME", self.scratch.path());
        run(&mut command)
    }
}

#[test]
fn the_recovery_of_the_readme_is_true_word_for_word() {
    let mut reader = Reader::new();
    let steps = blocks("sh");
    let [init, check_and_backup, plan, restore, verify] = steps.as_slice() else {
        panic!("{} blocks", steps.len());
    };
    reader.follow(init).ok();
    let [settings] = blocks("conf").try_into().unwrap();
    // The server's own path does not hold the program.
    let program = format!("'{}/seawall ", reader.scratch.path().display());
    reader.server.configure(&reader.ours(&settings).replace("'seawall ", &program));
    reader.server.configure("fsync = on\n");
    reader.server.start();
    reader.server.sql("CREATE TABLE orders AS SELECT generate_series(1, 1000) n");
    let said = reader.follow(check_and_backup).out();
    assert!(
        said.contains("ok       postgresql-archive-destination") && said.contains("SERVES FROM"),
        "{said}"
    );

    reader.server.sql("INSERT INTO orders VALUES (1001)");
    let moment = reader.server.sql("SELECT clock_timestamp()");
    reader.server.sql("DROP TABLE orders");
    let segment = reader.server.sql("SELECT pg_walfile_name(pg_switch_wal())");
    let archived = format!("SELECT last_archived_wal >= '{segment}' FROM pg_stat_archiver");
    reader.server.wait_until(&archived);

    let at = |block: &str| block.replace("2026-11-20 14:00:00+00", &moment);
    assert!(reader.follow(&at(plan)).out().contains("target"));
    assert!(!reader.scratch.join("recovered").exists());
    reader.follow(&at(restore)).ok();
    let mut restored = Restored::find(&reader);
    restored.0.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(restored.0.sql("SELECT count(*) FROM orders"), "1001");
    assert_eq!(restored.0.sql("SHOW archive_mode"), "off");
    assert!(reader.follow(verify).out().contains("every byte is as it was written"));
    // How a copy becomes the new original.
    restored.0.sql("ALTER SYSTEM RESET archive_mode");
    restored.control(&["restart", "-w", "-m", "fast", "-l", "/dev/null"]);
    assert_eq!(restored.0.sql("SHOW archive_mode"), "on");
}

/// The server that the README's commands started; it ends with its value.
struct Restored(PostgreSql);

impl Restored {
    fn find(reader: &Reader) -> Self {
        let mut server = PostgreSql::at(&reader.scratch, reader.scratch.join("recovered"));
        server.use_socket_only(5433);
        Self(server)
    }

    fn control(&self, words: &[&str]) {
        let mut command = program("pg_ctl");
        run(command.args(words).arg("-D").arg(self.0.data())).ok();
    }
}

impl Drop for Restored {
    fn drop(&mut self) {
        self.control(&["stop", "-w", "-m", "immediate"]);
    }
}
