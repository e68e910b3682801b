//! The contracts of `archive_command` and `restore_command`.

use crate::PROGRAM;
use fixtures::{Lab, Outcome, Scratch, run};
use std::fs;
use std::path::{Path, PathBuf};

const TARGET: [&str; 2] = ["--target", "pg-main"];

/// A server whose log is archived by hand, in a directory to experiment with.
struct Hand {
    lab: Lab,
    data: PathBuf,
}

impl Hand {
    fn new() -> Self {
        let mut lab = Lab::new(PROGRAM);
        lab.archive();
        let data = lab.server.data().to_owned();
        Self { lab, data }
    }

    fn run(&self, words: &[&str]) -> Outcome {
        let mut command = self.lab.command(words);
        command.args(TARGET).current_dir(&self.data);
        run(&mut command)
    }

    /// A segment that is archived already, and its bytes.
    fn archived(&self) -> (String, Vec<u8>) {
        let objects = self.lab.objects("targets/pg-main/log");
        let name = objects[0].file_name().unwrap().to_str().unwrap().to_owned();
        let to = self.lab.scratch.join("fetched");
        let outcome = self.run(&["wal", "fetch", &name, to.to_str().unwrap()]);
        assert_eq!(outcome.code(), 0, "{}", outcome.stderr);
        assert_eq!(
            (outcome.stdout.as_str(), outcome.stderr.as_str()),
            ("", ""),
            "quiet on success"
        );
        (name, fs::read(&to).unwrap())
    }

    /// Pushes bytes under a name, from a directory of their own.
    fn push(&self, name: &str, bytes: &[u8]) -> Outcome {
        let dir = self.lab.scratch.join("hand");
        let _ = fs::create_dir(&dir);
        let path = dir.join(name);
        fs::write(&path, bytes).unwrap();
        self.lab.scratch.give(&path);
        self.run(&["wal", "push", path.to_str().unwrap()])
    }
}

#[test]
fn the_same_segment_again_is_a_success_and_another_one_is_refused() {
    let hand = Hand::new();
    let (name, bytes) = hand.archived();
    let again = hand.push(&name, &bytes);
    assert_eq!((again.code(), again.stderr.as_str()), (0, ""));
    let mut other = bytes.clone();
    *other.last_mut().unwrap() ^= 1;
    let refused = hand.push(&name, &other);
    assert_eq!(refused.code(), 15);
    assert!(
        refused.stderr.contains("is archived already, with other content"),
        "{}",
        refused.stderr
    );
    assert_eq!(hand.archived().1, bytes, "nothing was overwritten");
}

#[test]
fn what_is_no_complete_segment_of_its_name_is_refused() {
    let hand = Hand::new();
    let (name, bytes) = hand.archived();
    let next = format!("{}FF", &name[..22]);
    for (name, bytes, words) in [
        (next.as_str(), &bytes[..], "the segment begins at"),
        (&name, &bytes[..1 << 20], "has 1048576 bytes, a complete segment has 16777216"),
        (&next, b"text", "is no WAL segment"),
        ("README", b"text", "is not the name of a file of any server's log"),
        ("00000002.history", b"nonsense", "is no timeline history"),
        (&format!("{name}.00000028.backup"), b"nonsense", "is no backup history"),
    ] {
        let outcome = hand.push(name, bytes);
        assert!((2..=125).contains(&outcome.code()), "{name}: {}", outcome.code());
        assert!(outcome.stderr.contains(words), "{words} in {}", outcome.stderr);
    }
}

#[test]
fn histories_are_protected_like_segments() {
    let hand = Hand::new();
    let (one, other) = ("1\t0/3000000\tno recovery target\n", "1\t0/4000000\tno recovery target\n");
    assert_eq!(hand.push("00000002.history", one.as_bytes()).code(), 0);
    assert_eq!(hand.push("00000002.history", one.as_bytes()).code(), 0);
    assert_eq!(hand.push("00000002.history", other.as_bytes()).code(), 15);
}

#[test]
fn a_partial_segment_is_kept_apart_and_never_taken_for_the_whole() {
    let hand = Hand::new();
    let (name, bytes) = hand.archived();
    // As at a promotion: the old timeline's last segment, in full length, under a name of its own.
    let mut partial = bytes.clone();
    partial[8192..].fill(0);
    assert_eq!(hand.push(&format!("{name}.partial"), &partial).code(), 0);
    assert_eq!(hand.archived().1, bytes);
    let objects = hand.lab.objects("targets/pg-main/log");
    assert!(objects.iter().any(|path| path.to_str().unwrap().ends_with(".partial")));
    // Where only the partial one is, the segment is absent.
    fs::remove_file(&objects[0]).unwrap();
    let to = hand.lab.scratch.join("to");
    assert_eq!(hand.run(&["wal", "fetch", &name, to.to_str().unwrap()]).code(), 14);
}

#[test]
fn a_segment_of_another_cluster_is_refused() {
    let (hand, stranger) = (Hand::new(), Hand::new());
    let (name, bytes) = stranger.archived();
    // In its own data directory, and in none.
    for dir in [stranger.data.clone(), stranger.lab.scratch.path().to_owned()] {
        let path = stranger.lab.scratch.join(&name);
        fs::write(&path, &bytes).unwrap();
        stranger.lab.scratch.give(&path);
        let mut command = hand.lab.command(&["wal", "push", path.to_str().unwrap()]);
        let outcome = run(command.args(TARGET).current_dir(dir));
        assert_eq!(outcome.code(), 22, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("is of the cluster"), "{}", outcome.stderr);
    }
}

#[test]
fn absence_is_14_only_when_it_is_certain() {
    let hand = Hand::new();
    let (name, _) = hand.archived();
    let to = hand.lab.scratch.join("to");
    let to = to.to_str().unwrap();
    let absent = hand.run(&["wal", "fetch", "0000000100000000000000FE", to]);
    assert_eq!(absent.code(), 14, "{}", absent.stderr);
    assert_eq!(hand.run(&["wal", "fetch", "00000002.history", to]).code(), 14);

    // Everything else stops recovery, instead of ending it early.
    let object = &hand.lab.objects("targets/pg-main/log")[0];
    let good = fs::read(object).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    fs::write(object, &bad).unwrap();
    assert_eq!(hand.run(&["wal", "fetch", &name, to]).code(), 126);
    assert!(!Path::new(to).exists(), "half a segment must never be seen");
    fs::write(object, &good).unwrap();

    for words in [
        &["wal", "fetch", &name, "/no/such/place"][..],
        &["wal", "fetch", "../../etc/passwd", to],
        &["wal", "fetch", &name],
        &["wal", "fetch", &name, to, "--frobnicate"],
        &["wal", "fetch", &name, to, "--lineage", "seven"],
        &["wal", "fetch", &name, to, "--config", "/no/such/file"],
    ] {
        assert_eq!(hand.run(words).code(), 126, "{words:?}");
    }
    // A misspelt target, or another cluster's number, says nothing about this segment.
    let words = ["wal", "fetch", "0000000100000000000000FE", to, "--target", "pg-mian"];
    let misspelt = run(hand.lab.command(&words).current_dir(&hand.data));
    assert_eq!(misspelt.code(), 126, "{}", misspelt.stderr);
    assert!(misspelt.stderr.contains("holds no log of the cluster"), "{}", misspelt.stderr);
    assert_eq!(hand.run(&["wal", "fetch", &name, to, "--lineage", "7"]).code(), 126);

    fs::rename(hand.lab.repo(), hand.lab.scratch.join("unmounted")).unwrap();
    let unmounted = hand.run(&["wal", "fetch", "0000000100000000000000FE", to]);
    assert_eq!(unmounted.code(), 126, "a repository that is not there proves no absence");
    assert!(unmounted.stderr.contains("there is no repository"), "{}", unmounted.stderr);
}

#[test]
fn an_unreadable_log_directory_is_no_absence() {
    let hand = Hand::new();
    let (name, _) = hand.archived();
    let object = hand.lab.objects("targets/pg-main/log").remove(0);
    // A file where a directory should be: neither there nor absent.
    let shard = object.parent().unwrap();
    fs::rename(shard, shard.with_extension("away")).unwrap();
    fs::write(shard, "").unwrap();
    let to = hand.lab.scratch.join("to");
    assert_eq!(hand.run(&["wal", "fetch", &name, to.to_str().unwrap()]).code(), 126);
}

#[test]
fn the_server_itself_archives_and_recovers_through_an_outage() {
    let mut lab = Lab::new(PROGRAM);
    lab.server.sql("CREATE TABLE t (n int)");
    let _ = lab.backup();
    // The repository is away: the archiver must keep trying, and lose nothing.
    let away = lab.scratch.join("away");
    fs::rename(lab.repo(), &away).unwrap();
    lab.server.sql("INSERT INTO t SELECT generate_series(1, 1000); SELECT pg_switch_wal()");
    lab.server.wait_until("SELECT failed_count > 0 FROM pg_stat_archiver");
    assert!(!lab.repo().exists(), "nothing may be written where the repository is not mounted");
    fs::rename(&away, lab.repo()).unwrap();
    lab.archive();
    let mut server = lab.start(lab.restore("r", &[]));
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(server.sql("SELECT count(*) FROM t"), "1000");
}

#[test]
fn a_stray_scratch_is_gone_with_its_value() {
    let path = {
        let scratch = Scratch::new();
        scratch.path().to_owned()
    };
    assert!(!path.exists());
}
