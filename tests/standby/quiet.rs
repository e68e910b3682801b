//! A primary that writes nothing ends no segment: the backup carries what there is of it.

use crate::pair::Pair;
use crate::{STOCK, rows};
use fixtures::ScratchServer;
use fixtures::postgresql::Programs;
use std::time::{Duration, Instant};

/// What is done on a primary: a segment is ended, a transaction, a checkpoint. Its position will not
/// do: the background writer notes the running transactions when it sees fit.
const DONE: &str = "SELECT pg_walfile_name(pg_current_wal_insert_lsn()), \
     txid_snapshot_xmax(txid_current_snapshot()), (SELECT redo_lsn FROM pg_control_checkpoint())";

pub(crate) fn run(major: u16, programs: Programs) {
    let mut pair = Pair::new(major, programs, "");
    pair.lab.server.sql("INSERT INTO t (text) VALUES ('last')");
    pair.catch_up();
    let quiet = rows(&pair.lab.server);

    // Nothing is waited for, and nothing is done on the primary.
    let before = pair.lab.server.sql("SELECT pg_current_wal_insert_lsn()");
    let done = pair.lab.server.sql(DONE);
    let began = Instant::now();
    let first = take(&pair);
    let second = take(&pair);
    assert!(began.elapsed() < Duration::from_secs(20), "{major}: it waited");
    assert_eq!(pair.lab.server.sql(DONE), done, "{major}");
    assert_eq!(first.start, second.start, "{major}: a standby makes no checkpoints");
    assert_ne!(first.job, second.job, "{major}");

    // The segment is in the backup and nowhere else, under no name that is the archiver's.
    let segment = pair.lab.server.sql(&format!("SELECT pg_walfile_name('{before}')"));
    assert!(!archived(&pair, &segment), "{major}: {segment} was archived");
    let words = ["--backup", &first.job, "--target-immediate", "--target-action", "promote"];
    let restored = pair.lab.scratch.join("immediate");
    assert_eq!(rows(&pair.recover("immediate", &words)), quiet, "{major}: {}", restored.display());
    if major == STOCK {
        assert_eq!(rows(&pair.recover("end", &["--backup", &second.job])), quiet, "{major}");
    }

    // Later the archive has the whole of it, and recovery goes on where the carried part ends.
    pair.lab.server.sql("INSERT INTO t (text) VALUES ('later')");
    let lsn = pair.lab.server.sql("SELECT pg_current_wal_insert_lsn()");
    let later = rows(&pair.lab.server);
    pair.lab.server.sql("DELETE FROM t");
    pair.lab.archive();
    assert!(archived(&pair, &segment), "{major}: {segment}");
    pair.lab.server.stop();
    pair.verify();
    let words = ["--backup", &first.job, "--target-lsn", &lsn, "--target-action", "promote"];
    assert_eq!(rows(&pair.recover("later", &words)), later, "{major}");
    if major == STOCK {
        let end = pair.recover("end-of-log", &["--backup", &second.job]);
        assert!(rows(&end).starts_with("0 "), "{major}");
    }
}

struct Taken {
    job: String,
    start: String,
}

fn take(pair: &Pair) -> Taken {
    pair.backup(&[]).ok();
    let link = pair.newest();
    let state = &link["state"];
    assert!(state["carried"].is_object(), "{}: {state}", pair.major);
    Taken { job: link["job"].to_string(), start: state["start"].to_string() }
}

fn archived(pair: &Pair, segment: &str) -> bool {
    let objects = pair.lab.objects("targets/pg-main/log");
    objects.iter().any(|path| path.to_string_lossy().contains(segment))
}
