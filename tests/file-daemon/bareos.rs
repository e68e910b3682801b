//! PostgreSQL through the shared object for Bareos, in the double of its daemon.

use crate::{PROGRAM, lab, line};
use bareos_host::{Job, JobOutcome, Release, Scenario, Under};
use fixtures::Lab;
use std::fs;
use std::path::{Path, PathBuf};

struct Daemon<'a> {
    lab: &'a Lab,
    release: Release,
}

impl Daemon<'_> {
    fn new(lab: &Lab, release: Release) -> Daemon<'_> {
        let object = Path::new(PROGRAM).with_file_name("libseawall_bareos_fd.so");
        assert!(object.exists(), "cargo build -p seawall-file-daemon-bareos");
        let dir = lab.scratch.make_dir("plugins");
        fs::copy(object, dir.join("seawall-fd.so")).unwrap();
        fs::write(dir.join("seawall-fd.conf"), format!("backend = {PROGRAM}\n")).unwrap();
        let _ = lab.scratch.make_dir("jobs");
        Daemon { lab, release }
    }

    /// Runs one job to its end; nothing of it may stay.
    fn run(&self, job: Job) -> JobOutcome {
        let outcome = Scenario {
            plugin: self.lab.scratch.join("plugins/seawall-fd.so"),
            release: self.release,
            store: self.lab.scratch.join("jobs"),
            together: false,
            timeout_secs: 100,
            jobs: vec![job],
        }
        .run_under(&Under {
            environment: vec![(
                "SEAWALL_CONFIG".to_owned(),
                self.lab.scratch.join("seawall.toml").display().to_string(),
            )],
            ..Under::default()
        });
        assert!(outcome.violations.is_empty() && outcome.hung.is_empty(), "{outcome:#?}");
        assert!(outcome.loaded && outcome.children_left.is_empty(), "{outcome:#?}");
        outcome.jobs.into_iter().next().unwrap()
    }
}

fn insert(lab: &Lab, from: u32) {
    lab.server.sql(&format!(
        "CREATE TABLE IF NOT EXISTS t (g int); INSERT INTO t SELECT generate_series({from}, {})",
        from + 999
    ));
}

fn round_trip(release: Release) {
    let lab = lab();
    let daemon = Daemon::new(&lab, release);
    let line = line(&lab);
    let ends = |job: &JobOutcome| (job.termination.clone(), job.errors);
    insert(&lab, 1);
    let full = daemon.run(Job::full(1, &[&line]));
    assert_eq!(ends(&full), ("Backup OK".to_owned(), 0), "{}", full.log());
    insert(&lab, 1001);
    // The director gives the objects of the job before: this host's own state is not asked.
    fs::remove_dir_all(lab.scratch.join("jobs/seawall")).unwrap();
    let log = daemon.run(Job::after(2, 'I', 1, &[&line]));
    assert_eq!(ends(&log), ("Backup OK".to_owned(), 0), "{}", log.log());
    assert!(log.files < 10, "the log alone: {:?}", log.names);

    let place = lab.scratch.make_dir("place");
    let restored = daemon.run(Job::restore(3, &[1, 2], place.to_str().unwrap()));
    assert_eq!(ends(&restored), ("Restore OK".to_owned(), 0), "{}", restored.log());
    let data: PathBuf = place.join(lab.server.data().strip_prefix("/").unwrap());
    let server = lab.start_recovered(data);
    assert_eq!(server.sql("SELECT count(*) || '|' || sum(g) FROM t"), "2000|2001000");

    // A choice of the operator's, in Bareos' own way.
    let other = lab.scratch.make_dir("other");
    let to = other.join("data");
    let options =
        Some(format!("seawall:to={}:target_immediate=yes:target_action=promote", to.display()));
    let job = Job { options, ..Job::restore(4, &[1, 2], other.to_str().unwrap()) };
    let restored = daemon.run(job);
    assert_eq!(ends(&restored), ("Restore OK".to_owned(), 0), "{}", restored.log());
    let server = lab.start_recovered(to);
    assert_eq!(server.sql("SELECT count(*) FROM t"), "1000");
}

#[test]
fn a_chain_goes_there_and_back_in_release_25() {
    round_trip(Release::V25);
}

#[test]
fn a_chain_goes_there_and_back_in_release_26() {
    round_trip(Release::V26);
}
