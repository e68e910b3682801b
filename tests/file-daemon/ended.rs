//! Jobs that are ended in the middle: by the daemon, by a signal, by a full disk. Nothing stays.

use crate::{backend, backup, lab, line, restore};
use fixtures::file_daemon::{Ask, Conversation};
use fixtures::{Lab, Tmpfs, run};
use protocol::{Purpose, ToPlugin};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Longer than an orderly end takes.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy, PartialEq)]
enum When {
    Starting,
    BetweenFiles,
    InABody,
    AtTheEnd,
}

#[derive(Debug, Clone, Copy)]
enum How {
    HangUp,
    Term,
    Kill,
}

/// What lies in a lab's scratch.
fn entries(dir: &Path) -> BTreeSet<PathBuf> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn go_on(talk: &mut Conversation, when: When) {
    let is_there = |message: &ToPlugin| match (when, message) {
        (When::BetweenFiles, ToPlugin::EndOfFile { .. }) => true,
        (When::InABody, ToPlugin::File { size, .. }) => *size > 500_000,
        (When::AtTheEnd, ToPlugin::EndOfFiles { .. }) => true,
        _ => false,
    };
    if when == When::Starting {
        return;
    }
    loop {
        // Bodies are taken as they come; whose they are does not matter here.
        match talk.hear_no_data() {
            Some(message) if is_there(&message) => return,
            Some(_) => {}
            None => panic!("{when:?} never came"),
        }
    }
}

fn end(mut talk: Conversation, how: How) {
    let pid = talk.child.id().to_string();
    match how {
        How::HangUp => talk.hang_up(),
        How::Term => run(Command::new("kill").arg(&pid)).ok(),
        How::Kill => run(Command::new("kill").args(["-KILL", &pid])).ok(),
    }
    // Whoever is told to end may still have something to say.
    let deadline = Instant::now() + PATIENCE;
    while talk.child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "{how:?}: the backend goes on");
        talk.drain();
    }
}

fn sessions(lab: &Lab) -> String {
    lab.server.sql(
        "SELECT (SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'seawall%') || '+' \
         || (SELECT count(*) FROM pg_replication_slots)",
    )
}

#[test]
fn a_backup_that_is_ended_leaves_nothing_on_the_host() {
    let lab = lab();
    let line = line(&lab);
    let before = entries(lab.scratch.path());
    let mut number = 0;
    for how in [How::HangUp, How::Term, How::Kill] {
        for when in [When::Starting, When::BetweenFiles, When::InABody, When::AtTheEnd] {
            number += 1;
            let ask = Ask::new(number, &line);
            let dir = lab.scratch.path();
            let mut talk = Conversation::start(backend(&lab), dir, Purpose::Backup, &ask);
            go_on(&mut talk, when);
            end(talk, how);
            wait_until(&format!("{how:?} {when:?}: {}", sessions(&lab)), || {
                sessions(&lab) == "0+0"
            });
            assert_eq!(entries(lab.scratch.path()), before, "{how:?} {when:?}");
        }
    }
    // And the next one works.
    let job = backup(&lab, &Ask::new(99, &line));
    assert!(job.failure.is_none() && job.is_done);
}

#[test]
fn a_restore_that_is_ended_or_has_no_room_makes_no_server() {
    let lab = lab();
    let line = line(&lab);
    let full = backup(&lab, &Ask::new(1, &line));
    for (number, how) in (2..).zip([How::HangUp, How::Term, How::Kill]) {
        let place = lab.scratch.make_dir(&format!("r{number}"));
        let ask = Ask {
            prefix: place.to_str(),
            objects: &full.objects,
            level: b' ',
            ..Ask::new(number, &line)
        };
        let dir = lab.scratch.path();
        let mut talk = Conversation::start(backend(&lab), dir, Purpose::Restore, &ask);
        for file in full.files.iter().take(200) {
            talk.give(file).unwrap();
        }
        end(talk, how);
        let data = format!("{}{}", place.display(), lab.server.data().display());
        assert!(Path::new(&data).join("base").exists());
        assert!(!Path::new(&data).join("global/pg_control").exists(), "{how:?}");
    }
    // It is found out before anything is written.
    let disk = Tmpfs::mount(&lab.scratch, "small", 16);
    let ask = Ask { prefix: disk.path().to_str(), ..Ask::new(9, &line) };
    let restored = restore(&lab, &ask, &[&full]);
    let failure = restored.failure.unwrap();
    assert!(failure.contains("the restore needs"), "{failure}");
}
