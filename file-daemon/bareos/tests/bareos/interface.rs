//! The shared object as its daemon's loader sees it, and jobs that are none of its own.

use crate::stage::{Stage, object};
use bareos_host::{Job, Kind, Release};
use std::process::Command;

#[test]
fn nothing_is_exported_but_the_two_entries() {
    // The daemon links TLS and zlib itself: a name of ours must not take the place of one of theirs.
    let output = Command::new("nm").args(["-D", "--defined-only"]).arg(object()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut names: Vec<&str> = text.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    names.sort_unstable();
    assert_eq!(names, ["loadPlugin", "unloadPlugin"]);
}

#[test]
fn jobs_of_others_hear_nothing_of_it() {
    // No program is looked for either: there is none.
    let stage = Stage::new("/does/not/exist");
    let other = |id, level| Job {
        kind: Kind::Other,
        level,
        since: 1,
        strange_events: true,
        ..Job::full(id, &["bpipe:file=/a/b:reader=cat"])
    };
    let outcome = stage.run(vec![other(1, 'F'), other(2, 'I'), Job::full(3, &["python3:x"])]);
    for job in &outcome.jobs {
        assert_eq!(job.termination, "Backup OK");
        assert!(job.messages.is_empty(), "{}", job.log());
    }
}

#[test]
fn a_line_that_is_not_its_own_is_refused() {
    // The daemon takes the name without its last letter for the same plugin.
    let stage = Stage::new("/does/not/exist");
    let outcome = stage.run(vec![Job::full(1, &["seawal:engine=postgresql"])]);
    assert_eq!(outcome.jobs[0].termination, "*** Backup Error ***");
    assert!(
        outcome.jobs[0].log().contains("must begin with seawall:"),
        "{}",
        outcome.jobs[0].log()
    );
}

#[test]
fn packets_of_unknown_size_fail_the_job() {
    let mut stage = Stage::new("/bin/true");
    stage.release = Release::Strange;
    let outcome = stage.run(vec![Job { nulls: true, ..Job::full(1, &["seawall:"]) }]);
    assert_eq!(outcome.jobs[0].termination, "*** Backup Error ***");
}
