//! Restores that end in a server, a file or a stream; and targets with backups of several engines.

use crate::{Stage, files};
use stream::UnitName;

fn stage() -> Stage {
    let stage = Stage::new(&["a", "b"]);
    for name in ["a", "b"] {
        let unit = UnitName::new(name).unwrap();
        stage.source.write(Some(&unit), "x/1", 0, name.as_bytes()).unwrap();
        stage.source.write(Some(&unit), "2", 0, b"both").unwrap();
    }
    let url = stage.url("sample-server");
    assert_eq!(stage.run(&["backup", &url, "--target", "t"]).code(), 0);
    stage
}

#[test]
fn a_server_a_file_and_a_stream_take_what_a_link_holds() {
    let stage = stage();
    // Another server.
    let other = sample_engine::Source::create(&stage.scratch.join("other"), &["a", "b"]).unwrap();
    let url = format!("sample-server://{}", other.dir().display());
    let plan = stage.json(&["restore", "t", "--unit", "a", "--to", &url, "--dry-run"]);
    assert!(plan["notes"][0].as_str().unwrap().contains("the unit a is written into"), "{plan}");
    let answer = stage.json(&["restore", "t", "--to", &url]);
    assert_eq!((&answer["units"], &answer["failed"]), (&2.into(), &0.into()), "{answer}");
    assert_eq!(answer["items"][0]["restored"]["files"], 2, "{answer}");
    for name in ["a", "b"] {
        let unit = UnitName::new(name).unwrap();
        assert_eq!(files(&other.data(Some(&unit))), files(&stage.source.data(Some(&unit))));
    }

    // A file, and standard output: the same bytes, and nothing else on it.
    let file = stage.scratch.join("a.dump");
    let words = ["restore", "t", "--unit", "a", "--to"];
    let to_file = [&words[..], &[file.to_str().unwrap()]].concat();
    assert_eq!(stage.run(&to_file).code(), 0);
    let to_stream = stage.run(&[&words[..], &["-"]].concat());
    assert_eq!(to_stream.code(), 0, "{}", to_stream.stderr);
    assert_eq!(to_stream.stdout, std::fs::read_to_string(&file).unwrap());
    // What is there already stays.
    let again = stage.run(&to_file);
    assert_eq!(again.code(), 15, "{}", again.stderr);
    // Several units have no place in one stream.
    let both = stage.run(&["restore", "t", "--to", "-"]);
    assert_eq!(both.code(), 2, "{}", both.stderr);
    assert!(both.stderr.contains("name one"), "{}", both.stderr);
}

#[test]
fn a_restore_that_fails_says_so_and_costs_no_other_unit_its_own() {
    let stage = stage();
    let to = stage.scratch.join("dumps");
    let words = ["restore", "t", "--to", to.to_str().unwrap(), "--set", "fault=fail:restore@a"];
    let answer = stage.json(&words);
    assert_eq!((&answer["failed"], &answer["exit_status"]), (&1.into(), &3.into()), "{answer}");
    assert!(!to.join("a").exists() && to.join("b").exists());
    let nowhere = stage.run(&["restore", "t", "--unit", "a", "--to", "sample-server:///nowhere"]);
    assert_eq!(nowhere.code(), 25, "{}", nowhere.stderr);
    let time = stage.run(&["restore", "t", "--unit", "a", "--to", "-", "--target-lsn", "1"]);
    assert_eq!(time.code(), 2, "a dump has no log: {}", time.stderr);
}

#[test]
fn the_engine_that_is_named_wins_over_the_scheme_and_restores_see_only_their_own() {
    let stage = Stage::new(&[]);
    stage.source.write(None, "a", 0, b"one").unwrap();
    let url = stage.url("sample");
    assert_eq!(stage.run(&["backup", &url, "--target", "t"]).code(), 0);
    let named = ["backup", &url, "--target", "t", "--engine", "sample-server"];
    assert_eq!(stage.json(&named)["link"]["engine"], "sample-server");
    let configured = format!("[target.t]\nurl = \"{url}\"\nengine = \"sample-server\"\n");
    let config = stage.scratch.join("seawall.toml");
    std::fs::write(&config, configured).unwrap();
    let config = config.to_str().unwrap();
    assert_eq!(stage.json(&["--config", config, "backup", "t"])["link"]["engine"], "sample-server");

    // With backups of two engines, one must be meant.
    let to = stage.scratch.join("r");
    let unclear = stage.run(&["restore", "t", "--to", to.to_str().unwrap()]);
    assert_eq!(unclear.code(), 2, "{}", unclear.stderr);
    assert!(
        unclear.stderr.contains("several engines: sample, sample-server"),
        "{}",
        unclear.stderr
    );
    let files = ["restore", "t", "--to", to.to_str().unwrap(), "--engine", "sample"];
    let answer = stage.json(&files);
    assert_eq!(answer["directory"], to.to_str().unwrap(), "{answer}");
    let dump = stage.run(&["restore", "t", "--to", "-", "--engine", "sample-server"]);
    assert!(dump.stdout.starts_with("{\"path\":\"a\""), "{}", dump.stdout);
    // An incremental continues its own engine's full.
    let incremental = stage.backup("sample", "incremental");
    assert_eq!(incremental["link"]["level"], "incremental");
}
