//! A full and its increments under a workload, and back.

use crate::lab::Lab;
use crate::workload::{Workload, check, check_hot};
use fixtures::ScratchServer;
use fixtures::mariadb::Programs;
use serde_json::Value;
use std::collections::BTreeMap;

fn name(answer: &Value) -> String {
    answer["backup"].as_str().unwrap().to_owned()
}

pub(crate) fn a_full_and_three_increments_come_back_as_they_were(programs: &Programs) {
    let lab = Lab::of(programs);
    let mut workload = Workload::start(&lab.server);
    let mut taken: Vec<(Value, BTreeMap<String, String>)> = Vec::new();
    for level in ["full", "incremental", "incremental", "incremental"] {
        workload.wait_for(150);
        // One under the storm, whose consistency is the restored server's own to show …
        let hot = lab.backup(level);
        assert_eq!(hot["link"]["level"], level, "{hot}");
        // … and one of a server that stands still, whose tables are known to the row.
        let counts = workload.stop();
        assert!(!counts.is_empty());
        taken.push((hot, BTreeMap::new()));
        taken.push((lab.backup("incremental"), lab.server.checksums()));
        workload = Workload::resume(&lab.server);
    }
    workload.stop();
    for (number, (answer, _)) in taken.iter().enumerate() {
        let parent = &answer["link"]["parent"];
        assert_eq!(parent.is_null(), number == 0, "{answer}");
    }

    // Each backup by its name, as the server would have it.
    for (number, (answer, sums)) in taken.iter().enumerate() {
        let restored = lab.restore(&format!("r{number}"), &["--backup", &name(answer)]);
        let mut server = lab.start(&restored);
        if sums.is_empty() {
            check_hot(&server);
        } else {
            check(&server);
            assert_eq!(server.checksums(), *sums, "{}", name(answer));
        }
        server.stop();
        std::fs::remove_dir_all(restored).unwrap();
    }
    lab.run(&["verify"]).ok();
}

pub(crate) fn a_differential_continues_the_full_and_not_the_increment_before_it(
    programs: &Programs,
) {
    let lab = Lab::of(programs);
    lab.server.sql("CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY) ENGINE=InnoDB");
    let full = lab.backup("full");
    lab.server.sql("INSERT INTO d.t VALUES (1)");
    lab.backup("incremental");
    lab.server.sql("INSERT INTO d.t VALUES (2)");
    let differential = lab.backup("differential");
    assert_eq!(differential["link"]["parent"], full["link"]["id"]);
    let restored = lab.restore("r", &["--backup", &name(&differential)]);
    let marker = std::fs::read_to_string(lab.scratch.join("r.seawall.json")).unwrap();
    let marker: Value = serde_json::from_str(&marker).unwrap();
    assert_eq!(marker["plan"]["chain"].as_array().unwrap().len(), 2);
    // Where replication goes on, as the server itself says it.
    let status = lab.server.rows("SHOW MASTER STATUS").remove(0);
    assert_eq!(marker["plan"]["settings"]["binlog_file"], *status[0]);
    assert_eq!(marker["plan"]["settings"]["binlog_position"], *status[1]);
    let gtid = lab.server.rows("SELECT @@gtid_binlog_pos").remove(0).remove(0);
    assert_eq!(marker["plan"]["settings"]["gtid"], *gtid);
    let server = lab.start(&restored);
    assert_eq!(server.rows("SELECT n FROM d.t ORDER BY n"), [["1"], ["2"]]);
}

pub(crate) fn a_quiet_server_gives_increments_that_begin_where_they_end(programs: &Programs) {
    let lab = Lab::of(programs);
    lab.server.sql("CREATE DATABASE d; CREATE TABLE d.t (n INT) ENGINE=MyISAM");
    lab.backup("full");
    lab.server.sql("INSERT INTO d.t VALUES (1)");
    let first = lab.backup("incremental");
    lab.server.sql("INSERT INTO d.t VALUES (2)");
    let second = lab.backup("incremental");
    for answer in [&first, &second] {
        assert_eq!(answer["link"]["from"], answer["link"]["to"], "no checkpoint came between");
    }
    assert_eq!(
        second["link"]["parent"], first["link"]["id"],
        "not the one of equal LSNs before it"
    );
    let server = lab.start(&lab.restore("r", &[]));
    assert_eq!(server.rows("SELECT n FROM d.t ORDER BY n"), [["1"], ["2"]]);
}

pub(crate) fn a_strict_increment_of_a_log_that_stood_still_holds_nothing(programs: &Programs) {
    let lab = Lab::of(programs);
    lab.server.sql("CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY) ENGINE=InnoDB");
    let full = lab.backup("full");
    assert_eq!(full["link"]["level"], "full");
    let strict = &["--set", "strictIncremental=yes"];
    // The server writes a record now and then by itself, for a checkpoint or a purge; but not for
    // ever.
    let strictly = || lab.backup_with("incremental", strict);
    let holds_nothing = |answer: &Value| answer["volumes"] == 0;
    let quiet = (0..20).map(|_| strictly()).find(holds_nothing).expect("one with nothing in it");
    assert_eq!(quiet["link"]["from"], quiet["link"]["to"]);
    lab.server.sql("INSERT INTO d.t VALUES (7)");
    let moved = lab.backup_with("incremental", strict);
    assert_ne!(moved["volumes"], 0);
    assert_eq!(moved["link"]["parent"], quiet["link"]["id"]);
    let server = lab.start(&lab.restore("r", &[]));
    assert_eq!(server.rows("SELECT n FROM d.t"), [["7"]]);
}
