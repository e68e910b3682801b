//! PostgreSQL in Bacula: chains, places, moments, and what an operator looks at.

use crate::stage::{self, PROGRAM, insert, line, sum};
use fixtures::bacula::{Bacula, JobSpec, Level, Programs, RestoreSpec};
use fixtures::postgresql::PostgreSql;
use fixtures::{Lab, ScratchServer as _};
use std::path::{Path, PathBuf};

/// Where the lab's data directory is put below a place.
fn below(place: &Path, lab: &Lab) -> PathBuf {
    place.join(lab.server.data().strip_prefix("/").unwrap())
}

/// A server on what came back.
fn start(lab: &Lab, place: &Path) -> PostgreSql {
    lab.start_recovered(below(place, lab))
}

pub(crate) fn a_chain_goes_there_and_back(programs: &Programs) {
    let lab = Lab::new(PROGRAM);
    let spec = JobSpec::of(line(&lab));
    let bacula = stage::setup(programs, &lab.scratch)
        .job("pg", spec.clone())
        .job("accurate", spec.accurate().option("compression = GZIP"))
        .start(&lab.scratch);
    insert(&lab, 1);
    for (job, place) in [("pg", "plain"), ("accurate", "with-accurate")] {
        let rows = chain(&lab, &bacula, job);
        let place = lab.scratch.make_dir(place);
        let restored = bacula.restore(&RestoreSpec::current(job).to(&place)).good();
        assert_eq!(restored.termination, "Restore OK");
        assert_eq!(sum(&start(&lab, &place)), rows, "{}", restored.log);
    }
}

/// Full, log, differential, log, and one of a server that was idle; the rows at the end.
fn chain(lab: &Lab, bacula: &Bacula, job: &str) -> String {
    let full = bacula.run_job(job, Level::Full).good();
    assert_eq!((full.termination.as_str(), full.level), ("Backup OK", 'F'));
    for level in [Level::Incremental, Level::Differential, Level::Incremental] {
        insert(lab, 1);
        let log = bacula.run_job(job, level).good();
        assert!(log.files < 20, "the log alone: {}", log.log);
        assert_eq!(bacula.verify(log.job_id).good().termination, "Verify OK");
    }
    let rows = sum(&lab.server);
    // The link and its pieces, and nothing else.
    let idle = bacula.run_job(job, Level::Incremental).good();
    assert!(idle.files < 5, "{}", idle.log);
    assert_eq!(bacula.verify(full.job_id).good().termination, "Verify OK");
    rows
}

pub(crate) fn the_original_place_and_a_moment_are_chosen(programs: &Programs) {
    let mut lab = Lab::new(PROGRAM);
    let bacula =
        stage::setup(programs, &lab.scratch).job("pg", JobSpec::of(line(&lab))).start(&lab.scratch);
    insert(&lab, 1);
    let rows = sum(&lab.server);
    bacula.run_job("pg", Level::Full).ok();
    let moment =
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')";
    let moment = lab.server.sql(moment);
    lab.server.sql("DROP TABLE t");
    bacula.run_job("pg", Level::Incremental).ok();

    let in_place = |more: &str| {
        let time = format!("{moment}{more}");
        let spec =
            RestoreSpec::current("pg").to(Path::new("/")).plugin_option("target_time", &time);
        spec.plugin_option("target_action", "promote")
    };
    // A job that ends before it has taken all takes 15.0 two minutes: it waits for the storage daemon.
    let in_place = if programs.prefix() == Programs::usual().prefix() {
        refused(&mut lab, &bacula, &in_place)
    } else {
        lab.server.stop();
        in_place("Z")
    };
    let restored = bacula.restore(&in_place.replace("always"));
    assert_eq!(restored.termination, "Restore OK", "{}", restored.log);
    assert!(restored.log.contains(".before-"), "{}", restored.log);
    lab.server.start();
    lab.server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(sum(&lab.server), rows);
}

/// A server runs there; then there is one that was stopped. The catalogue of 9.6 gives some lengths of
/// options back as rubbish: that is noticed, and another length is of use.
fn refused(lab: &mut Lab, bacula: &Bacula, in_place: &dyn Fn(&str) -> RestoreSpec) -> RestoreSpec {
    let (in_place, refused) = ["Z", "0Z", "00Z"]
        .into_iter()
        .map(|more| (in_place(more), bacula.restore(&in_place(more))))
        .inspect(|(_, job)| assert_eq!(job.termination, "*** Restore Error ***", "{}", job.log))
        .find(|(_, job)| !job.log.contains("options came back damaged"))
        .unwrap();
    assert!(refused.log.contains("a server is running in"), "{}", refused.log);
    lab.server.stop();
    let refused = bacula.restore(&in_place.clone().replace("never"));
    assert_eq!(refused.termination, "*** Restore Error ***");
    assert!(refused.log.contains("is not empty"), "{}", refused.log);
    in_place
}

pub(crate) fn operators_see_what_would_be_saved(programs: &Programs) {
    let lab = Lab::new(PROGRAM);
    let line = line(&lab);
    let bacula = stage::setup(programs, &lab.scratch)
        .job("pg", JobSpec::of(&line))
        .job("accurate", JobSpec::of(&line).accurate())
        .start(&lab.scratch);
    for job in ["pg", "accurate"] {
        let said = bacula.estimate(job, true, Level::Full);
        assert!(said.contains("/@seawall/pg-main/0000000000/data/global/pg_control"), "{said}");
    }
    let full = bacula.run_job("pg", Level::Full).good();
    let listed = bacula.list_files(full.job_id);
    let of = |end: &str| listed.iter().filter(|name| name.ends_with(end)).count();
    assert_eq!((of("/data/global/pg_control"), of("/data/backup_label")), (1, 1));
    assert_eq!(of("_0000000001.json"), 1, "the link");

    let below = |path: &str| bacula.ls(&line, path);
    assert!(below("/").contains("/@seawall/"), "{}", below("/"));
    let data = "/@seawall/pg-main/0000000000/data";
    let said = below(data);
    assert!(said.contains("/data/PG_VERSION") && said.contains("/data/base/"), "{said}");
    assert!(!said.contains("/data/base/1/"), "only what lies there: {said}");
    // Nothing of ours stays with the server.
    stage::wait_for_no_session(&lab);
}

pub(crate) fn without_the_plugin_files_are_plain(programs: &Programs) {
    let lab = Lab::new(PROGRAM);
    let spec = JobSpec::of(line(&lab));
    let mut bacula = stage::setup(programs, &lab.scratch).job("pg", spec).start(&lab.scratch);
    insert(&lab, 1);
    let rows = sum(&lab.server);
    let full = bacula.run_job("pg", Level::Full).good();
    // By choice; by a rule for names, which no directory can follow; and because there is no plugin.
    let chosen = lab.scratch.make_dir("chosen");
    let spec = RestoreSpec::of_jobs(&[full.job_id]);
    let plain = spec.clone().to(&chosen).plugin_option("mode", "files");
    assert_eq!(bacula.restore(&plain).good().termination, "Restore OK");
    let ruled = lab.scratch.join("ruled");
    let rule = format!("!^/@seawall/pg-main!{}!", ruled.display());
    let restored = bacula.restore(&spec.clone().regex_where(&rule));
    assert_eq!(restored.termination, "Restore OK", "{}", restored.log);
    std::fs::remove_file(bacula.plugin_dir().join("seawall-fd.so")).unwrap();
    bacula.restart_file_daemon();
    let bare = lab.scratch.make_dir("bare");
    let restored = bacula.restore(&spec.to(&bare));
    assert!(restored.termination.starts_with("Restore OK"), "{}", restored.log);
    for tree in [
        chosen.join("@seawall/pg-main/0000000001/data"),
        ruled.join("0000000001/data"),
        bare.join("@seawall/pg-main/0000000001/data"),
    ] {
        // A full has all that a server needs to start, and what it asks of a directory's rights.
        assert!(tree.join("backup_label").exists(), "{}", tree.display());
        let server = lab.start_recovered(tree);
        assert_eq!(sum(&server), rows);
    }
}

pub(crate) fn two_jobs_and_two_targets_at_once(programs: &Programs) {
    let lab = Lab::new(PROGRAM);
    let other = Lab::new(PROGRAM);
    insert(&lab, 1);
    insert(&other, 5);
    let second = line(&other).replace("target=pg-main", "target=pg-other");
    let bacula = stage::setup(programs, &lab.scratch)
        .job("one", JobSpec::of(line(&lab)))
        .job("both", JobSpec::of(line(&lab)).and(&second))
        .start(&lab.scratch);
    let jobs = [bacula.start_job("one", Level::Full), bacula.start_job("both", Level::Full)];
    jobs.into_iter().for_each(|job| bacula.wait(job).ok());
    insert(&lab, 1001);
    insert(&other, 1005);
    let jobs =
        [bacula.start_job("one", Level::Incremental), bacula.start_job("both", Level::Incremental)];
    let jobs = jobs.map(|job| bacula.wait(job).good());
    assert!(jobs.iter().all(|job| job.files < 20));
    let place = lab.scratch.make_dir("both");
    bacula.restore(&RestoreSpec::current("both").to(&place)).ok();
    for lab in [&lab, &other] {
        assert_eq!(sum(&start(lab, &place)), sum(&lab.server));
    }
}
