//! Chains as the director picks them.

use super::stage::{Restored, Stage, assert_same, chosen, entries, fill, job_of, line, unpack};
use fixtures::bacula::{JobSpec, Level, Programs, RestoreSpec};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Backs up, and restores what is current then as trees: those of the shape's jobs.
fn step(stage: &Stage, level: Level, shape: &[u32]) -> Vec<PathBuf> {
    let job = stage.bacula.run_job("m", level).good();
    assert_eq!(job.job_id, *shape.last().unwrap());
    assert!(job.log.contains(" backup "), "{}", job.log);
    let restore = stage.bacula.restore(&RestoreSpec::current("m")).good();
    let restored = Restored::of(&restore, &stage.bacula.restored_dir().join("_mariadb-backup"));
    assert_eq!(restored.jobs(), shape, "{}", restore.log);
    assert_eq!(restored.links.len(), shape.len(), "a link beside each");
    restored.trees
}

pub(crate) fn trees_come_back_of_every_shape_and_streams_without_the_plugin(programs: &Programs) {
    let mut stage = Stage::new(programs, &["m"], |setup, servers| {
        setup.job("m", JobSpec::of(line(&servers[0], "maria")))
    });
    // Every second number is a restore's.
    let mut trees = Vec::new();
    fill(stage.server(), 1);
    trees.extend(step(&stage, Level::Full, &[1]));
    fill(stage.server(), 1001);
    trees.extend(step(&stage, Level::Incremental, &[1, 3]));
    fill(stage.server(), 2001);
    trees.extend(step(&stage, Level::Incremental, &[1, 3, 5]));
    fill(stage.server(), 3001);
    trees.extend(step(&stage, Level::Differential, &[1, 7]));
    fill(stage.server(), 4001);
    trees.extend(step(&stage, Level::Incremental, &[1, 7, 9]));
    prepared_trees_start(&stage);
    what_nothing_continues_is_left_out(&stage);

    // What the daemon itself makes of the files, asked for, and without a plugin to ask.
    let all = [1, 3, 5, 7, 9];
    let asked = stage.scratch.join("asked");
    let spec = RestoreSpec::of_jobs(&all).to(&asked).plugin_option("mode", "files");
    stage.bacula.restore(&spec).ok();
    for path in entries(&stage.bacula.plugin_dir()) {
        fs::remove_file(path).unwrap();
    }
    stage.bacula.restart_file_daemon();
    let plain = stage.scratch.join("plain");
    let restored = stage.bacula.restore(&RestoreSpec::of_jobs(&all).to(&plain));
    assert_eq!(restored.termination, "Restore OK", "{}", restored.log);
    assert_same(&asked, &plain);

    // Each tree is what the tool's own extractor makes of the stream.
    let mut made: BTreeMap<u32, PathBuf> = BTreeMap::new();
    for number in all {
        let stream = format!("@seawall/maria/{number:010}/data/backup.xbstream");
        let tree = stage.scratch.join(&format!("made-{number}"));
        unpack(&plain.join(stream), &tree);
        made.insert(number, tree);
    }
    assert_eq!(trees.len(), 1 + 2 + 3 + 2 + 3);
    trees.iter().for_each(|tree| assert_same(tree, &made[&job_of(tree)]));
}

/// This host knows of nothing any more: the next increment is a full, and the director picks it with
/// all that was before.
fn what_nothing_continues_is_left_out(stage: &Stage) {
    fs::remove_dir_all(stage.bacula.working_dir().join("seawall")).unwrap();
    let job = stage.bacula.run_job("m", Level::Incremental).good();
    assert!(job.log.contains("Warning: a full was taken and no incremental"), "{}", job.log);
    let to = stage.scratch.join("left");
    let restore = stage.bacula.restore(&RestoreSpec::current("m").to(&to)).good();
    let restored = Restored::of(&restore, &to.join("_mariadb-backup"));
    assert_eq!(restored.jobs(), [job.job_id]);
    let told = "is not part of the chain and is left out";
    assert_eq!(restore.log.matches(told).count(), 3, "{}", restore.log);
}

/// Below the place that the job names, and at the one that the operator names.
fn prepared_trees_start(stage: &Stage) {
    let sums = stage.server().checksums();
    let (below, to) = (stage.scratch.join("below"), stage.scratch.join("to"));
    let spec = RestoreSpec::current("m").plugin_option("prepare", "yes");
    let elsewhere = spec.clone().to(&below);
    let there = spec.to(Path::new("/")).plugin_option("to", &chosen(&to));
    for (spec, above) in [(elsewhere, below.join("_mariadb-backup")), (there, to)] {
        let restore = stage.bacula.restore(&spec).good();
        let restored = Restored::of(&restore, &above);
        assert_eq!((restored.trees.len(), restored.links.len()), (1, 3), "{}", restore.log);
        assert_eq!(stage.start(&restored.trees[0]).checksums(), sums);
        fs::remove_dir_all(stage.scratch.join("data-1")).unwrap();
    }
    assert!(!Path::new("/_mariadb-backup").exists());
}
