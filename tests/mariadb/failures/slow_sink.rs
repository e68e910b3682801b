//! A sink that is slower than the server writes its redo log.

use super::aftermath::{self, Before};
use super::misses;
use crate::lab::Lab;
use fixtures::MariaDb;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Writes redo log until it is told to stop.
fn write(server: &MariaDb, stop: &AtomicBool) {
    let mut session = server.session();
    while !stop.load(Ordering::Relaxed) {
        // Several MB of redo log a second.
        session.text("UPDATE d.t SET v = RANDOM_BYTES(1000) WHERE n <= 200");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn it_is_said_before_the_redo_log_has_wrapped() {
    let lab = Lab::with("innodb_log_file_size = 8M\nskip_log_bin\n");
    lab.server.sql(
        "CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY, v BLOB) ENGINE=InnoDB; \
         INSERT INTO d.t SELECT seq, RANDOM_BYTES(1000) FROM d.seq_1_to_40000",
    );
    let before = Before::of(&lab);
    let stop = AtomicBool::new(false);
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| write(&lab.server, &stop));
        // The slowest sink there is.
        let more = ["--compression-level", "19", "--workers", "1"];
        let outcome = super::refused::backup(&lab, &more);
        stop.store(true, Ordering::Relaxed);
        outcome
    });
    let words = &["the stream is taken too slowly: ", "Was only able to copy log from"];
    assert_eq!(misses("slow sink", &outcome, 27, words), None);
    let places = words.map(|words| outcome.stderr.find(words));
    assert!(places.is_sorted(), "{}", outcome.stderr);
    aftermath::look(&lab, &before, "slow sink");
}
