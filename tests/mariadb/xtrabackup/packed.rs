//! Members that the tool compressed or encrypted.

use super::stage::{Stage, TARGET};
use fixtures::{data, run};
use std::fs;

#[test]
fn compressed_members_are_plain_again_in_the_restored_tree() {
    let stage = Stage::new();
    stage.tool.instruct(&[("PACKED", "yes")]);
    stage.backup("full", &[]);
    let restored = stage.restore("r", &[]);
    let numbers: String = (0..60_000_u64).map(|n| format!("{} ", n * n % 997)).collect();
    assert_eq!(fs::read_to_string(restored.join("app/lz4.txt")).unwrap(), numbers);
    assert_eq!(fs::read_to_string(restored.join("app/zst.txt")).unwrap(), "one frame, another");
    assert!(!restored.join("app/lz4.txt.lz4").exists());
}

#[test]
fn so_are_those_of_a_recorded_backup() {
    let stage = Stage::new();
    let stream = data("mysql/xtrabackup-2.4/full-qp.xb.zst");
    let copy = stage.scratch.join("full-qp.xb.zst");
    fs::copy(stream, &copy).unwrap();
    stage.tool.instruct(&[("STREAM", copy.to_str().unwrap())]);
    stage.backup("full", &[]);
    let restored = stage.restore("r", &[]);
    let listed = fs::read_to_string(data("mysql/xtrabackup-2.4/full-qp.extracted.tsv")).unwrap();
    let packed = listed.lines().filter_map(|line| line.split_once(".qp\t"));
    let mut count = 0;
    let is_text = |path: &str| path.starts_with("xtrabackup_") || path == "backup-my.cnf";
    for (path, _) in packed.filter(|(path, _)| !is_text(path)) {
        let is_there = restored.join(path).is_file();
        assert!(is_there && !restored.join(format!("{path}.qp")).exists(), "{path}");
        count += 1;
    }
    assert!(count > 50, "{count}");
    assert_eq!(fs::metadata(restored.join("ibdata1")).unwrap().len() % 16384, 0);
}

#[test]
fn encrypted_members_want_their_key() {
    let stage = Stage::new();
    let copy = stage.scratch.join("inc3-enc.xb.zst");
    fs::copy(data("mysql/xtrabackup-2.4/inc3-enc.xb.zst"), &copy).unwrap();
    stage.tool.instruct(&[("STREAM", copy.to_str().unwrap())]);
    stage.backup("full", &[]);
    let to = stage.scratch.join("r");
    let words = ["restore", TARGET, "--to", to.to_str().unwrap()];
    let outcome = stage.run(&words);
    assert_eq!(outcome.code(), 27, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("it is encrypted, and no key is known"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("SEAWALL_ENCRYPTION_KEY_FILE"), "{}", outcome.stderr);
    let key = stage.scratch.join("key");
    for (bytes, status, says) in [
        (&[b'x'; 32][..], 30, "The key is probably another one"),
        (&[b'x'; 31], 27, "the key has 31 bytes"),
    ] {
        fs::write(&key, bytes).unwrap();
        fs::remove_dir_all(&to).unwrap();
        let outcome = run(stage.command(&words).env("SEAWALL_ENCRYPTION_KEY_FILE", &key));
        assert_eq!(outcome.code(), status, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
    }
    fs::copy(data("mysql/xtrabackup-2.4/encrypt-key.txt"), &key).unwrap();
    let to = stage.scratch.join("with-key");
    let words = ["restore", TARGET, "--to", to.to_str().unwrap()];
    run(stage.command(&words).env("SEAWALL_ENCRYPTION_KEY_FILE", &key)).ok();
    let listed = fs::read_to_string(data("mysql/xtrabackup-2.4/inc3-enc.extracted.tsv")).unwrap();
    let (path, _) = listed.lines().find_map(|line| line.split_once(".xbcrypt\t")).unwrap();
    assert!(to.join(path.trim_end_matches(".qp")).exists(), "{path}");
}
