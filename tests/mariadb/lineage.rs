//! Which backup an increment may continue.

use crate::lab::Lab;
use fixtures::ScratchServer;
use fixtures::mariadb::Programs;

fn insert(lab: &Lab, from: u32, to: u32) {
    lab.server
        .sql(&format!("INSERT INTO d.t SELECT seq, REPEAT('x', 500) FROM d.seq_{from}_to_{to}"));
}

/// A full, rows, an increment, and the server set back to the full and written on, further than
/// the increment.
fn set_back(lab: &mut Lab) {
    lab.server.sql("CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY, v TEXT)");
    insert(lab, 1, 100);
    let full = lab.backup("full");
    insert(lab, 101, 1000);
    lab.backup("incremental");
    let name = full["backup"].as_str().unwrap();
    let restored = lab.restore("back", &["--backup", name]);
    lab.server.stop();
    lab.server.replace_data(&lab.scratch, &restored);
    lab.server.start();
    insert(lab, 2001, 9000);
}

pub(crate) fn a_server_that_was_set_back_and_written_on_becomes_a_full(programs: &Programs) {
    let mut lab = Lab::of(programs);
    set_back(&mut lab);
    let next = lab.backup("incremental");
    assert_eq!(next["link"]["level"], "full");
    assert!(next["link"]["parent"].is_null());
    let warning = next["link"]["findings"][0]["text"].as_str().unwrap();
    assert!(warning.starts_with("a full was taken and no incremental"), "{warning}");
    let server = lab.start(&lab.restore("r", &[]));
    assert_eq!(server.checksums(), lab.server.checksums());
}

pub(crate) fn or_it_fails_where_the_operator_wants_that(programs: &Programs) {
    let mut lab = Lab::of(programs);
    set_back(&mut lab);
    let url = lab.url();
    let mut words = lab.backup_words("incremental", &url);
    words.extend(["--set", "without_parent=fail"]);
    let refused = lab.run(&words);
    assert_eq!(refused.code(), 14, "{}", refused.stderr);
    assert!(refused.stderr.contains("its system tablespace is another file"), "{}", refused.stderr);
}

pub(crate) fn the_first_increment_of_all_is_a_full_and_says_so(programs: &Programs) {
    let lab = Lab::of(programs);
    let url = lab.url();
    let outcome = lab.run(&lab.backup_words("incremental", &url));
    assert_eq!(outcome.code(), 1, "{}", outcome.stderr);
    assert!(
        outcome.stdout.contains("no earlier backup of the whole server is known"),
        "{}",
        outcome.stdout
    );
    assert!(outcome.stdout.contains("level        full"));
}

pub(crate) fn a_server_whose_binlogs_began_anew_becomes_a_full(programs: &Programs) {
    // Without a replica 11.8 purges nothing else; 10.11 does not know the setting.
    let lab = Lab::of_with(programs, "loose_slave_connections_needed_for_purge = 0");
    lab.server.sql("CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY, v TEXT)");
    insert(&lab, 1, 100);
    lab.server.sql("FLUSH BINARY LOGS");
    lab.backup("full");
    lab.server.sql("RESET MASTER");
    insert(&lab, 101, 200);
    assert_eq!(lab.backup("incremental")["link"]["level"], "full");
    // Purged by age is no doubt.
    lab.server.sql("FLUSH BINARY LOGS");
    lab.backup("full");
    lab.server.sql("FLUSH BINARY LOGS; FLUSH BINARY LOGS; FLUSH BINARY LOGS");
    let now = lab.server.rows("SHOW MASTER STATUS").remove(0).remove(0);
    lab.server.sql(&format!("PURGE BINARY LOGS TO '{now}'"));
    assert_eq!(lab.backup("incremental")["link"]["level"], "incremental");
}
