//! Chains that were interrupted: by a failure they go on, by a loss they begin anew. The director
//! compares with a list of all files, and must keep those of the chain, and no others.

use super::host::{self, TOOL, WAITS_FOR_A_LOCK};
use super::stage::{Restored, Stage, chosen, fill, watched, words};
use fixtures::ScratchServer as _;
use fixtures::bacula::{JobResult, JobSpec, Level, Programs, RestoreSpec};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn a_chain_goes_on_after_a_failure_and_begins_anew_after_a_loss(programs: &Programs) {
    let mut stage = Stage::new(programs, &["m"], |setup, servers| {
        setup.job("m", JobSpec::of(watched(&servers[0])).accurate())
    });
    fill(stage.server(), 1);
    let full = stage.bacula.run_job("m", Level::Full).good();
    fill(stage.server(), 1001);
    let first = increment(&stage);
    tool_is_killed(&stage);
    fill(stage.server(), 2001);
    let second = increment(&stage);
    let shape = [full.job_id, first.job_id, second.job_id];
    let (data, sums) = comes_back(&stage, &shape);
    assert!(forgotten(&stage).is_empty(), "{:?}", forgotten(&stage));

    // This host knows of nothing any more.
    fs::remove_dir_all(stage.bacula.working_dir().join("seawall")).unwrap();
    let why = "no earlier backup of the whole server is known";
    let new_full = becomes_a_full(&stage, why);
    fill(stage.server(), 3001);
    let next = increment(&stage);
    comes_back(&stage, &[new_full.job_id, next.job_id]);
    let forgotten = forgotten(&stage);
    let of_job =
        |job: u32| forgotten.iter().filter(|name| name.contains(&format!("/{job:010}/"))).count();
    assert!(shape.iter().all(|job| of_job(*job) > 0), "nothing continues these: {forgotten:?}");
    assert!(of_job(new_full.job_id) + of_job(next.job_id) == 0, "{forgotten:?}");

    // The server is what it was after the increment, and goes another way from there.
    let Stage { servers, scratch, .. } = &mut stage;
    servers[0].stop();
    servers[0].replace_data(scratch, &data);
    servers[0].start();
    assert_eq!(servers[0].checksums(), sums);
    fill(stage.server(), 7001);
    let set_back = becomes_a_full(&stage, "its system tablespace is another file");
    fill(stage.server(), 8001);
    let last = increment(&stage);
    comes_back(&stage, &[set_back.job_id, last.job_id]);
}

/// An increment that is none of a full's size, and warns of nothing.
fn increment(stage: &Stage) -> JobResult {
    let job = stage.bacula.run_job("m", Level::Incremental).good();
    assert!(job.log.contains("incremental backup") && !job.log.contains("Warning"), "{}", job.log);
    job
}

/// An incremental job that takes a full, says why, and has ended well.
fn becomes_a_full(stage: &Stage, why: &str) -> JobResult {
    let job = stage.bacula.run_job("m", Level::Incremental);
    assert_eq!((job.termination.as_str(), job.errors, job.level), ("Backup OK", 0, 'I'));
    let warning = format!("Warning: a full was taken and no incremental: {why}");
    assert_eq!(job.log.matches(&warning).count(), 1, "{}", job.log);
    job
}

/// While it waits for a lock.
fn tool_is_killed(stage: &Stage) {
    fs::remove_file(words(stage.server())).unwrap();
    let mut holder = stage.server().session();
    holder.text("LOCK TABLES d.t WRITE");
    let job = stage.bacula.start_job("m", Level::Incremental);
    host::is_at_work(stage, WAITS_FOR_A_LOCK);
    host::kill(stage, TOOL);
    let failed = stage.bacula.wait(job);
    assert_eq!((failed.termination.as_str(), failed.status), ("*** Backup Error ***", 'f'));
    assert!(failed.log.contains("mariadb-backup was ended by signal 9"), "{}", failed.log);
    host::is_clean(stage, "a tool that was killed", Some(&mut holder));
}

/// What is current is the chain of these jobs, and a server on it is today's. Answers its data
/// directory, and what is in its tables.
fn comes_back(stage: &Stage, shape: &[u32]) -> (PathBuf, BTreeMap<String, String>) {
    let sums = stage.server().checksums();
    let to = stage.scratch.join("to");
    let spec = RestoreSpec::current("m").to(Path::new("/")).plugin_option("prepare", "yes");
    let spec = spec.plugin_option("to", &chosen(&to));
    let restore = stage.bacula.restore(&spec).good();
    let restored = Restored::of(&restore, &to);
    let jobs: Vec<u64> = restored.links.iter().map(|link| link["job"].as_u64().unwrap()).collect();
    assert_eq!(
        jobs,
        shape.iter().map(|job| u64::from(*job)).collect::<Vec<_>>(),
        "{}",
        restore.log
    );
    for pair in restored.links.windows(2) {
        assert_eq!(pair[1]["parent"], pair[0]["id"]);
    }
    let mut server = stage.start(&restored.trees[0]);
    assert_eq!(server.checksums(), sums);
    server.stop();
    (server.data_dir().to_owned(), sums)
}

/// Directories of files that the catalog has as deleted.
fn forgotten(stage: &Stage) -> Vec<String> {
    let deleted = "SELECT Path FROM File JOIN Path USING (PathId) WHERE FileIndex <= 0";
    stage.bacula.catalog(deleted).lines().map(str::to_owned).collect()
}
