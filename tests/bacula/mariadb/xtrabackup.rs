//! MySQL by XtraBackup, of which there is a stand-in only.

use super::host::{self, BACKEND, wait_until};
use super::stage::{Restored, Stage};
use crate::stage;
use fixtures::bacula::{JobSpec, Level, Programs, RestoreSpec};
use fixtures::mariadb::PASSWORD;
use fixtures::{Scratch, ScriptedMySql, StandIn};
use std::fs;
use std::path::Path;

/// LSNs of the stand-in's full, and of increments after it.
const LSNS: [u64; 3] = [3_561_850, 3_574_713, 3_587_576];

pub(crate) fn xtrabackups_trees_come_back_and_a_tool_that_hangs_goes(programs: &Programs) {
    let scratch = Scratch::new();
    let tool = StandIn::install(&scratch, "bin");
    let server = ScriptedMySql::start_as(&scratch, "8.0.36");
    server.dress(&scratch);
    let bacula = stage::setup(programs, &scratch)
        .job("my", JobSpec::of(line(&scratch, &tool, &server)))
        .env("SEAWALL_XTRABACKUP", tool.program())
        .start(&scratch);
    let stage = Stage { bacula, servers: Vec::new(), scratch };
    let jobs = [Level::Full, Level::Incremental, Level::Incremental];
    let jobs = jobs.map(|level| stage.bacula.run_job("my", level).good().job_id);
    trees_come_back(&stage, jobs);
    is_prepared(&stage, &tool);
    a_tool_that_hangs_goes(&stage, &tool);
}

fn line(scratch: &Scratch, tool: &StandIn, server: &ScriptedMySql) -> String {
    let password = scratch.join("password");
    fs::write(&password, PASSWORD).unwrap();
    let (socket, tool) = (server.socket().display(), tool.program());
    format!(
        "seawall:engine=mariadb:target=my:user=root:socket={socket}:password_file={}:tool={}\
         :cancel_grace_secs=1",
        password.display(),
        tool.display()
    )
}

fn trees_come_back(stage: &Stage, jobs: [u32; 3]) {
    let restore = stage.bacula.restore(&RestoreSpec::current("my")).good();
    let restored = Restored::of(&restore, &stage.bacula.restored_dir().join("_percona"));
    assert_eq!((restored.jobs(), restored.links.len()), (jobs.to_vec(), 3));
    for (number, tree) in restored.trees.iter().enumerate() {
        let from = number.checked_sub(1).map_or(0, |before| LSNS[before]);
        let name = format!("{from:020}_{:020}_{:010}", LSNS[number], jobs[number]);
        assert!(tree.ends_with(name), "{}", tree.display());
        let checkpoints = fs::read_to_string(tree.join("xtrabackup_checkpoints")).unwrap();
        assert!(checkpoints.contains(&format!("to_lsn = {}", LSNS[number])), "{checkpoints}");
    }
}

/// At the place that the operator names.
fn is_prepared(stage: &Stage, tool: &StandIn) {
    let to = stage.scratch.join("to");
    let spec = RestoreSpec::current("my").to(Path::new("/")).plugin_option("prepare", "yes");
    let spec = spec.plugin_option("to", &super::stage::chosen(&to));
    let restored = Restored::of(&stage.bacula.restore(&spec).good(), &to);
    assert_eq!((restored.trees.len(), restored.links.len()), (1, 3));
    let info = fs::read_to_string(restored.trees[0].join("xtrabackup_info")).unwrap();
    assert!(info.contains(&format!("innodb_to_lsn = {}", LSNS[2])), "{info}");
    let runs = tool.runs();
    let steps: Vec<_> = runs.iter().filter(|run| has(&run.argv, "--prepare")).collect();
    assert!(steps.iter().all(|step| step.status == Some(0)), "{steps:?}");
    let are_open: Vec<bool> =
        steps.iter().map(|step| has(&step.argv, "--apply-log-only")).collect();
    assert_eq!(are_open, [true, true, false]);
}

fn has(argv: &[String], word: &str) -> bool {
    argv.iter().any(|found| found == word)
}

/// It hears no signal but the last one.
fn a_tool_that_hangs_goes(stage: &Stage, tool: &StandIn) {
    for hang in ["lock", "middle"] {
        tool.instruct(&[("HANG", hang), ("IGNORE_SIGTERM", "yes"), ("IGNORE_SIGINT", "yes")]);
        for is_cancel in [true, false] {
            let before = tool.runs().len();
            let job = stage.bacula.start_job("my", Level::Incremental);
            let is_in =
                || tool.runs().iter().skip(before).any(|run| run.found.contains_key("logged in"));
            wait_until(|| (!is_in()).then(|| "the tool does not log in".to_owned()));
            match is_cancel {
                true => drop(stage.bacula.cancel(job)),
                false => host::kill(stage, BACKEND),
            }
            host::is_clean(stage, hang, None);
            let ended = stage.bacula.wait(job);
            assert_eq!(ended.status, if is_cancel { 'A' } else { 'f' }, "{}", ended.log);
        }
    }
    tool.instruct(&[]);
    let next = stage.bacula.run_job("my", Level::Incremental).good();
    assert!(!next.log.contains("Warning"), "{}", next.log);
}
