//! What belongs into one room stays there.

use crate::sources;
use std::path::{Path, PathBuf};

/// Words, and the only places where they may stand.
const ONLY_IN: &[(&str, &[&str])] = &[
    // A file of a tool's stream may be renamed by the stream: that is no step towards durability.
    ("fs::rename", &["system/src/durable.rs", "engines/mariadb/src/unpack/tree.rs"]),
    ("hard_link(", &["system/src/durable.rs", "fixtures/src/lab.rs"]),
    (".sync_all(", &["system/src/durable.rs"]),
    (".sync_data(", &[]),
    ("syncfs(", &["system/src/durable.rs"]),
    ("process::exit", &[]),
    ("println!", &[]),
    ("print!(", &[]),
    ("dbg!(", &[]),
    ("io::stdout()", &["src/printer.rs", "src/progress.rs"]),
    (
        "mysql_async",
        &[
            "engines/mariadb/src/session.rs",
            "fixtures/src/mariadb/",
            "fixtures/src/bin/stand-in-xtrabackup/",
        ],
    ),
    ("tokio_postgres", &["engines/postgresql/", "fixtures/src/postgresql/session.rs"]),
    // What is no row of a catalogue cannot be a finding of `check`.
    ("Rule::new(", &["errors/src/rule.rs"]),
    (
        "rules! {",
        &[
            "engines/mariadb/src/check.rs",
            "engines/postgresql/src/check/catalogue.rs",
            "engines/postgresql/src/log_verify/catalogue.rs",
            "repository/src/check.rs",
        ],
    ),
    (
        "unsafe ",
        &[
            "file-daemon/plugin/",
            "file-daemon/bacula/",
            "file-daemon/bareos/",
            "fixtures/bareos-host/src/bin/",
        ],
    ),
    ("SEAWALL_FAILPOINT", &["system/src/failpoint.rs"]),
];

#[test]
fn words_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    let sources = sources();
    let test_modules = test_modules(&sources);
    for (path, text) in &sources {
        // Tests drive the program from outside: they may do what the program may not.
        if is_test(path) || test_modules.contains(path) {
            continue;
        }
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for (word, rooms) in ONLY_IN {
            let allowed = rooms
                .iter()
                .any(|room| path.starts_with(room) || path.as_path() == Path::new(room));
            let stands = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            if !allowed && stands.into_iter().any(|line| line.contains(word)) {
                wrong.push(format!("{}: {word}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Files that are modules of tests only.
fn test_modules(sources: &[(PathBuf, String)]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (path, text) in sources {
        let dir = match path.file_stem().unwrap().to_str().unwrap() {
            "lib" | "main" => path.parent().unwrap().to_owned(),
            stem => path.with_file_name(stem),
        };
        for declared in text.split("#[cfg(test)]\nmod ").skip(1) {
            let name = declared.split([';', ' ']).next().unwrap();
            found.push(dir.join(format!("{name}.rs")));
        }
    }
    found
}

fn is_test(path: &Path) -> bool {
    let text = path.to_str().unwrap();
    text.starts_with("tests/") || text.contains("/tests/") || text.ends_with("/tests.rs")
}

#[test]
fn nothing_is_marked_as_unfinished() {
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X:"].concat()];
    for (path, text) in sources() {
        for mark in &marks {
            assert!(!text.contains(mark), "{}: {mark}", path.display());
        }
    }
}
