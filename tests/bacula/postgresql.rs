//! PostgreSQL in Bacula.

use crate::stage::{self, PROGRAM};
use fixtures::bacula::{JobSpec, Level, Programs, RestoreSpec};
use fixtures::{Lab, ScratchServer as _};
use std::path::PathBuf;

fn line(lab: &Lab) -> String {
    format!("seawall:url={}:target=pg-main", lab.server.url())
}

fn insert(lab: &Lab, from: u32) {
    lab.server.sql(&format!(
        "CREATE TABLE IF NOT EXISTS t (g int); INSERT INTO t SELECT generate_series({from}, {})",
        from + 999
    ));
}

pub(crate) fn a_chain_goes_there_and_back(programs: &Programs) {
    let lab = Lab::new(PROGRAM);
    let bacula =
        stage::setup(programs, &lab.scratch).job("pg", JobSpec::of(line(&lab))).start(&lab.scratch);
    insert(&lab, 1);
    let full = bacula.run_job("pg", Level::Full).good();
    assert_eq!((full.termination.as_str(), full.level), ("Backup OK", 'F'));
    insert(&lab, 1001);
    let log = bacula.run_job("pg", Level::Incremental).good();
    assert_eq!((log.errors, log.level), (0, 'I'), "{}", log.log);
    assert!(log.files < 20, "{}", log.log);
    assert_eq!(bacula.verify(full.job_id).good().termination, "Verify OK");

    let restored = bacula.restore(&RestoreSpec::current("pg")).good();
    assert_eq!((restored.termination.as_str(), restored.errors), ("Restore OK", 0));
    let below = lab.server.data().strip_prefix("/").unwrap();
    let data: PathBuf = bacula.restored_dir().join(below);
    let server = lab.start(data);
    assert_eq!(server.sql("SELECT count(*) || '|' || sum(g) FROM t"), "2000|2001000");
}
