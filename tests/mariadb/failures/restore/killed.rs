//! Restores that are killed: what they leave does not start, and is not taken for an empty place.

#[cfg(feature = "failpoints")]
use super::damage::does_not_start;
use super::damage::is_no_data_directory;
use super::{backed_up, command, restore};
use crate::failures::aftermath::{PATIENCE, wait_until};
use crate::failures::misses;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// What is there below the work's directory when a moment has come.
const MOMENTS: &[(&str, &[&str])] = &[
    ("the full is unpacked", &["base"]),
    ("the full is whole", &["base/mysql/plugin.frm"]),
    ("the increment is unpacked", &["increment"]),
];

/// While things are moved up; a directory has some ten names.
#[cfg(feature = "failpoints")]
const POINTS: &[&str] = &[
    "tree.sync.before",
    "held-back.rename.before",
    "held-back.rename.after@3",
    "held-back.rename.after@6",
];

#[test]
fn killed_restores_are_no_data_directories() {
    let (lab, _) = backed_up();
    for (number, (moment, marks)) in MOMENTS.iter().enumerate() {
        let to = lab.scratch.join(&format!("r{number}"));
        let mut command = command(&lab, &to, &[]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let work = to.join(".seawall-restore");
        let deadline = Instant::now() + PATIENCE;
        while !marks.iter().all(|mark| work.join(mark).exists()) {
            assert!(child.try_wait().unwrap().is_none(), "{moment}: it has ended");
            assert!(Instant::now() < deadline, "{moment}");
            std::thread::sleep(Duration::from_micros(200));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        wait_until(moment, || is_used(&to).then(|| "a tool works on it".to_owned()));
        let again = restore(&lab, &to, &[]);
        let words =
            &["is not empty: it holds .seawall-restore", "hint: This is what an unfinished"];
        assert_eq!(misses(moment, &again, 15, words), None);
        is_no_data_directory(&lab, &to);
    }
    // When it has begun to move things up, most of all before the last of them.
    #[cfg(feature = "failpoints")]
    for point in POINTS {
        let to = lab.scratch.join(&point.replace('.', "-"));
        let outcome = fixtures::run(
            command(&lab, &to, &[]).env("SEAWALL_FAILPOINT", format!("{point}=kill")),
        );
        assert_eq!(outcome.code(), -1, "{point}: {}", outcome.stderr);
        let again = restore(&lab, &to, &[]);
        assert_eq!(misses(point, &again, 15, &["hint: This is what an unfinished"]), None);
        assert!(!to.join("mysql").exists());
        does_not_start(&lab, &to);
    }
    let server = lab.start(&lab.restore("whole", &[]));
    assert_eq!(server.checksums(), lab.server.checksums());
}

/// Whether a tool has the directory in its command line.
fn is_used(dir: &Path) -> bool {
    let dir = dir.display().to_string();
    let lines = std::fs::read_dir("/proc").unwrap().flatten();
    let mut lines = lines.filter_map(|it| std::fs::read_to_string(it.path().join("cmdline")).ok());
    lines.any(|line| line.contains("--prepare") && line.contains(&dir))
}
