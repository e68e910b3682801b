//! A server that was recovered becomes the new original: its backup lies on timeline 2, and comes
//! back on timeline 3. On the way: a tablespace that is a directory in `pg_tblspc`, and a damaged
//! page.

use crate::house::{House, TARGET, rows};
use fixtures::ScratchServer;
use fixtures::postgresql::{PostgreSql, Programs};
use std::fs;
use std::time::Duration;

pub(crate) fn run(major: u16, programs: Programs) {
    let mut house = House::new(major, programs);
    let first = house.lab.backup();
    house.lab.server.sql("INSERT INTO kept (text) VALUES ('wanted')");
    let wanted = rows(&house.lab.server, "kept");
    let time = house.lab.server.sql("SELECT clock_timestamp()");
    std::thread::sleep(Duration::from_millis(50));
    house.lab.server.sql("DELETE FROM kept");
    house.lab.archive();

    // The second one goes on in the same archive.
    let words = ["--target-time", &time, "--target-action", "promote", "--keep-archiving"];
    let mut second = house.start(house.restore("second", &words));
    house.check_promoted(&mut second);
    assert_eq!(rows(&second, "kept"), wanted, "{major} at {time}");
    assert_eq!((timeline(&second), second.sql("SHOW archive_mode")), (2, "on".to_owned()));
    std::mem::swap(&mut house.lab.server, &mut second);
    second.kill();

    let in_place = make_tablespace_in_place(&house.lab.server);
    let backup = house.lab.backup();
    house.lab.server.sql("INSERT INTO kept (text) VALUES ('on timeline 2')");
    let lsn = house.lab.server.sql("SELECT pg_current_wal_insert_lsn()");
    let kept = rows(&house.lab.server, "kept");
    house.lab.archive();

    // From the new backup; and from the old one, across the fork.
    let tests = [
        ("third", vec!["--target-lsn", &lsn, "--target-action", "promote"], &backup),
        ("fourth", vec![], &first),
    ];
    for (name, mut words, from) in tests {
        words.extend(["--backup", from]);
        let restored = house.restore(name, &words);
        assert_eq!(restored.join("pg_wal/00000002.history").exists(), from == &backup, "{major}");
        let mut server = house.start(restored);
        house.check_promoted(&mut server);
        assert_eq!((rows(&server, "kept"), timeline(&server)), (kept.clone(), 3), "{major} {name}");
        if in_place {
            assert_eq!(
                rows(&server, "placed"),
                rows(&house.lab.server, "placed"),
                "{major} {name}"
            );
        }
    }
    a_damaged_page_is_told(&house);
}

fn timeline(server: &PostgreSql) -> u32 {
    let segment = server.sql("SELECT pg_walfile_name(pg_current_wal_insert_lsn())");
    u32::from_str_radix(&segment[..8], 16).unwrap()
}

/// Where the minor knows such tablespaces. The setting is the session's: the restore has to see by
/// itself that the restored server needs it.
fn make_tablespace_in_place(server: &PostgreSql) -> bool {
    let known = "SELECT count(*) FROM pg_settings WHERE name = 'allow_in_place_tablespaces'";
    if server.sql(known) == "0" {
        return false;
    }
    let session = server.session("postgres");
    session.text("SET allow_in_place_tablespaces = on");
    session.text("CREATE TABLESPACE place LOCATION ''");
    session.text("CREATE TABLE placed TABLESPACE place AS SELECT generate_series(1, 100) AS n");
    true
}

fn a_damaged_page_is_told(house: &House) {
    let lab = &house.lab;
    lab.server.sql("CREATE TABLE damaged AS SELECT generate_series(1, 5000) n");
    lab.server.sql("CHECKPOINT");
    let path = lab.server.data().join(lab.server.sql("SELECT pg_relation_filepath('damaged')"));
    let mut bytes = fs::read(&path).unwrap();
    bytes[8192 * 3 + 4000] ^= 0xff;
    fs::write(&path, &bytes).unwrap();
    let outcome = lab.run(&["backup", &lab.server.url(), "--target", TARGET]);
    let major = house.major;
    assert_eq!(outcome.code(), 1, "{major}: {}", outcome.stderr);
    assert_eq!(outcome.stdout.matches("page 3 of").count(), 1, "{major}: {}", outcome.stdout);
}
