//! Programs that are no backend at all.

use crate::stage::{FATAL, Stage};
use bareos_host::{Job, Kind};

#[test]
fn without_a_backend_every_job_fails_and_says_why() {
    let rows = [
        ("/does/not/exist", "/does/not/exist cannot be started"),
        ("not/absolute", "must have an absolute path"),
        ("/bin/false", "exit status 1"),
        // It ends well, and that is not enough.
        ("/bin/true", "exit status 0"),
        // It says what it hears.
        ("/bin/cat", "the backend"),
    ];
    for (program, why) in rows {
        let stage = Stage::new(program);
        let estimate = Job { kind: Kind::Estimate, ..Job::full(0, &["seawall:engine=x"]) };
        let outcome = stage.run(vec![Job::full(1, &["seawall:engine=x"]), estimate]);
        let ends: Vec<&str> = outcome.jobs.iter().map(|job| job.termination.as_str()).collect();
        assert_eq!(ends, ["*** Backup Error ***", "Estimate Error"], "{program}: {outcome:#?}");
        for job in &outcome.jobs {
            let fatal: Vec<_> = job.messages.iter().filter(|said| said.severity == FATAL).collect();
            assert!(fatal.len() == 1 && fatal[0].text.contains(why), "{program}: {}", job.log());
            assert_eq!((job.errors, job.files, job.objects), (1, 0, 0), "{program}");
        }
    }
}
