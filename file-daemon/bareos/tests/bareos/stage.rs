//! A directory with the shared object, its configuration, and room for jobs.

use bareos_host::{Job, Outcome, Release, Scenario, Under};
use fixtures::StandInBackend;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

/// The plugin's own severities of messages.
pub(crate) const FATAL: i32 = 3;

/// What a test plays on.
pub(crate) struct Stage {
    dir: TempDir,
    pub(crate) release: Release,
    pub(crate) together: bool,
    pub(crate) under: Under,
    pub(crate) timeout_secs: u64,
}

impl Stage {
    /// The shared object is there, and calls that program.
    pub(crate) fn new(backend: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("sw-").tempdir().unwrap();
        fs::copy(object(), dir.path().join("seawall-fd.so")).unwrap();
        fs::write(dir.path().join("seawall-fd.conf"), format!("backend = {backend}\n")).unwrap();
        fs::create_dir(dir.path().join("jobs")).unwrap();
        let (release, under) = (Release::V25, Under::default());
        Self { dir, release, together: false, under, timeout_secs: 40 }
    }

    /// The shared object is there, and calls the stand-in, instructed so.
    pub(crate) fn with_stand_in(settings: &[(&str, &str)]) -> (Self, StandInBackend) {
        let stage = Self::new("/does/not/exist");
        let stand_in = StandInBackend::install(stage.dir.path());
        let line = format!("backend = {}\n", stand_in.program().display());
        fs::write(stage.join("seawall-fd.conf"), line).unwrap();
        stand_in.instruct(settings);
        (stage, stand_in)
    }

    /// A path in it.
    pub(crate) fn join(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// The shared object's copy.
    pub(crate) fn plugin(&self) -> PathBuf {
        self.join("seawall-fd.so")
    }

    /// Runs jobs. The plugin must keep to the interface, and leave nothing behind, whatever they do.
    pub(crate) fn run(&self, jobs: Vec<Job>) -> Outcome {
        let outcome = Scenario {
            plugin: self.plugin(),
            release: self.release,
            store: self.join("jobs"),
            together: self.together,
            timeout_secs: self.timeout_secs,
            jobs,
        }
        .run_under(&self.under);
        assert!(outcome.loaded, "{outcome:#?}");
        assert!(outcome.hung.is_empty(), "{outcome:#?}");
        assert!(outcome.violations.is_empty(), "{outcome:#?}");
        assert!(outcome.daemon_says.is_empty(), "{outcome:#?}");
        let left = (&outcome.children_left, &outcome.descriptors_left, outcome.threads_left);
        assert_eq!(left, (&Vec::new(), &Vec::new(), 0), "{outcome:#?}");
        outcome
    }
}

/// The shared object, built with its panics in a place of its own: nobody else may take that one.
pub(crate) fn object() -> &'static Path {
    static OBJECT: OnceLock<PathBuf> = OnceLock::new();
    OBJECT.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bareos");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--locked", "--offline", "-p", env!("CARGO_PKG_NAME")]);
        cargo.args(["--features", "panics", "--target-dir"]).arg(&target);
        fixtures::run(cargo.current_dir(env!("CARGO_MANIFEST_DIR"))).ok();
        target.join("debug/libseawall_bareos_fd.so")
    })
}

/// Ends of a run's jobs.
pub(crate) fn ends(outcome: &Outcome) -> Vec<&str> {
    outcome.jobs.iter().map(|job| job.termination.as_str()).collect()
}
