//! To an LSN, to a time before a table was dropped, to the end of the log.

use crate::house::{House, TARGET, rows};
use fixtures::ScratchServer;
use fixtures::postgresql::Programs;
use std::time::Duration;

pub(crate) fn run(major: u16, programs: Programs) {
    let mut house = House::new(major, programs);
    house.backup_while_writing();
    let sql = |house: &House, text: &str| house.lab.server.sql(text);

    // A point to find by its LSN, one by its time, and what comes after.
    sql(&house, "INSERT INTO kept (text) VALUES ('before the LSN')");
    let lsn = sql(&house, "SELECT pg_current_wal_insert_lsn()");
    let at_lsn = (rows(&house.lab.server, "kept"), rows(&house.lab.server, "spaced"));
    sql(&house, "INSERT INTO kept (text) VALUES ('before the time')");
    sql(&house, "UPDATE spaced SET text = 'changed' WHERE n < 100");
    let at_time = (rows(&house.lab.server, "kept"), rows(&house.lab.server, "spaced"));
    let time = sql(&house, "SELECT clock_timestamp()");
    std::thread::sleep(Duration::from_millis(50));
    sql(&house, "DROP TABLE kept");
    sql(&house, "UPDATE spaced SET text = 'late' WHERE n > 19900");
    let at_end = rows(&house.lab.server, "spaced");
    house.lab.archive();
    check_and_verify(&house);
    house.lab.server.stop();

    // Paused there, as the server does by default; then told to go on.
    let mut server = house.start(house.restore("lsn", &["--target-lsn", &lsn]));
    server.wait_until("pg_is_wal_replay_paused()");
    assert_eq!((rows(&server, "kept"), rows(&server, "spaced")), at_lsn, "{major} at {lsn}");
    server.sql("SELECT pg_wal_replay_resume()");
    house.check_promoted(&mut server);
    assert_eq!(rows(&server, "kept"), at_lsn.0, "{major} at {lsn}");
    drop(server);

    let words = ["--target-time", &time, "--target-action", "promote"];
    let mut server = house.start(house.restore("time", &words));
    house.check_promoted(&mut server);
    assert_eq!((rows(&server, "kept"), rows(&server, "spaced")), at_time, "{major} at {time}");
    assert_eq!(server.sql("SHOW archive_mode"), "off", "{major}: a clone must not archive");
    drop(server);

    let mut server = house.start(house.restore("end", &[]));
    house.check_promoted(&mut server);
    assert_eq!(rows(&server, "spaced"), at_end, "{major} at the end of the log");
    let dropped = server.sql("SELECT to_regclass('kept') IS NULL");
    assert_eq!(dropped, "t", "{major} at the end of the log");
}

fn check_and_verify(house: &House) {
    let (major, lab) = (house.major, &house.lab);
    let verified = lab.run(&["verify"]);
    assert_eq!(verified.code(), 0, "{major}: {}{}", verified.stdout, verified.stderr);
    // Scratch servers are quick rather than safe; otherwise there is nothing to complain of.
    lab.server.configure("fsync = on\n");
    lab.server.reload();
    let checked = lab.run(&["check", &lab.server.url(), "--target", TARGET]);
    assert_eq!(checked.code(), 0, "{major}: {}{}", checked.stdout, checked.stderr);
    let named = format!("the server is PostgreSQL {major}.");
    assert!(checked.stdout.contains(&named), "{major}: {}", checked.stdout);
}
