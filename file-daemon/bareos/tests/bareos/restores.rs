//! Restores that go well, and how files come back.

use crate::stage::{Stage, ends};
use bareos_host::{Job, Release};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const LINE: &str = "seawall:engine=stand-in";
const NAME: &str = "/@seawall/stand-in/0000000007/data";

/// The checksum that the stand-in notes, bit by bit.
fn crc32(bytes: impl Iterator<Item = u8>) -> u32 {
    let step = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(byte), step))
}

#[test]
fn what_went_out_comes_back_in_every_release() {
    for release in Release::ALL {
        let (mut stage, stand_in) = Stage::with_stand_in(&[]);
        stage.release = release;
        let restore = Job { replace: 'n', ..Job::restore(9, &[1], "/restored") };
        // The daemon's end and its begin again lie between a backup and its restore.
        // Holes are left out only where a plugin lets the daemon do so; then it would seek.
        stage.run(vec![Job { sparse: true, ..Job::full(1, &[LINE]) }]);
        let outcome = stage.run(vec![restore]);
        let job = &outcome.jobs[0];
        let found = (job.termination.as_str(), job.errors, job.files);
        assert_eq!(found, ("Restore OK", 0, 4), "{release:?}: {}", job.log());
        assert!(!job.called("seek"));
        let sum = crc32((0..1_000_000_u64).map(|at| u8::try_from(at * 31 % 251).unwrap()));
        let journal = stand_in.journal().join("\n");
        for wanted in [
            "purpose: Restore, number: 9",
            "replace: 110",
            "prefix /restored\n",
            &format!("create {NAME} at /restored{NAME} Directory 0\n"),
            &format!("create {NAME}/large.bin at /restored{NAME}/large.bin File 1000000\n"),
            &format!("create {NAME}/link at /restored{NAME}/link Symlink 0\n"),
            &format!("closed {NAME}/empty 0 00000000\n"),
            &format!("closed {NAME}/large.bin 1000000 {sum:08x}\n"),
            "object /@seawall/stand-in/0000000007.json/1 1 51\n",
        ] {
            assert!(journal.contains(wanted), "{release:?}: {wanted}\n{journal}");
        }
        let finished = journal.lines().filter(|line| line.ends_with(" finish true")).count();
        assert_eq!(finished, 2, "one for each job");
    }
}

#[test]
fn a_restore_hears_of_all_jobs_objects_and_the_operators_words() {
    for options_first in [true, false] {
        let (stage, stand_in) = Stage::with_stand_in(&[]);
        let options = Some("seawall:target_time=2026-05-01 03:00:00:to=/srv".to_owned());
        let restore = Job { options, options_first, ..Job::restore(3, &[1, 2], "/") };
        let jobs =
            vec![Job::full(1, &[LINE]), Job::after(2, 'I', 1, &["seawall:engine=other"]), restore];
        let outcome = stage.run(jobs);
        assert_eq!(ends(&outcome), ["Backup OK", "Backup OK", "Restore OK"]);
        let wanted = "seawall:target_time=2026-05-01 03:00:00:to=/srv";
        assert_eq!(stand_in.noted("options ").as_deref(), Some(wanted));
        let journal = stand_in.journal();
        let last = journal.iter().rposition(|line| line.contains(" job Job ")).unwrap();
        let objects = journal[last..].iter().filter(|line| line.contains(" object ")).count();
        assert_eq!(objects, 4);
        // The line is that of the first file that comes back: both jobs have files of one name.
        assert!(journal[last].contains("line: \"seawall:engine=other\""), "{}", journal[last]);
    }
}

#[test]
fn without_its_names_a_file_is_a_plain_file() {
    let (stage, stand_in) = Stage::with_stand_in(&[]);
    let place = stage.join("plain");
    let rule = format!("!/@seawall/stand-in!{}!", place.display());
    let ruled = Job { regex_where: Some(rule), ..Job::restore(2, &[1], "/") };
    let outcome = stage.run(vec![Job::full(1, &[LINE]), ruled]);
    assert_eq!(ends(&outcome), ["Backup OK", "Restore OK -- with warnings"]);
    assert!(outcome.jobs[1].log().contains("restored as plain files"), "{}", outcome.jobs[1].log());
    assert!(!stand_in.journal().iter().any(|line| line.contains("purpose: Restore")));
    check_plain(&place.join("0000000007/data"));
}

#[test]
fn a_rule_that_leaves_the_names_is_told_to_the_backend() {
    let (stage, stand_in) = Stage::with_stand_in(&[]);
    let ruled = Job { regex_where: Some("!^!/other!".to_owned()), ..Job::restore(2, &[1], "/") };
    let outcome = stage.run(vec![Job::full(1, &[LINE]), ruled]);
    assert_eq!(ends(&outcome), ["Backup OK", "Restore OK"]);
    let journal = stand_in.journal();
    assert!(journal.iter().any(|line| line.ends_with(" prefix a rule")), "{journal:#?}");
}

#[test]
fn the_backend_may_leave_files_to_the_daemon() {
    for release in Release::ALL {
        let (mut stage, _stand_in) = Stage::with_stand_in(&[("REPLY", "core")]);
        stage.release = release;
        let place = stage.join("plain");
        let restore = Job::restore(2, &[1], place.to_str().unwrap());
        let outcome = stage.run(vec![Job::full(1, &[LINE]), restore]);
        assert_eq!(ends(&outcome), ["Backup OK", "Restore OK"]);
        check_plain(&place.join(&NAME[1..]));
    }
}

#[test]
fn the_backend_may_leave_files_out() {
    let (stage, _stand_in) = Stage::with_stand_in(&[("REPLY", "skip")]);
    let outcome = stage.run(vec![Job::full(1, &[LINE]), Job::restore(2, &[1], "/")]);
    assert_eq!((outcome.jobs[1].termination.as_str(), outcome.jobs[1].files), ("Restore OK", 0));
}

fn check_plain(dir: &std::path::Path) {
    let large = fs::metadata(dir.join("large.bin")).unwrap();
    assert_eq!((large.len(), large.permissions().mode() & 0o7777), (1_000_000, 0o640));
    assert_eq!(fs::read_link(dir.join("link")).unwrap().to_str(), Some("large.bin"));
}
