//! What goes wrong for people, and what the program then says: one row per failure.
//!
//! Each row makes its own surroundings, runs the program as an operator would, and names the exit
//! status and the words that must stand in the message.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod repository;
mod restore;
mod source;

use fixtures::Outcome;
use std::sync::Mutex;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_seawall");

/// One failure: its name, the exit status, the words, and how it is brought about.
type Row = (&'static str, i32, &'static [&'static str], fn() -> Outcome);

const TABLE: &[Row] = &[
    (
        "wrong password",
        21,
        &["refused the connection: password authentication failed", "hint: Give the password in"],
        source::wrong_password,
    ),
    ("no password", 21, &["password missing", "hint: Give the password in"], source::no_password),
    (
        "server down",
        20,
        &["no connection to 127.0.0.1:", "hint: Is the server running"],
        source::server_down,
    ),
    (
        "not a superuser",
        22,
        &[
            "the database user limited is not a superuser and lacks 3 right(s)",
            "hint: GRANT EXECUTE ON FUNCTION pg_backup_start(text, boolean) TO limited;",
            "hint: GRANT EXECUTE ON FUNCTION pg_backup_stop(boolean) TO limited;",
            "hint: GRANT pg_read_all_settings TO limited;",
        ],
        source::not_a_superuser,
    ),
    (
        "files unreadable",
        25,
        &["cannot be read by the user nobody", "hint: Run as the user postgres."],
        source::files_unreadable,
    ),
    (
        "archiving off",
        23,
        &[
            "the server does not archive its log: archive_mode is off",
            "hint: Set wal_level",
            "require_archiving=false",
        ],
        source::archiving_off,
    ),
    (
        "data directory of another cluster",
        22,
        &["belongs to the cluster", "the server is the cluster"],
        source::data_directory_of_another_cluster,
    ),
    (
        "data directory is a copy",
        22,
        &["is not the server's data directory: it is shut down"],
        source::data_directory_is_a_copy,
    ),
    (
        "data directory elsewhere",
        25,
        &["there is no data directory", "hint: Run Seawall on the server's host"],
        source::data_directory_elsewhere,
    ),
    (
        "a standby whose log nobody archives",
        23,
        &[
            "nobody archives the log of this standby's cluster here: archive_mode is on",
            "hint: Let the primary archive",
            "archive_mode = always",
            "require_archiving=false",
        ],
        source::a_standby,
    ),
    (
        "changed system identifier",
        22,
        &[
            "the server is the cluster",
            "the backups of pg-main are of the cluster",
            "hint: After initdb or pg_upgrade",
        ],
        source::changed_system_identifier,
    ),
    ("level that is not there", 2, &["no backup of level incremental yet"], source::incremental),
    (
        "no repository",
        10,
        &["there is no repository at", "hint: Is the disk mounted?"],
        repository::missing,
    ),
    ("repository disk full", 16, &["No space left on device"], repository::disk_full),
    (
        "backup already running",
        11,
        &["a backup of pg-main is running: job", "process", "hint: Wait until it ends"],
        repository::backup_running,
    ),
    (
        "corrupted volume",
        30,
        &["000001.tar.zst is damaged near byte", "hint: `seawall verify`"],
        repository::corrupted_volume,
    ),
    ("newer format", 13, &["seawall.json has format version 99"], repository::newer_format),
    (
        "restore disk full before it begins",
        16,
        &["the restore needs", "bytes, /", "free"],
        restore::disk_too_small,
    ),
    ("restore disk full on the way", 16, &["No space left on device"], restore::disk_full),
    ("target not empty", 15, &["is not empty: it holds precious"], restore::target_not_empty),
    (
        "unfinished restore",
        15,
        &["is not empty", "hint: This is what an unfinished restore left"],
        restore::target_unfinished,
    ),
    ("target running", 15, &["a server is running in", "(process"], restore::target_running),
    (
        "target time beyond the window",
        24,
        &[
            "the log does not reach 2100-01-01T00:00:00Z: it ends before the segment",
            "hint: It reaches LSN",
        ],
        restore::time_beyond,
    ),
    (
        "target time before the window",
        24,
        &["no backup is old enough for this target", "hint: It begins at 20"],
        restore::time_before,
    ),
    (
        "a gap in the log",
        24,
        &["the log does not reach LSN", "is missing, later ones are there"],
        restore::gap,
    ),
    (
        "a time without offset",
        2,
        &["has no offset", "hint: In UTC:", "hint: In local time:"],
        restore::naive_time,
    ),
    ("no such backup", 14, &["there is no backup \"4711\" of pg-main"], restore::no_such_backup),
];

/// Rows at the same time: each has a server and a directory of its own.
const AT_ONCE: usize = 3;

#[test]
fn every_failure_has_its_status_and_its_words() {
    let only = std::env::var("ROW").unwrap_or_default();
    let rows = Mutex::new(TABLE.iter().filter(|(name, ..)| name.contains(&only)));
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(row) = rows.lock().unwrap().next() else { return };
                    wrong.lock().unwrap().extend(look(row));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with a row.
fn look((name, status, words, provoke): &Row) -> Option<String> {
    let outcome = provoke();
    let missing: Vec<_> = words.iter().filter(|words| !outcome.stderr.contains(**words)).collect();
    (outcome.code() != *status || !missing.is_empty()).then(|| {
        let (code, said) = (outcome.code(), outcome.stderr);
        format!("{name}: {code} instead of {status}, without {missing:?}\n{said}")
    })
}
