//! Nothing of the daemon's memory is touched that is not the plugin's: a run under valgrind, which
//! also sees what is read after it was freed, and what was never written.

use crate::stage::{Stage, ends};
use bareos_host::{Job, Kind, Moment, Release};

const LINE: &str = "seawall:engine=stand-in";

#[test]
fn valgrind_finds_nothing() {
    let (mut stage, _stand_in) = Stage::with_stand_in(&[]);
    let words = ["valgrind", "--error-exitcode=9", "--quiet"];
    stage.under.wrapper = words.map(str::to_owned).to_vec();
    stage.timeout_secs = 60;
    for release in [Release::V21, Release::V26] {
        stage.release = release;
        stage.under.environment.clear();
        let outcome = stage.run(vec![
            Job::full(1, &[LINE]),
            Job::after(2, 'I', 1, &[LINE]),
            Job { kind: Kind::Estimate, ..Job::full(0, &[LINE]) },
            Job::full(3, &[LINE]).cancelled("read", 2, Moment::During(1)),
            Job::restore(4, &[1, 2], "/restored"),
        ]);
        let good = ["Backup OK", "Backup OK", "Estimate OK", "Backup Canceled", "Restore OK"];
        assert_eq!(ends(&outcome), good);
        // A failure in the middle of a body.
        let fault = ("STAND_IN_FAULT".to_owned(), "die@body".to_owned());
        stage.under.environment = vec![fault];
        let outcome = stage.run(vec![Job::full(5, &[LINE]), Job::restore(6, &[1], "/restored")]);
        assert_eq!(ends(&outcome), ["*** Backup Error ***", "*** Restore Error ***"]);
    }
}
