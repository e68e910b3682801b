//! In a file daemon: the double of it speaks to the backend.

use crate::{PROGRAM, Stage, files};
use fixtures::file_daemon::{Ask, Conversation, StoredJob};
use protocol::Purpose;
use std::process::Command;
use stream::UnitName;

fn backend(stage: &Stage) -> Command {
    let mut command = Command::new(PROGRAM);
    let config = stage.scratch.join("seawall.toml");
    std::fs::write(&config, "").unwrap();
    command.arg("--config").arg(config).env("SEAWALL_STATE_DIR", stage.scratch.join("state"));
    command.env("TMPDIR", stage.scratch.path()).current_dir(stage.scratch.path());
    command
}

fn ask<'a>(line: &'a str, number: u32, level: u8, previous: &'a str) -> Ask<'a> {
    Ask { level, previous, ..Ask::new(number, line) }
}

fn backup(stage: &Stage, ask: &Ask<'_>) -> StoredJob {
    let dir = stage.scratch.path();
    let mut conversation = Conversation::start(backend(stage), dir, Purpose::Backup, ask);
    conversation.take_files();
    conversation.finish(true)
}

fn restore(stage: &Stage, ask: &Ask<'_>, jobs: &[&StoredJob]) -> StoredJob {
    let objects: Vec<Vec<u8>> = jobs.iter().flat_map(|job| job.objects.clone()).collect();
    let ask = Ask { objects: &objects, level: b' ', ..ask.clone() };
    let dir = stage.scratch.path();
    let mut conversation = Conversation::start(backend(stage), dir, Purpose::Restore, &ask);
    conversation.give_back(jobs);
    conversation.finish(true)
}

#[test]
fn files_and_their_log_come_back() {
    let stage = Stage::new(&[]);
    let line = format!("seawall:url={}:target=t", stage.url("sample"));
    stage.source.write(None, "d/a", 0, b"one").unwrap();
    let full = backup(&stage, &ask(&line, 1, b'F', ""));
    assert!(full.failure.is_none() && full.is_done, "{:?} {:?}", full.failure, full.messages);
    // Without its parent's rows a daemon's incremental is a full, said aloud.
    stage.source.write(None, "d/a", 0, b"two").unwrap();
    let second = backup(&stage, &ask(&line, 2, b'I', &full.name));
    assert!(second.failure.is_none() && second.is_done, "{:?}", second.failure);
    assert!(
        second.messages.iter().any(|(_, text)| text.contains("a full was taken")),
        "{:?}",
        second.messages
    );
    let options = format!("to={}", stage.scratch.join("back").display());
    let asked =
        Ask { options: &options, prefix: Some(""), replace: b'n', ..ask(&line, 3, b' ', "") };
    let restored = restore(&stage, &asked, &[&full, &second]);
    assert!(restored.failure.is_none() && restored.is_done, "{:?}", restored.failure);
    let back = stage.scratch.join("back");
    sample_engine::recover(&back).unwrap();
    assert_eq!(files(&back), stage.now());
}

#[test]
fn units_and_servers_in_a_daemon() {
    let stage = Stage::new(&["a", "ö/b"]);
    for name in ["a", "ö/b"] {
        let unit = UnitName::new(name).unwrap();
        stage.source.write(Some(&unit), "x", 0, name.as_bytes()).unwrap();
    }
    let line = format!("seawall:url={}:target=t", stage.url("sample-server"));
    let job = backup(&stage, &ask(&line, 1, b'F', ""));
    assert!(job.failure.is_none() && job.is_done, "{:?} {:?}", job.failure, job.messages);

    // Into another server.
    let other = sample_engine::Source::create(&stage.scratch.join("other"), &["a", "ö/b"]).unwrap();
    let options = format!("to=sample-server://{}", other.dir().display());
    let below = stage.scratch.join("below");
    let prefix = below.to_str().unwrap();
    let asked =
        Ask { options: &options, prefix: Some(prefix), replace: b'n', ..ask(&line, 2, b' ', "") };
    let restored = restore(&stage, &asked, &[&job]);
    assert!(restored.failure.is_none() && restored.is_done, "{:?}", restored.failure);
    for name in ["a", "ö/b"] {
        let unit = UnitName::new(name).unwrap();
        assert_eq!(files(&other.data(Some(&unit))), files(&stage.source.data(Some(&unit))));
    }
}

#[test]
fn a_unit_that_fails_fails_the_job_and_the_others_are_taken() {
    let stage = Stage::new(&["a", "b", "c"]);
    let line = format!("seawall:url={}:target=t:fault=fail:file@b", stage.url("sample-server"));
    let line = line.replace("fail:file", "fail\\:file");
    let job = backup(&stage, &ask(&line, 1, b'F', ""));
    let failure = job.failure.clone().unwrap_or_default();
    assert!(failure.contains('b') && !job.is_done, "{failure} {:?}", job.messages);
    let taken = |unit: &str| job.files.iter().any(|file| file.name.contains(&format!("t@{unit}/")));
    assert!(taken("a") && taken("c"), "{:?}", job.messages);
}
