//! Backups and estimates that go well.

use crate::stage::{Stage, ends};
use bareos_host::{Job, Kind, Release};
use std::fs;

const LINE: &str = "seawall:engine=stand-in";

/// Byte `at` of the stand-in's bodies.
fn byte(at: usize) -> u8 {
    u8::try_from(at * 31 % 251).unwrap()
}

#[test]
fn a_full_backup_of_every_release_is_whole() {
    for release in Release::ALL {
        let (mut stage, stand_in) = Stage::with_stand_in(&[]);
        stage.release = release;
        let sparse = Job { sparse: true, ..Job::full(2, &[LINE]) };
        let outcome = stage.run(vec![Job::full(1, &[LINE]), sparse]);
        for job in &outcome.jobs {
            let found = (job.termination.as_str(), job.errors, job.files, job.objects);
            assert_eq!(found, ("Backup OK", 0, 4, 2), "{}", job.log());
            assert!(job.messages.is_empty(), "{}", job.log());
            // Directories and links are not read; bodies are, to their end.
            assert_eq!(job.calls.iter().filter(|call| *call == "open=0").count(), 2);
            let name = "/@seawall/stand-in/0000000007/data";
            assert_eq!(job.names[0], name);
            assert_eq!(job.names[3], format!("{name}/link"));
        }
        let body = fs::read(stage.join("jobs/1.2.body")).unwrap();
        let wanted: Vec<u8> = (0..1_000_000).map(byte).collect();
        assert!(body == wanted, "{release:?}");
        assert_eq!(stand_in.noted("finish "), Some("true".to_owned()));
        let hello = stand_in.noted("hello ").unwrap();
        assert_eq!(hello, format!("1 Bareos {}", release.version()));
    }
}

#[test]
fn sizes_may_be_unknown() {
    let (stage, _stand_in) = Stage::with_stand_in(&[("UNKNOWN_SIZE", "1"), ("REPORTS", "1")]);
    let outcome = stage.run(vec![Job::full(1, &[LINE])]);
    let job = &outcome.jobs[0];
    // One of the messages is an error, which the daemon takes for a warning.
    assert_eq!((job.termination.as_str(), job.errors), ("Backup OK -- with warnings", 1));
    assert!(job.log().contains("6: an information\n"), "{}", job.log());
    assert!(job.log().contains("4: an error\nof two lines\n"), "{}", job.log());
    assert!(!job.log().contains("those who look"));
    assert_eq!(fs::metadata(stage.join("jobs/1.2.body")).unwrap().len(), 1_000_000);
}

#[test]
fn a_later_job_gets_what_its_reference_job_kept() {
    for level in ['I', 'D'] {
        let (stage, stand_in) = Stage::with_stand_in(&[]);
        let since = 5_000_000_000;
        let later = Job { since, ..Job::after(12, level, 11, &[LINE]) };
        let outcome = stage.run(vec![Job::full(11, &[LINE]), later]);
        assert_eq!(ends(&outcome), ["Backup OK", "Backup OK"]);
        let journal = stand_in.journal();
        let jobs: Vec<&String> = journal.iter().filter(|line| line.contains(" job Job ")).collect();
        assert_eq!(jobs.len(), 2);
        for wanted in [
            "purpose: Backup",
            "number: 12",
            // The variable for it has room for half of it.
            "since: 5000000000",
            "accurate: false",
            "client: \"host-fd\"",
            "name: \"databases.2026-05-01_03.00.00_12\"",
            "previous: \"databases.2026-05-01_03.00.00_11\"",
            &format!("level: {}", level as u32),
            &format!("line: \"{LINE}\""),
        ] {
            assert!(jobs[1].contains(wanted), "{wanted}: {}", jobs[1]);
        }
        let working_dir = stand_in.noted("working dir ").unwrap();
        assert_eq!(working_dir, stage.join("jobs").to_str().unwrap());
        let objects: Vec<&str> = journal
            .iter()
            .filter_map(|line| line.split_once(" object "))
            .map(|line| line.1)
            .collect();
        let name = "/@seawall/stand-in/0000000007.json";
        assert_eq!(objects, [format!("{name}/0 11 996"), format!("{name}/1 11 51")]);
    }
}

#[test]
fn an_estimate_reads_nothing_and_keeps_nothing() {
    for level in ['F', 'I'] {
        let (stage, stand_in) = Stage::with_stand_in(&[]);
        let job = Job { kind: Kind::Estimate, level, ..Job::full(0, &[LINE]) };
        let outcome = stage.run(vec![job]);
        let job = &outcome.jobs[0];
        let found = (job.termination.as_str(), job.errors, job.files, job.objects);
        assert_eq!(found, ("Estimate OK", 0, 4, 0), "{}", job.log());
        assert!(!job.called("open") && !job.called("read"));
        assert!(stand_in.noted("job ").unwrap().contains("purpose: Estimate, number: 0"));
    }
}

#[test]
fn several_lines_of_a_job_share_its_context() {
    let (stage, stand_in) = Stage::with_stand_in(&[]);
    let outcome = stage.run(vec![Job::full(1, &["seawall:a", "bpipe:b", "seawall:c"])]);
    let job = &outcome.jobs[0];
    assert_eq!((job.termination.as_str(), job.files, job.objects), ("Backup OK", 8, 4));
    let finished = stand_in.journal().iter().filter(|line| line.ends_with(" finish true")).count();
    assert_eq!(finished, 2);
}

#[test]
fn jobs_run_beside_each_other() {
    let (mut stage, _stand_in) = Stage::with_stand_in(&[]);
    stage.together = true;
    let other = Job { kind: Kind::Other, ..Job::full(5, &[]) };
    let mut jobs: Vec<Job> = (1..5).map(|id| Job::full(id, &[LINE])).collect();
    jobs[2] = Job::full(3, &[LINE]).cancelled("read", 2, bareos_host::Moment::Before);
    jobs.push(other);
    let outcome = stage.run(jobs);
    let good = "Backup OK";
    assert_eq!(ends(&outcome), [good, good, "Backup Canceled", good, good]);
    for (id, file) in [(1, 2), (2, 2), (4, 2)] {
        let body = fs::metadata(stage.join(&format!("jobs/{id}.{file}.body"))).unwrap();
        assert_eq!(body.len(), 1_000_000, "job {id}");
    }
}

#[test]
fn an_accurate_job_keeps_the_files_that_its_chain_needs() {
    let (stage, stand_in) = Stage::with_stand_in(&[]);
    stage.run(vec![Job::full(1, &[LINE])]);
    stand_in.instruct(&[("NO_FILES", "1")]);
    let accurate = Job { accurate: vec![1], ..Job::after(2, 'I', 1, &[LINE]) };
    let outcome = stage.run(vec![accurate]);
    let job = &outcome.jobs[0];
    assert_eq!((job.termination.as_str(), job.files, job.objects), ("Backup OK", 0, 2));
    assert!(job.called("checkFile") && job.deleted.is_empty(), "{:?}", job.deleted);
    assert!(stand_in.journal().iter().any(|line| line.contains("accurate: true")));
}

#[test]
fn what_may_be_null_or_unknown_does_no_harm() {
    let (stage, stand_in) = Stage::with_stand_in(&[]);
    let strange = |job: Job| Job { nulls: true, strange_events: true, ..job };
    let outcome = stage.run(vec![
        strange(Job::full(1, &[LINE])),
        strange(Job::after(2, 'I', 1, &[LINE])),
        strange(Job::restore(3, &[1], "/")),
    ]);
    assert_eq!(ends(&outcome), ["Backup OK", "Backup OK", "Restore OK"]);
    assert_eq!(stand_in.noted("prefix "), Some(String::new()));
}

#[test]
fn options_in_a_backup_are_an_error() {
    let (stage, _stand_in) = Stage::with_stand_in(&[]);
    for options_first in [true, false] {
        let options = Some("seawall:target_time=2026-05-01".to_owned());
        let outcome = stage.run(vec![Job { options, options_first, ..Job::full(1, &[LINE]) }]);
        assert_eq!(ends(&outcome), ["*** Backup Error ***"]);
        let log = outcome.jobs[0].log();
        assert!(log.contains("plugin options are for restores"), "{log}");
    }
}
