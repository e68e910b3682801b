//! What differs from series to series, and tools that are not the server's.

use crate::lab::Lab;
use fixtures::mariadb::{DEBIAN, Programs};
use fixtures::{ScratchServer, run};
use std::path::{Path, PathBuf};
use std::process::Command;

/// All that are known.
const SERIES: &[&str] = &[DEBIAN, "11.8"];

pub(crate) fn files_are_called_as_the_series_calls_them(programs: &Programs) {
    let lab = Lab::of(programs);
    lab.server.sql("CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY)");
    lab.backup("full");
    let before = if is_debian(programs) { "xtrabackup" } else { "mariadb_backup" };

    let trees = lab.restore("trees", &["--layout-only"]);
    let tree = only_one_in(&only_one_in(&trees));
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
    let (own, other) = (tool(programs), tool(&other));
    let lab = Lab::of(programs);
    let url = lab.url();
    let words = lab.backup_words("full", &url);
    let by_option = |tool: &str| {
        let named = format!("tool={tool}");
        run(away(&mut lab.command(&[words.as_slice(), &["--set", &named]].concat())))
    };
    is_refused(&by_option(&other));
    assert!(lab.listed().is_empty());
    by_option(&own).ok();

    let to = lab.scratch.join("r").display().to_string();
    let words = ["restore", crate::lab::TARGET, "--to", &to];
    let by_variable =
        |tool: &str| run(away(lab.command(&words).env("SEAWALL_MARIADB_BACKUP", tool)));
    is_refused(&by_variable(&other));
    assert!(!Path::new(&to).exists());
    by_variable(&own).ok();
}

fn is_debian(programs: &Programs) -> bool {
    programs.prefix() == Programs::usual().prefix()
}

fn tool(programs: &Programs) -> String {
    programs.find("mariadb-backup").display().to_string()
}

/// Without any tool on the path: what is named must do.
fn away(command: &mut Command) -> &mut Command {
    command.env("PATH", "/nowhere")
}

fn is_refused(outcome: &fixtures::Outcome) {
    assert_eq!(outcome.code(), 27, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("does not fit"), "{}", outcome.stderr);
}

fn only_one_in(dir: &Path) -> PathBuf {
    let mut entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let first = entries.next().unwrap();
    assert!(entries.next().is_none(), "more than one in {}", dir.display());
    first
}
