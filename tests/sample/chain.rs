//! Chains with partial files, and every kind of point in time.

use crate::{Stage, files};
use sample_engine::BLOCK_BYTES;
use serde_json::Value;
use std::collections::BTreeMap;

/// The same numbers each time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Some changes: files grow, shrink, vanish, and come back.
fn storm(stage: &Stage, random: &mut Random, count: usize) {
    for _ in 0..count {
        let path = format!("dir{}/f{}", random.below(2), random.below(6));
        match random.below(10) {
            0 => stage.source.remove(None, &path),
            1 if stage.now().contains_key(&path) => {
                stage.source.truncate(None, &path, random.below(40 * BLOCK_BYTES))
            }
            _ => {
                let offset = random.below(40) * BLOCK_BYTES + random.below(100);
                let byte = u8::try_from(random.below(255) + 1).unwrap();
                let length = usize::try_from(random.below(3 * BLOCK_BYTES) + 1).unwrap();
                stage.source.write(None, &path, offset, &vec![byte; length])
            }
        }
        .unwrap();
    }
}

#[test]
fn any_chain_of_partial_files_restores_the_newest_state() {
    let stage = Stage::new(&[]);
    let seed = std::env::var("SEAWALL_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or(0x5eed_0009);
    let mut random = Random(seed);
    let mut states: Vec<(String, BTreeMap<String, Vec<u8>>)> = Vec::new();
    for level in
        ["full", "incremental", "incremental", "differential", "incremental", "incremental"]
    {
        storm(&stage, &mut random, 25);
        let answer = stage.backup("sample", level);
        assert_eq!(answer["link"]["level"], level, "seed {seed}: {answer}");
        // A link with partial files is not for programs that would leave holes.
        let version = if level == "full" { 1 } else { 2 };
        assert_eq!(answer["link"]["version"], version, "{level}");
        states.push((answer["backup"].as_str().unwrap().to_owned(), stage.now()));
    }
    // An increment is smaller than what it stands for.
    let bytes = |answer: &Value| answer["link"]["totals"]["bytes"].as_u64().unwrap();
    stage.source.write(None, "dir0/f0", 0, b"x").unwrap();
    assert!(bytes(&stage.backup("sample", "incremental")) < bytes(&stage.backup("sample", "full")));
    for (number, (name, state)) in states.iter().enumerate() {
        let words = ["--backup", name, "--target-immediate"];
        let restored = stage.recover(&format!("r{number}"), &words);
        assert!(restored == *state, "seed {seed}: {name} restores to something else");
    }
    assert_eq!(stage.run(&["verify"]).code(), 0);
}

#[test]
fn any_point_of_the_log_can_be_reached() {
    let stage = Stage::new(&[]);
    let source = &stage.source;
    source.write(None, "a", 0, b"one").unwrap();
    stage.backup("sample", "full");
    let second = source.write(None, "a", 0, b"two").unwrap();
    source.name_moment("before the mistake").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20));
    let time = chrono::Utc::now().to_rfc3339();
    std::thread::sleep(std::time::Duration::from_millis(20));
    let third = source.write(None, "a", 0, b"bad").unwrap();
    let answer = stage.backup("sample", "log");
    assert_eq!(answer["link"]["level"], "log");

    let text = |name: &str, words: &[&str]| {
        String::from_utf8(stage.recover(name, words)["a"].clone()).unwrap()
    };
    assert_eq!(text("latest", &[]), "bad");
    assert_eq!(text("immediate", &["--target-immediate"]), "one");
    assert_eq!(text("time", &["--target-time", &time]), "two");
    assert_eq!(text("name", &["--target-name", "before the mistake"]), "two");
    assert_eq!(text("position", &["--target-lsn", &second.to_string()]), "two");
    assert_eq!(text("transaction", &["--target-xid", &third.to_string()]), "bad");
    assert_eq!(text("before", &["--target-xid", &third.to_string(), "--exclusive"]), "two");
    let plan = stage.json(&["restore", "t", "--to", "/nowhere", "--target-xid", "2", "--dry-run"]);
    assert_eq!(plan["plan"]["target"]["transaction"], "2", "a transaction is text: {plan}");
    let points = stage.json(&["show", "t", "--restore-points", "--backup", "latest"]);
    assert_eq!(points["schema"], "seawall.restore-points/1");
    for (words, code) in [
        (&["--target-lsn", "99"][..], 24),
        (&["--target-name", "nothing"], 24),
        (&["--target-time", "2100-01-01T00:00:00Z"], 24),
        (&["--target-lsn", "x"], 2),
    ] {
        let outcome = stage.run(&[&["restore", "t", "--to", "/nowhere"], words].concat());
        assert_eq!(outcome.code(), code, "{words:?}: {}", outcome.stderr);
    }
}

#[test]
fn log_goes_through_the_engine_in_and_out() {
    let stage = Stage::new(&[]);
    stage.source.write(None, "a", 0, b"one").unwrap();
    stage.backup("sample", "full");
    stage.source.write(None, "a", 0, b"two").unwrap();
    let complete = stage.source.switch_log().unwrap();
    let last = stage.source.piece_path(*complete.last().unwrap());
    let words = ["wal", "push", last.to_str().unwrap(), "--target", "t"];
    assert_eq!(stage.run(&words).code(), 0);
    assert_eq!(stage.run(&words).code(), 0, "the identical piece again is a success");
    let restored = stage.recover("r", &[]);
    assert_eq!(restored["a"], b"two", "the restored one fetches what was pushed");

    // Of another source nothing is taken.
    let other = sample_engine::Source::create(&stage.scratch.join("other"), &[]).unwrap();
    other.write(None, "a", 0, b"x").unwrap();
    other.switch_log().unwrap();
    let path = other.piece_path(1);
    let refused = stage.run(&["wal", "push", path.to_str().unwrap(), "--target", "t"]);
    assert_eq!(refused.code(), 22, "{}", refused.stderr);
    let unknown = stage.run(&["wal", "push", "notes.txt", "--target", "t"]);
    assert_eq!(unknown.code(), 2, "{}", unknown.stderr);
}

#[test]
fn a_missing_parent_makes_a_full_and_a_lost_piece_a_gap() {
    let stage = Stage::new(&[]);
    stage.source.write(None, "a", 0, b"one").unwrap();
    let answer = stage.json(&["backup", &stage.url("sample"), "--target", "t", "--level", "incr"]);
    assert_eq!((&answer["link"]["level"], &answer["exit_status"]), (&"full".into(), &1.into()));
    assert_eq!(answer["link"]["findings"][0]["id"], "no-parent");
    for _ in 0..3 {
        stage.source.write(None, "a", 0, b"more").unwrap();
        stage.backup("sample", "log");
    }
    let log = stage.repo().join("targets/t/log");
    let mut pieces: Vec<String> =
        files(&log).into_keys().filter(|name| name.ends_with(".slog")).collect();
    pieces.sort();
    std::fs::remove_file(log.join(&pieces[pieces.len() - 2])).unwrap();
    let shown = stage.json(&["list", "t"]);
    assert!(shown["items"][0]["window"]["gap"].is_object(), "{shown}");
    let restored = stage.run(&["restore", "t", "--to", "/nowhere", "--target-lsn", "4"]);
    assert_eq!(restored.code(), 24, "{}", restored.stderr);
}
