//! Restores of what goes to a server, and options of an engine, with an engine that exists here only.

use crate::double::{Command, Conversation, Files, Job, Shelf};
use protocol::{Purpose, Severity};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const LINE: &str = "seawall:engine=shelf:target=books:label=of_line";

/// What a daemon keeps of a backup.
struct Kept {
    dir: tempfile::TempDir,
    files: Vec<Files>,
    objects: Vec<Vec<u8>>,
}

fn host(units: &[&'static str], labels: &[(&'static str, &'static str)]) -> Command {
    let engine = Shelf { units: units.to_vec(), ..Shelf::default() };
    Command { engine: engine.leak(), labels: BTreeMap::from_iter(labels.iter().copied()) }
}

fn backup(units: &[&'static str]) -> Kept {
    let dir = tempfile::tempdir().unwrap();
    let job = Job {
        purpose: Purpose::Backup,
        working_dir: dir.path(),
        line: LINE,
        prefix: Path::new(""),
        objects: &[],
        options: "",
    };
    let mut talk = Conversation::start(host(units, &[]), &job);
    talk.take_files(true);
    assert!(talk.finish(), "{:?}", talk.failure);
    let (files, objects) = (talk.files.clone(), talk.objects.clone());
    talk.end().unwrap();
    Kept { dir, files, objects }
}

impl Kept {
    fn place(&self) -> PathBuf {
        self.dir.path().join("place")
    }

    /// `<where>/<engine>/<restore job>`.
    fn bodies(&self) -> PathBuf {
        self.place().join("shelf/0000000007")
    }

    fn start(&self, host: Command, line: &str, options: &str) -> Conversation {
        let place = self.place();
        let job = Job {
            purpose: Purpose::Restore,
            working_dir: self.dir.path(),
            line,
            prefix: &place,
            objects: &self.objects,
            options,
        };
        Conversation::start(host, &job)
    }

    fn restore(&self, options: &str) -> Conversation {
        let mut talk = self.start(host(&[], &[]), LINE, options);
        talk.give_back(&self.files);
        talk.finish();
        talk
    }
}

#[test]
fn without_a_destination_bodies_stay_files_with_their_link_beside_them() {
    let kept = backup(&[]);
    let talk = kept.restore("");
    assert_eq!(talk.failure, None);
    let said = talk.said(Severity::Info);
    assert!(said.contains("no destination was chosen"), "{said}");
    let link = format!("{0}_{0}_0000000007", "0".repeat(20));
    let body = |path: &str| fs::read_to_string(kept.bodies().join(&link).join(path)).unwrap();
    assert_eq!((body("data/1").as_str(), body("data/2").as_str()), ("all 1\n", "all 2\n"));
    let text = fs::read(kept.bodies().join(format!("{link}.json"))).unwrap();
    let link: stream::Link = serde_json::from_slice(&text).unwrap();
    assert_eq!(link.engine, "shelf");
}

#[test]
fn a_destination_takes_what_came_and_the_job_log_says_what_it_was() {
    let kept = backup(&[]);
    for (number, url) in [(1, false), (2, true)] {
        let to = kept.dir.path().join(format!("to{number}"));
        let scheme = if url { "shelf://" } else { "" };
        let talk = kept.restore(&format!("to={scheme}{}\n", to.display()));
        assert_eq!(talk.failure, None);
        assert_eq!(fs::read_to_string(&to).unwrap(), "all 1\nall 2\n");
        let said = talk.said(Severity::Info);
        assert!(said.contains("the books go to"), "{said}");
        assert!(said.contains(": 2 chapters, 1 books"), "{said}");
        assert!(said.contains("the index is not rebuilt"), "{said}");
        assert!(!kept.bodies().exists(), "what was restored is not kept twice");
    }
}

#[test]
fn each_unit_has_bodies_of_its_own() {
    let kept = backup(&["a", "b"]);
    let talk = kept.restore("");
    assert_eq!(talk.failure, None);
    for unit in ["a", "b"] {
        let dir = kept.bodies().join(format!("books@{unit}"));
        assert_eq!(fs::read_dir(dir).unwrap().count(), 2, "a directory and its link");
    }
}

#[test]
fn a_destination_is_refused_before_the_first_file() {
    let kept = backup(&[]);
    let taken = kept.dir.path().join("taken");
    fs::write(&taken, "").unwrap();
    for (to, complaint) in [
        (taken.display().to_string(), "is there already"),
        (kept.dir.path().display().to_string(), "is there already"),
        ("other://x".to_owned(), "not the URL of a shelf"),
    ] {
        let talk = kept.restore(&format!("to={to}\n"));
        let failure = talk.failure.clone().unwrap_or_else(|| panic!("{to}"));
        assert!(failure.contains(complaint), "{to}: {failure}");
        assert!(!kept.place().exists());
    }
}

#[test]
fn what_does_not_come_back_whole_goes_nowhere() {
    type Damage = fn(&mut Vec<Files>);
    let damage: [(Damage, &str); 2] = [
        (|files| drop(files.remove(1)), "1 of its 2 files came back"),
        (|files| files[0].body[0] ^= 1, "its bytes are not those that were saved"),
    ];
    for (damage, complaint) in damage {
        let mut kept = backup(&[]);
        damage(&mut kept.files);
        let to = kept.dir.path().join("to");
        let talk = kept.restore(&format!("to={}\n", to.display()));
        let failure = talk.failure.clone().unwrap();
        assert!(failure.contains(complaint), "{failure}");
        assert!(!to.exists());
    }
}

#[test]
fn options_of_the_engine_come_from_the_operator_the_line_and_the_configuration() {
    let kept = backup(&[]);
    let to = kept.dir.path().join("to");
    let without = "seawall:engine=shelf:target=books";
    // A line that cannot be read any more costs its options, and not the restore.
    let gone = "seawall:engine=shelf:target=books:label=x:defaults_file=/nowhere/at.all";
    for (line, options, labels, label) in [
        (LINE, "label=chosen\n", &[("books", "configured")][..], "chosen"),
        (LINE, "seawall:tag=chosen", &[], "chosen"),
        (LINE, "engine_options=\"tag=chosen copies=2\"\n", &[], "chosen"),
        (LINE, "", &[("books", "configured")], "of_line"),
        (without, "", &[("books", "configured")], "configured"),
        (without, "", &[("other", "configured")], "no label"),
        (gone, "", &[("books", "configured")], "configured"),
    ] {
        let text = format!("{options}\nto={}\n", to.display());
        let mut talk = kept.start(host(&[], labels), line, &text);
        talk.give_back(&kept.files);
        assert!(talk.finish(), "{line} {options}: {:?}", talk.failure);
        let said = talk.said(Severity::Info);
        assert!(said.contains(&format!(" with {label}")), "{line} {options}: {said}");
        fs::remove_file(&to).unwrap();
    }
}

#[test]
fn options_that_are_unknown_wrong_or_secret_are_refused() {
    let kept = backup(&[]);
    for (options, complaint) in [
        ("lable=x\n", "unknown option"),
        ("engine_options=\"lable=x\"\n", "unknown option"),
        ("copies=none\n", "must be a number from 1"),
        ("password=x\n", "is secret"),
        ("engine_options=\"password=x\"\n", "is secret"),
    ] {
        let talk = kept.restore(options);
        let failure = talk.failure.clone().unwrap_or_else(|| panic!("{options}"));
        assert!(failure.contains(complaint), "{options}: {failure}");
        assert!(!kept.place().exists(), "{options}");
    }
    let unknown = kept.restore("lable=x\n").failure.unwrap();
    assert!(unknown.contains("Options of shelf: label, copies, place."), "{unknown}");
}
