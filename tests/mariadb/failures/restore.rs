//! Restores that are refused, fail or are killed.

mod damage;
mod killed;

use super::{Row, look_at_all, misses};
use crate::lab::{Lab, TARGET};
use fixtures::{Outcome, Tmpfs, run};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A full and an increment.
pub(crate) fn backed_up() -> (Lab, [Value; 2]) {
    let lab = Lab::new();
    lab.server.sql("CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY, v BLOB)");
    let fill = |from: u32, to: u32| {
        lab.server.sql(&format!(
            "INSERT INTO d.t SELECT seq, RANDOM_BYTES(1000) FROM d.seq_{from}_to_{to}"
        ));
    };
    fill(1, 2000);
    let full = lab.backup("full");
    fill(2001, 3000);
    let increment = lab.backup("incremental");
    (lab, [full, increment])
}

/// Words of a restore into a directory.
pub(crate) fn command(lab: &Lab, to: &Path, more: &[&str]) -> Command {
    let place = to.display().to_string();
    let mut words = vec!["restore", TARGET, "--to", &place];
    words.extend(more);
    lab.command(&words)
}

fn restore(lab: &Lab, to: &Path, more: &[&str]) -> Outcome {
    run(&mut command(lab, to, more))
}

const TABLE: &[Row] = &[
    (
        "target not empty",
        15,
        &["/r is not empty: it holds precious", "hint: Choose an empty directory"],
        not_empty,
    ),
    ("target running", 15, &["a server is running in", "hint: Stop it, or restore to"], running),
    ("disk full while unpacking", 16, &["No space left on device"], disk_full),
    ("disk too small from the start", 16, &["the restore needs", "free"], disk_too_small),
    (
        "no tool on this host",
        27,
        &["there is no mariadb-backup or mariabackup on this host", "hint: Install the package"],
        no_tool,
    ),
    (
        "the tool of another series",
        27,
        &["mariadb-backup 11.4.2-MariaDB does not fit 10.11"],
        other_tool,
    ),
    (
        "a time between two backups",
        24,
        &[
            "no backup ends at",
            "hint: What can be reached: ",
            "hint: For the newest one give no target, or --backup",
        ],
        between,
    ),
    ("a dry run", 0, &[], dry_run),
];

#[test]
fn restores_that_are_refused_write_nothing() {
    let (mut lab, _) = backed_up();
    look_at_all(&mut lab, TABLE, |lab, before, row| before.is_clean(lab, row));
}

fn not_empty(lab: &mut Lab) -> Outcome {
    let to = lab.scratch.make_dir("r");
    fs::write(to.join("precious"), "data").unwrap();
    let outcome = restore(lab, &to, &[]);
    assert_eq!(fs::read_dir(&to).unwrap().count(), 1);
    fs::remove_dir_all(to).unwrap();
    outcome
}

fn running(lab: &mut Lab) -> Outcome {
    restore(lab, lab.server.data_dir(), &[])
}

fn small_disk(lab: &Lab, mebibytes: u64, options: &str) -> Outcome {
    let small = Tmpfs::mount(&lab.scratch, "small", mebibytes);
    let mut mount = Command::new("mount");
    mount.args(["-o", &format!("remount,{options}")]).arg(small.path());
    run(&mut mount).ok();
    let to = small.path().join("r");
    let outcome = restore(lab, &to, &[]);
    assert!(!to.join("ibdata1").exists() && !to.join("mysql").exists(), "it could be started");
    drop(small);
    fs::remove_dir(lab.scratch.join("small")).unwrap();
    outcome
}

/// The bytes fit, and the number of files does not: that is known only on the way.
fn disk_full(lab: &mut Lab) -> Outcome {
    small_disk(lab, 400, "nr_inodes=100")
}

fn disk_too_small(lab: &mut Lab) -> Outcome {
    small_disk(lab, 8, "nr_inodes=100000")
}

fn no_tool(lab: &mut Lab) -> Outcome {
    let programs = lab.scratch.make_dir("programs");
    let setpriv = run(Command::new("which").arg("setpriv")).out();
    std::os::unix::fs::symlink(setpriv.trim(), programs.join("setpriv")).unwrap();
    let outcome = run(command(lab, &lab.scratch.join("r"), &[]).env("PATH", &programs));
    fs::remove_dir_all(programs).unwrap();
    outcome
}

fn other_tool(lab: &mut Lab) -> Outcome {
    let path =
        super::refused::tool(lab, "echo based on MariaDB server 11.4.2-MariaDB Linux", 0o755);
    let mut command = command(lab, &lab.scratch.join("r"), &[]);
    let outcome = run(command.env("SEAWALL_MARIADB_BACKUP", &path));
    fs::remove_file(path).unwrap();
    outcome
}

/// The moments of the backups, oldest first.
fn moments(lab: &Lab) -> Vec<String> {
    let text = lab.run(&["list", TARGET, "--output", "jsonl", "--quiet"]).out();
    let items = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    items.filter_map(|item| Some(item["earliest"]["time"].as_str()?.to_owned())).collect()
}

fn between(lab: &mut Lab) -> Outcome {
    let mut moments = moments(lab);
    moments.sort();
    assert_eq!(moments.len(), 2);
    // A moment of a backup can be reached, and one just before it cannot.
    let to = lab.scratch.join("r");
    restore(lab, &to, &["--dry-run", "--target-time", &moments[1]]).ok();
    let (second, _) = moments[1].split_once('.').unwrap();
    let outcome = restore(lab, &to, &["--target-time", &format!("{second}Z")]);
    for moment in &moments {
        assert!(outcome.stderr.contains(moment.as_str()), "{moment}: {}", outcome.stderr);
    }
    outcome
}

fn dry_run(lab: &mut Lab) -> Outcome {
    let outcome = restore(lab, &lab.scratch.join("r"), &["--dry-run"]);
    assert!(outcome.stdout.contains("binlogs go on from"), "{}", outcome.stdout);
    outcome
}

#[test]
fn a_partial_backup_is_no_parent_and_no_data_directory() {
    let lab = Lab::new();
    lab.server.sql("CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY)");
    let partial = lab.backup_with("full", &["--set", "extra_tool_options=--databases=d"]);
    assert_eq!(partial["link"]["state"]["is_partial"], true, "{partial}");
    let name = partial["backup"].as_str().unwrap();
    let (to, trees) = (lab.scratch.join("r"), lab.scratch.join("trees"));
    let refused = restore(&lab, &to, &["--backup", name]);
    let words = &["holds only some databases", "hint: No server starts on it. `--layout-only`"];
    assert_eq!(misses("partial", &refused, 14, words), None);
    assert!(!to.exists());
    restore(&lab, &trees, &["--backup", name, "--layout-only"]).ok();
    let files = files_below(&trees);
    assert!(files.iter().any(|path| path.ends_with("d/t.frm")), "{files:?}");

    let next = lab.backup("incremental");
    assert_eq!(next["link"]["level"], "full", "{next}");
    assert!(next["link"]["parent"].is_null());
    let server = lab.start(&lab.restore("r", &[]));
    assert_eq!(server.checksums(), lab.server.checksums());
}

/// All files below a directory.
pub(crate) fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(dir) else { return files };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            files.extend(files_below(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files.sort();
    files
}
