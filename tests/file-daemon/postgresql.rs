//! PostgreSQL through a daemon: chains, places, moments.

use crate::{backup, lab, line, restore};
use fixtures::file_daemon::{Ask, StoredJob};
use fixtures::{Lab, ScratchServer as _};
use protocol::Severity;
use std::fs;
use std::path::PathBuf;

/// A job that must have ended well.
fn good(job: StoredJob) -> StoredJob {
    assert_eq!((job.failure.as_deref(), job.is_done), (None, true), "{:?}", job.messages);
    job
}

fn insert(lab: &Lab, from: u32) {
    lab.server.sql(&format!(
        "CREATE TABLE IF NOT EXISTS t (g int); INSERT INTO t SELECT generate_series({from}, {})",
        from + 999
    ));
}

const SUM: &str = "SELECT count(*) || '|' || sum(g) FROM t";

#[test]
fn a_full_and_two_logs_come_back_as_one_directory() {
    let lab = lab();
    insert(&lab, 1);
    let line = line(&lab);
    let full = good(backup(&lab, &Ask::new(1, &line)));
    insert(&lab, 1001);
    let ask = Ask { level: b'I', previous: &full.name, ..Ask::new(2, &line) };
    let first = good(backup(&lab, &ask));
    assert_eq!(first.named("/pg_wal/").count() + 1, first.files.len(), "log only");
    insert(&lab, 2001);
    let second = Ask { level: b'I', previous: &first.name, ..Ask::new(3, &line) };
    let second = good(backup(&lab, &second));
    // Nothing has happened since: an idle increment holds nothing, and still continues.
    let idle = Ask { level: b'I', previous: &second.name, ..Ask::new(4, &line) };
    let idle = good(backup(&lab, &idle));
    assert_eq!(idle.files.len(), 1, "{:?}", idle.files.last());
    // A differential is the log since the full.
    let differential = Ask { level: b'D', previous: &full.name, ..Ask::new(5, &line) };
    let differential = good(backup(&lab, &differential));
    assert!(differential.named("/pg_wal/").count() >= 2);

    for (number, jobs) in
        [(6, vec![&full, &first, &second, &idle]), (7, vec![&full, &differential])]
    {
        let place = lab.scratch.make_dir(&format!("where{number}"));
        let ask = Ask { prefix: place.to_str(), ..Ask::new(number, &line) };
        let restored = good(restore(&lab, &ask, &jobs));
        assert_eq!(restored.said(Severity::Warning), "");
        let data = format!("{}{}", place.display(), lab.server.data().display());
        let server = lab.start_recovered(PathBuf::from(data));
        assert_eq!(server.sql(SUM), "3000|4501500");
    }
}

#[test]
fn the_original_place_is_set_aside_or_refused_and_a_moment_can_be_chosen() {
    let mut lab = lab();
    let tablespace = lab.scratch.make_dir("ts");
    lab.server.sql(&format!("CREATE TABLESPACE s LOCATION '{}'", tablespace.display()));
    lab.server.sql("CREATE TABLE far (n int) TABLESPACE s; INSERT INTO far VALUES (7)");
    insert(&lab, 1);
    let line = line(&lab);
    let full = good(backup(&lab, &Ask::new(1, &line)));
    insert(&lab, 1001);
    let moment = lab.server.sql(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00'",
    );
    lab.server.sql("DELETE FROM t; DROP TABLE far");
    let log = Ask { level: b'I', previous: &full.name, ..Ask::new(2, &line) };
    let log = good(backup(&lab, &log));
    let jobs = [&full, &log];

    // A running server is never touched, and what is there is not mixed with what comes.
    let in_place = Ask { prefix: Some(""), ..Ask::new(3, &line) };
    let refused = restore(&lab, &in_place, &jobs);
    assert!(refused.failure.unwrap().contains("a server is running"));
    lab.server.stop();
    for replace in *b"nwo" {
        let refused = restore(&lab, &Ask { replace, ..in_place.clone() }, &jobs);
        let failure = refused.failure.unwrap();
        assert!(failure.contains("is not empty") && failure.contains("replace"), "{failure}");
    }
    let options = format!("target_time=\"{moment}\"\ntarget_action=promote\n");
    let restored = good(restore(&lab, &Ask { options: &options, ..in_place.clone() }, &jobs));
    let said = restored.said(Severity::Warning);
    assert!(said.contains(".before-0000000003"), "{said}");
    lab.server.start();
    lab.server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(lab.server.sql(SUM), "2000|2001000");
    assert_eq!(lab.server.sql("SELECT n FROM far"), "7");
    assert!(fs::read_dir(&tablespace).unwrap().next().is_some());
    assert!(lab.scratch.join("ts.before-0000000003").exists());

    // Elsewhere, the tablespace goes along; and a moment that the log does not reach is refused.
    let place = lab.scratch.make_dir("where");
    let elsewhere = Ask { prefix: place.to_str(), ..Ask::new(4, &line) };
    let later = "target_time=2100-01-01T00:00:00Z\n";
    let refused = restore(&lab, &Ask { options: later, ..elsewhere.clone() }, &jobs);
    let failure = refused.failure.unwrap();
    assert!(failure.contains("the log does not reach"), "{failure}");
    let data = PathBuf::from(format!("{}{}", place.display(), lab.server.data().display()));
    assert!(!data.join("global/pg_control").exists(), "no server starts there");
    let all = good(restore(&lab, &elsewhere, &jobs));
    assert!(all.said(Severity::Info).contains("is ready to start"));
    let server = lab.start_recovered(data);
    assert_eq!(server.sql("SELECT count(*) FROM t"), "0");
    let below = format!("{}{}", place.display(), tablespace.display());
    assert_eq!(
        server.sql("SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 's'"),
        below
    );
}

#[test]
fn what_does_not_come_back_whole_is_no_server() {
    let lab = lab();
    insert(&lab, 1);
    let line = line(&lab);
    let full = good(backup(&lab, &Ask::new(1, &line)));
    let data = |place: &str| {
        PathBuf::from(format!(
            "{}/{place}{}",
            lab.scratch.path().display(),
            lab.server.data().display()
        ))
    };
    type Damage = fn(&mut StoredJob);
    let damage: [(&str, Damage, &str); 4] = [
        ("missing", |job| drop(job.files.remove(30)), "of its"),
        ("changed", |job| largest(job)[5000] ^= 1, "its bytes are not those"),
        ("short", |job| largest(job).truncate(8192), "write"),
        ("long", |job| largest(job).extend([0; 100]), "bytes and not"),
    ];
    for (number, (place, damage, complaint)) in (2..).zip(damage) {
        let mut job = StoredJob {
            files: full.files.clone(),
            objects: full.objects.clone(),
            ..StoredJob::default()
        };
        damage(&mut job);
        let dir = lab.scratch.make_dir(place);
        let ask = Ask { prefix: dir.to_str(), ..Ask::new(number, &line) };
        let restored = restore(&lab, &ask, &[&job]);
        let failure = restored.failure.unwrap_or_else(|| panic!("{place}: restored"));
        assert!(failure.contains(complaint), "{place}: {failure}");
        assert!(!data(place).join("global/pg_control").exists(), "{place}");
    }
    // Nothing is known of the backup: its files are the daemon's, and the job says so.
    let job = StoredJob { files: full.files.clone(), ..StoredJob::default() };
    let restored = restore(&lab, &Ask { prefix: Some("/nowhere"), ..Ask::new(9, &line) }, &[&job]);
    assert!(restored.said(Severity::Error).contains("no restore objects"));
}

fn largest(job: &mut StoredJob) -> &mut Vec<u8> {
    let data = job.files.iter_mut().filter(|file| file.name.contains("/base/"));
    &mut data.max_by_key(|file| file.body.len()).unwrap().body
}

#[test]
fn log_that_the_server_has_dropped_makes_a_full() {
    let mut lab = lab();
    insert(&lab, 1);
    let line = line(&lab);
    let full = good(backup(&lab, &Ask::new(1, &line)));
    // So much that the server has no use for the first of it any more.
    for setting in ["max_wal_size = '32MB'", "min_wal_size = '32MB'"] {
        lab.server.sql(&format!("ALTER SYSTEM SET {setting}"));
    }
    lab.server.sql("SELECT pg_reload_conf()");
    for _ in 0..6 {
        insert(&lab, 1);
        // What is not archived yet is not dropped.
        lab.archive();
        lab.server.sql("CHECKPOINT");
    }
    let ask = Ask { level: b'I', previous: &full.name, ..Ask::new(2, &line) };
    let next = good(backup(&lab, &ask));
    assert!(
        next.said(Severity::Warning).contains("a full was taken and no log"),
        "{:?}",
        next.messages
    );
    assert_eq!(next.named("/global/pg_control").count(), 1);
    // A gap in the middle, too.
    insert(&lab, 1);
    let middle = lab.server.sql("SELECT pg_walfile_name(pg_switch_wal() + 1)");
    insert(&lab, 1);
    lab.server.sql("SELECT pg_switch_wal()");
    insert(&lab, 1);
    fs::remove_file(lab.server.data().join("pg_wal").join(middle)).unwrap();
    let ask = Ask { level: b'I', previous: &next.name, ..Ask::new(3, &line) };
    let again = good(backup(&lab, &ask));
    assert!(again.said(Severity::Warning).contains("is nowhere"), "{:?}", again.messages);
}
