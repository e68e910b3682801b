//! A primary that archives, and a standby that follows it through its socket.

use crate::{PROGRAM, STOCK};
use fixtures::postgresql::{PostgreSql, Programs, program};
use fixtures::{Lab, Outcome, ScratchServer, run};
use serde_json::Value;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const TARGET: &str = "pg-main";

/// The primary is the lab's server.
pub(crate) struct Pair {
    // In this order: it ends before its directory goes.
    pub(crate) standby: PostgreSql,
    pub(crate) lab: Lab,
    pub(crate) major: u16,
}

impl Pair {
    /// The standby comes from a backup of the primary. `settings` are its own.
    pub(crate) fn new(major: u16, programs: Programs, settings: &str) -> Self {
        // No commits but the test's own.
        let lab = Lab::of(programs, PROGRAM, &[], "autovacuum = off\nhot_standby = on\n");
        lab.server.sql(
            "CREATE EXTENSION amcheck;
             CREATE TABLE t (n serial PRIMARY KEY, text text);
             CREATE INDEX ON t (text);
             INSERT INTO t (text) SELECT md5(n::text) FROM generate_series(1, 20000) n",
        );
        let _ = lab.backup();
        let data = lab.restore("standby", &[]);
        let programs = lab.server.programs().clone();
        let mut standby = PostgreSql::at_with(programs, &lab.scratch, data);
        let follow = format!(
            "primary_conninfo = 'host={} port={} user=postgres'\n",
            lab.server.socket_dir().display(),
            lab.server.port()
        );
        if major < 12 {
            append(&standby.data().join("recovery.conf"), &format!("standby_mode = on\n{follow}"));
        } else {
            fs::remove_file(standby.data().join("recovery.signal")).unwrap();
            fs::write(standby.data().join("standby.signal"), "").unwrap();
            standby.configure(&follow);
        }
        standby.configure(settings);
        standby.start();
        standby
            .wait_until("SELECT count(*) = 1 FROM pg_stat_wal_receiver WHERE status = 'streaming'");
        Self { standby, lab, major }
    }

    pub(crate) fn of_stock(settings: &str) -> Self {
        Self::new(STOCK, Programs::of_major(STOCK).unwrap(), settings)
    }

    /// Waits until the standby has replayed what the primary has written.
    pub(crate) fn catch_up(&mut self) {
        let lsn = self.lab.server.sql("SELECT pg_current_wal_flush_lsn()");
        self.standby.wait_until(&format!("pg_last_wal_replay_lsn() >= '{lsn}'"));
    }

    /// The standby, as the only server that the program is told of.
    pub(crate) fn backup(&self, more: &[&str]) -> Outcome {
        let url = self.standby.url();
        let mut words = vec!["backup", &url, "--target", TARGET];
        words.extend(more);
        self.lab.run(&words)
    }

    /// Begins a backup that takes seconds, and waits until files are copied.
    pub(crate) fn begin_slowly(&mut self) -> Child {
        let url = self.standby.url();
        let words = ["backup", &url, "--target", TARGET];
        let mut command = self.lab.command(&words);
        command.env("SEAWALL_WORKERS", "1").env("SEAWALL_COMPRESSION_LEVEL", "16");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let copying = "SELECT (SELECT count(*) = 1 FROM pg_replication_slots \
             WHERE temporary AND slot_name LIKE 'seawall%') \
             AND (SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'seawall' \
             AND state = 'idle' AND query LIKE '%pg_database_size%')";
        wait("files are copied", || {
            if child.try_wait().unwrap().is_some() {
                let mut said = String::new();
                child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                panic!("it has ended: {said}");
            }
            self.standby.sql(copying) == "t"
        });
        child
    }

    /// The newest backup, in full.
    pub(crate) fn newest(&self) -> Value {
        let shown = self.lab.json(&["show", TARGET]);
        let link = if shown["link"].is_object() { &shown["link"] } else { &shown };
        link.clone()
    }

    pub(crate) fn backups(&self) -> usize {
        self.lab.objects("targets/pg-main/links").len()
    }

    /// Restores, and lets the stock tool compare files and log where its major is that one.
    pub(crate) fn restore(&self, name: &str, words: &[&str]) -> PathBuf {
        let restored = self.lab.restore(name, words);
        if self.major == STOCK {
            run(program("pg_verifybackup").arg(&restored)).ok();
        }
        restored
    }

    /// A restored server at its target, promoted, with sound indexes.
    pub(crate) fn recover(&self, name: &str, words: &[&str]) -> PostgreSql {
        let mut server = self.lab.start(self.restore(name, words));
        server.wait_until("NOT pg_is_in_recovery()");
        // 10 cannot compare an index with its table.
        let and_table = if self.major >= 11 { ", true" } else { "" };
        server.sql(&format!(
            "SELECT bt_index_check(indexrelid{and_table}) FROM pg_index JOIN pg_class ON oid = indexrelid \
             WHERE relam = (SELECT oid FROM pg_am WHERE amname = 'btree') AND relpersistence = 'p'"
        ));
        assert_eq!(server.sql("SHOW data_checksums"), "on");
        server
    }

    /// Everything that is stored is sound.
    pub(crate) fn verify(&self) {
        self.lab.run(&["verify"]).ok();
        self.lab.run(&["wal", "verify", "--target", TARGET]).ok();
    }
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Waits until something of the test's own has happened.
pub(crate) fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
