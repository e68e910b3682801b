//! Several targets: in one job, and in jobs that run at once.

use super::stage::{Restored, Stage, chosen, entries, fill, line};
use crate::stage::{self, PROGRAM};
use fixtures::Lab;
use fixtures::bacula::{JobSpec, Level, Programs, RestoreSpec};
use std::fs;

/// The targets of MariaDB: servers that were made alike, so that their backups have the same LSNs.
const TARGETS: [&str; 2] = ["one", "two"];

pub(crate) fn several_targets_come_back_together_and_alone(programs: &Programs) {
    let lab = Lab::new(PROGRAM);
    let stage = Stage::new(programs, &TARGETS, |setup, servers| {
        let [one, two] = [line(&servers[0], "one"), line(&servers[1], "two")];
        setup
            .job("all", JobSpec::of(&one).and(&two).and(stage::line(&lab)))
            .job("one", JobSpec::of(one))
            .job("two", JobSpec::of(two))
    });
    let step = |level: Level, from: u32| {
        stage.servers.iter().zip([0, 500]).for_each(|(server, more)| fill(server, from + more));
        stage::insert(&lab, from);
        stage.bacula.run_job("all", level).good().job_id
    };
    let all = [step(Level::Full, 1), step(Level::Incremental, 2001)];
    together(&stage, &lab);
    alone(&stage, &all);
    at_once(&stage);
}

/// Each target as its own line's options want it.
fn together(stage: &Stage, lab: &Lab) {
    let (place, elsewhere) = (stage.scratch.make_dir("place"), stage.scratch.join("elsewhere"));
    let spec = RestoreSpec::current("all").to(&place);
    let spec = spec.option_of_line(1, "prepare", "yes");
    let spec = spec.option_of_line(2, "to", &chosen(&elsewhere));
    let restore = stage.bacula.restore(&spec).good();
    let [one, two] = [place.join("_mariadb-backup"), elsewhere].map(|dir| entries(&dir).remove(0));
    let [one, two] = [one, two].map(|dir| entries(&dir).remove(0));
    assert!(one.ends_with("one") && two.ends_with("two"), "{}", restore.log);
    let (one, two) = (Restored::look(&one), Restored::look(&two));
    assert_eq!((one.trees.len(), two.trees.len()), (1, 2), "{}", restore.log);
    assert_eq!(stage.start(&one.trees[0]).checksums(), stage.servers[0].checksums());
    let server = lab.start_recovered(place.join(lab.server.data().strip_prefix("/").unwrap()));
    assert_eq!(stage::sum(&server), stage::sum(&lab.server));
}

/// What was marked, and nothing else.
fn alone(stage: &Stage, all: &[u32]) {
    let place = stage.scratch.join("alone");
    let spec = RestoreSpec::of_jobs(all).to(&place).only("/@seawall/two");
    let spec = spec.option_of_line(2, "prepare", "yes");
    let restore = stage.bacula.restore(&spec).good();
    let above = place.join(format!("_mariadb-backup/{:010}", restore.job_id));
    assert_eq!(entries(&above), [above.join("two")]);
    let restored = Restored::look(&above.join("two"));
    fs::remove_dir_all(stage.scratch.join("data-1")).unwrap();
    assert_eq!(stage.start(&restored.trees[0]).checksums(), stage.servers[1].checksums());
    assert_eq!(entries(&place).len(), 1, "{}", restore.log);
}

fn at_once(stage: &Stage) {
    for level in [Level::Full, Level::Incremental] {
        let jobs = TARGETS.map(|name| stage.bacula.start_job(name, level));
        for job in jobs.map(|job| stage.bacula.wait(job).good()) {
            assert!(!job.log.contains("Warning"), "{}", job.log);
        }
    }
    for name in TARGETS {
        let place = stage.scratch.join(&format!("{name}-alone"));
        let restore = stage.bacula.restore(&RestoreSpec::current(name).to(&place)).good();
        let restored = Restored::of(&restore, &place.join("_mariadb-backup"));
        let [full, increment] = &restored.links[..] else { panic!("{}", restore.log) };
        assert_eq!((&full["target"], &increment["parent"]), (&name.into(), &full["id"]));
    }
}
