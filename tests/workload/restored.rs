//! One restored server: from the repository to a stopped cluster, with everything asked on the way.

use crate::content;
use crate::load::Load;
use crate::presence;
use crate::stock;
use crate::targets::{End, Target, stop_of};
use chrono::{DateTime, Utc};
use fixtures::postgresql::PostgreSql;
use fixtures::{Lab, ScratchServer};
use formats::Lsn;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest wait for the end of a recovery.
const RECOVERY_LIMIT: Duration = Duration::from_secs(180);

/// A restored data directory, not yet started.
pub(crate) struct Restored {
    pub(crate) data: PathBuf,
    /// It, and where its tablespaces lie.
    directories: Vec<PathBuf>,
}

/// The backup that a restore has to begin from: the newest that is old enough.
fn backup_for<'a>(load: &'a Load, target: &Target) -> &'a Value {
    if let Some(name) = &target.backup {
        let named = load.backups.iter().find(|backup| backup["backup"] == name.as_str());
        return named.expect("a backup of this run");
    }
    let time_of = |backup: &Value| {
        let text = backup["link"]["earliest"]["time"].as_str().unwrap();
        DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc).timestamp_micros()
    };
    let serves = |backup: &&Value| match &target.end {
        End::Latest => true,
        End::Lsn { at, .. } => stop_of(backup) <= *at,
        End::Time { micros, .. } => time_of(backup) <= *micros,
    };
    load.backups.iter().rfind(serves).expect("a backup that serves")
}

/// Restores with the program, and lets the stock tool look before anything is changed.
pub(crate) fn restore(lab: &Lab, load: &Load, number: usize, target: &Target) -> Restored {
    let backup = backup_for(load, target);
    let mut words = target.words();
    let mut directories = vec![lab.scratch.join(&format!("r{number}"))];
    for (root, info) in backup["link"]["roots"].as_object().unwrap() {
        if root != "data" {
            let to = lab.scratch.join(&format!("r{number}-{root}"));
            let mapping = format!("{}={}", info["path"].as_str().unwrap(), to.display());
            words.extend(["--tablespace".to_owned(), mapping]);
            directories.push(to);
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let data = lab.restore(&format!("r{number}"), &words);
    let marker = fs::read_to_string(data.with_extension("seawall.json")).unwrap();
    let marker: Value = serde_json::from_str(&marker).unwrap();
    assert_eq!(marker["link"], backup["backup"], "the newest backup that serves {target:?}");
    stock::verify_backup(&data);
    Restored { data, directories }
}

impl Restored {
    /// Starts a server on it, asks everything, and stops it. Answers what is wrong.
    ///
    /// One at a time: the log makes the tablespaces of the load in the places where they were.
    pub(crate) fn check(&self, lab: &Lab, load: &Load, target: &Target) -> Vec<String> {
        empty_places(lab, load);
        let mut server = lab.start(self.data.clone());
        wait_for_promotion(&server);
        let mut wrong = self.commits(&server, load, target);
        wrong.extend(end_prepared(&server, target));
        wrong.extend(content::check(&server));
        wrong.extend(stock::amcheck(&server));
        server.stop();
        wrong.extend(stock::checksums(&self.data));
        wrong
    }

    /// Which commits there are, and that each is as it was acknowledged.
    fn commits(&self, server: &PostgreSql, load: &Load, target: &Target) -> Vec<String> {
        let session = server.session("postgres");
        let mut wrong = Vec::new();
        let mut newest = BTreeMap::new();
        for row in
            session.rows("SELECT session, count(*), min(seq), max(seq) FROM oracle GROUP BY 1")
        {
            let numbers: Vec<u64> = row.iter().map(|cell| cell.parse().unwrap()).collect();
            if numbers[2] != 1 || numbers[1] != numbers[3] {
                wrong.push(format!("session {} has {} rows up to {}", row[0], row[1], row[3]));
            }
            newest.insert(numbers[0], numbers[3]);
        }
        wrong.extend(presence::judge(target, &load.acks, &newest, self.stop()));
        let rows = session.rows(
            "SELECT session, seq, row_hash(state, positions, holdings), \
             (extract(epoch FROM pg_xact_commit_timestamp(xid::xid)) * 1000000)::bigint FROM oracle",
        );
        let key = |row: &[String]| (row[0].parse().unwrap(), row[1].parse().unwrap());
        let rows: BTreeMap<(u64, u64), &Vec<String>> =
            rows.iter().map(|row| (key(row), row)).collect();
        for ack in &load.acks {
            let Some(row) = rows.get(&(ack.session, ack.seq)) else { continue };
            if row[2] != ack.row || row[3] != ack.time.to_string() {
                wrong.push(format!("the oracle's row {row:?} is not that of {ack:?}"));
            }
        }
        wrong
    }

    /// Where recovery ended, as the server wrote it into the history of its new timeline.
    fn stop(&self) -> Lsn {
        let history = fs::read_to_string(self.data.join("pg_wal/00000002.history")).unwrap();
        let line = history.lines().rfind(|line| line.starts_with('1')).unwrap();
        line.split('\t').nth(1).unwrap().parse().unwrap()
    }

    /// Gives the space back.
    pub(crate) fn remove(&self) {
        for directory in &self.directories {
            fs::remove_dir_all(directory).unwrap();
        }
    }
}

/// Asked through one session: a new one for every question would take the time that recovery needs.
fn wait_for_promotion(server: &PostgreSql) {
    let session = server.session("postgres");
    let deadline = Instant::now() + RECOVERY_LIMIT;
    loop {
        match session.try_text("SELECT pg_is_in_recovery()").as_deref() {
            Ok("f") => return,
            Ok(_) => assert!(Instant::now() < deadline, "no end of recovery\n{}", server.log()),
            Err(error) => panic!("recovery failed: {error}\n{}", server.log()),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A server that replays the making of a tablespace wants its directory, and would take what an
/// earlier restored server left there for its own.
fn empty_places(lab: &Lab, load: &Load) {
    for place in &load.places {
        if place.exists() {
            fs::remove_dir_all(place).unwrap();
        }
        fs::create_dir(place).unwrap();
        lab.scratch.give(Path::new(place));
    }
}

/// What was prepared and not ended at the target is so again. Either end must leave what the newest
/// row of its session says.
fn end_prepared(server: &PostgreSql, target: &Target) -> Option<String> {
    let end = if target.commits_prepared { "COMMIT" } else { "ROLLBACK" };
    let rows = server.session("postgres").rows("SELECT gid FROM pg_prepared_xacts");
    for row in &rows {
        server.sql(&format!("{end} PREPARED '{}'", row[0]));
    }
    let wanted = target.pending.as_ref()?;
    let is_there = rows.iter().any(|row| row[0] == *wanted);
    (!is_there).then(|| format!("the transaction {wanted} is not prepared, but {rows:?}"))
}
