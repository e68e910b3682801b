//! A tool's streams: unpacked, prepared, moved into place.

use crate::{Stage, files};

fn stage() -> Stage {
    let stage = Stage::new(&[]);
    for number in 0..20_u64 {
        stage.source.write(None, &format!("d/f{number}"), 0, &[7; 10_000]).unwrap();
    }
    stage.backup("sample-streams", "full");
    stage.source.write(None, "d/f1", 5000, b"changed").unwrap();
    stage.source.remove(None, "d/f2").unwrap();
    stage.backup("sample-streams", "incremental");
    stage.source.write(None, "new", 0, b"new").unwrap();
    stage.backup("sample-streams", "incremental");
    stage
}

#[test]
fn a_chain_of_streams_becomes_a_directory() {
    let stage = stage();
    let to = stage.scratch.join("r");
    let outcome = stage.run(&["restore", "t", "--to", to.to_str().unwrap()]);
    assert_eq!(outcome.code(), 0, "{}", outcome.stderr);
    let mut restored = files(&to);
    assert_eq!(restored.remove("control").as_deref(), Some(&b"ready"[..]));
    assert!(restored == stage.now());
}

#[test]
fn trees_are_laid_out_and_left_alone() {
    let stage = stage();
    let to = stage.scratch.join("trees");
    let words = ["restore", "t", "--layout-only", "--to", to.to_str().unwrap()];
    let answer = stage.json(&words);
    let trees = answer["trees"].as_array().unwrap();
    assert_eq!(trees.len(), 3);
    for tree in trees {
        let tree = std::path::Path::new(tree.as_str().unwrap());
        assert!(tree.is_dir() && tree.with_extension("json").is_file(), "{}", tree.display());
    }
}

#[test]
fn what_could_only_fail_after_hours_fails_before_anything_is_written() {
    let stage = stage();
    let to = stage.scratch.join("r");
    let words = ["restore", "t", "--to", to.to_str().unwrap(), "--set", "fault=fail:check"];
    let refused = stage.run(&words);
    assert_eq!(refused.code(), 25, "{}", refused.stderr);
    assert!(!to.exists());
    // A preparation that fails leaves nothing that starts.
    let words = ["restore", "t", "--to", to.to_str().unwrap(), "--set", "fault=fail:prepare"];
    assert_eq!(stage.run(&words).code(), 25);
    assert!(!to.join("control").exists());
}
