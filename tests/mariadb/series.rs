//! What differs from series to series, and tools that are not the server's.

use crate::lab::Lab;
use fixtures::mariadb::{DEBIAN, Programs};
use fixtures::{Outcome, ScratchServer, run};
use std::path::{Path, PathBuf};

/// All that are known.
const SERIES: &[&str] = &[DEBIAN, "11.8"];

pub(crate) fn files_are_called_as_the_series_calls_them(programs: &Programs) {
    let lab = Lab::of(programs);
    lab.server.sql("CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY)");
    lab.backup("full");
    let before = if is_debian(programs) { "xtrabackup" } else { "mariadb_backup" };

    let trees = lab.restore("trees", &["--layout-only"]);
    let tree = inner(&inner(&trees));
    for what in ["checkpoints", "info", "binlog_info"] {
        assert!(tree.join(format!("{before}_{what}")).exists(), "{what} in {}", tree.display());
    }
    // Of a data directory, only what says which backup it came from.
    let restored = lab.restore("r", &[]);
    assert!(restored.join(format!("{before}_info")).exists());
    for what in ["checkpoints", "binlog_info"] {
        assert!(!restored.join(format!("{before}_{what}")).exists(), "{what}");
    }
    let mut server = lab.start(&restored);
    assert_eq!(server.checksums(), lab.server.checksums());
    server.stop();
}

pub(crate) fn a_tool_of_another_series_is_refused(programs: &Programs) {
    let others = SERIES.iter().filter_map(|series| Programs::of_series(series));
    let Some(other) = others.into_iter().find(|other| other.prefix() != programs.prefix()) else {
        return;
    };
    let lab = Lab::of(programs);
    // Found first is the one that is not named: the name must count.
    let call = |words: &[&str], named: &Programs, found: &Programs| {
        let mut command = lab.command(words);
        command.env("PATH", found.search_path());
        run(command.env("SEAWALL_MARIADB_BACKUP", tool(named)))
    };
    let url = lab.url();
    let words = lab.backup_words("full", &url);
    let back_up = |named: &Programs, found: &Programs| {
        let option = format!("tool={}", tool(named));
        call(&[words.as_slice(), &["--set", &option]].concat(), named, found)
    };
    is_refused(&back_up(&other, programs));
    assert_eq!(lab.run(&["list", crate::lab::TARGET]).code(), 14, "nothing was begun");
    back_up(programs, &other).ok();

    let to = lab.scratch.join("r").display().to_string();
    let restore = ["restore", crate::lab::TARGET, "--to", &to];
    is_refused(&call(&restore, &other, programs));
    assert!(!Path::new(&to).exists());
    call(&restore, programs, &other).ok();
}

fn is_debian(programs: &Programs) -> bool {
    programs.prefix() == Programs::usual().prefix()
}

fn tool(programs: &Programs) -> String {
    programs.find("mariadb-backup").display().to_string()
}

fn is_refused(outcome: &Outcome) {
    assert_eq!(outcome.code(), 27, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("does not fit"), "{}", outcome.stderr);
}

/// The directory in a directory.
fn inner(dir: &Path) -> PathBuf {
    let mut entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.find(|entry| entry.is_dir()).unwrap()
}
