//! Daemons whose plugin has the stand-in for a backend.

use super::row::Row;
use crate::stage;
use fixtures::bacula::{Bacula, JobResult, JobSpec, Level, Programs, RestoreSpec};
use fixtures::{Scratch, StandInBackend};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longer than a backend takes to end that was told to.
const PATIENCE: Duration = Duration::from_secs(20);

/// Any line: the stand-in does not read it.
const LINE: &str = "seawall:";

/// What the stand-in's good backup has: four files, two objects, what may be chosen in a restore.
const FILES: u64 = 7;

pub(super) struct Room {
    // In this order: the daemons end before their directory goes.
    pub(super) bacula: Bacula,
    pub(super) stand_in: StandInBackend,
    pub(super) scratch: Scratch,
}

impl Room {
    /// Daemons with two jobs for each name: itself, and what comes after it.
    pub(super) fn start(programs: &Programs, names: &[&str], environment: &[(&str, &str)]) -> Self {
        let scratch = Scratch::new();
        let stand_in = StandInBackend::install(&scratch.make_dir("stand-in"));
        let mut setup = stage::setup(programs, &scratch)
            .file(stage::CONFIGURATION, stage::configuration(&stand_in.program()));
        for (name, value) in environment {
            setup = setup.env(name, value);
        }
        for name in names {
            setup = setup.job(name, JobSpec::of(LINE)).job(&after(name), JobSpec::of(LINE));
        }
        let bacula = setup.start(&scratch);
        Self { bacula, stand_in, scratch }
    }

    pub(super) fn start_rows(programs: &Programs, rows: &[Row]) -> Self {
        let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
        Self::start(programs, &names, &[])
    }

    /// A backup with the row's faults, and a good one.
    pub(super) fn back_up(&self, row: &Row) {
        self.stand_in.instruct(&row.settings());
        row.check("Backup", &self.bacula.run_job(row.name, Level::Full));
        self.nobody_is_left(row.name);
        let _ = self.good_backup(&after(row.name));
    }

    pub(super) fn good_backup(&self, name: &str) -> JobResult {
        self.stand_in.instruct(&[]);
        let job = self.bacula.run_job(name, Level::Full).good();
        assert_eq!(job.files, FILES, "{name}\n{}", job.log);
        job
    }

    /// A restore of a good backup with the row's faults, and a good one.
    pub(super) fn restore(&self, row: &Row, backup: &JobResult) {
        let spec = RestoreSpec::of_jobs(&[backup.job_id]);
        self.stand_in.instruct(&row.settings());
        row.check("Restore", &self.bacula.restore(&spec));
        self.nobody_is_left(row.name);
        self.stand_in.instruct(&[]);
        self.bacula.restore(&spec).ok();
    }

    /// The daemon lives, and of all backends and what they started nothing does.
    pub(super) fn nobody_is_left(&self, name: &str) {
        let said = || self.bacula.file_daemon_said();
        assert!(self.bacula.file_daemon_is_alive(), "{name}: the daemon is gone\n{}", said());
        let deadline = Instant::now() + PATIENCE;
        // The director may know of a job's end before the daemon has ended the backend.
        while let Some(process) = self.somebody() {
            assert!(Instant::now() < deadline, "{name}: {process} is left");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn somebody(&self) -> Option<String> {
        let program = self.stand_in.program();
        let journal = self.stand_in.journal();
        let grandchildren = journal.iter().filter_map(|line| line.split_once(" grandchild "));
        let alive = |number: &str| {
            // A zombie has no words left.
            let words = fs::read(Path::new("/proc").join(number).join("cmdline"));
            words.is_ok_and(|words| words.starts_with(b"sleep\0"))
        };
        let mut orphans = grandchildren.map(|(_, number)| number.to_owned());
        let mut processes = fs::read_dir("/proc").unwrap().flatten();
        orphans.find(|number| alive(number)).or_else(|| {
            let is_ours =
                |path: &Path| fs::read_link(path.join("exe")).is_ok_and(|to| to == program);
            processes.find(|entry| is_ours(&entry.path())).map(|entry| format!("{entry:?}"))
        })
    }
}

/// The job that comes after another. Its name is its own: the director counts in seconds, and two
/// backups of one job must not begin in the same one.
pub(super) fn after(name: &str) -> String {
    format!("after-{name}")
}
