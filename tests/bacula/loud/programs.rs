//! Programs that are no backend, or none at all.

use super::room::{Room, after};
use super::row::{Row, rows};
use crate::stage;
use fixtures::bacula::{Level, Programs};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// What is done is the program: a path, or the script that it is.
const ROWS: &[Row] = rows! {
    is_not_there: "/nowhere/seawall" => Bad(1), 0,
        "Fatal error: /nowhere/seawall cannot be started: No such file or directory";
    is_a_directory: "/usr" => Bad(1), 0,
        "Fatal error: /usr cannot be started: Permission denied";
    cannot_be_run: "/etc/passwd" => Bad(1), 0,
        "Fatal error: /etc/passwd cannot be started: Permission denied";
    has_no_absolute_path: "bin/seawall" => Bad(1), 0,
        "Fatal error: the backend's program must have an absolute path, \"bin/seawall\" has none\n";
    ends_at_once: "#!/bin/sh\nexit 0" => Bad(1), 0,
        "Fatal error: the backend died in the middle of the job (exit status 0)\n";
    does_not_know_what_it_is_called_with: "#!/bin/sh\necho \"$0: what is $1?\" >&2; exit 2" => Bad(1), 0,
        "does_not_know_what_it_is_called_with: what is file-daemon-backend?\n";
    is_killed: "#!/bin/sh\nkill -9 $$" => Bad(1), 0,
        "Fatal error: the backend died in the middle of the job (killed by signal 9)\n";
    says_what_it_hears: "#!/bin/sh\ncat >&0" => Bad(1), 0,
        "Fatal error: the backend";
};

pub(crate) fn no_wrong_program_makes_a_good_backup(programs: &Programs) {
    let room = Room::start_rows(programs, ROWS);
    let configuration = room.bacula.plugin_dir().join(stage::CONFIGURATION);
    let configure = |program: &PathBuf| {
        fs::write(&configuration, stage::configuration(program)).unwrap();
    };
    let dir = room.scratch.make_dir("programs");
    // All at once: a program that somebody still writes to cannot be run.
    let paths: Vec<PathBuf> = ROWS.iter().map(|row| program(&dir, row)).collect();
    for (row, path) in ROWS.iter().zip(&paths) {
        configure(path);
        row.check("Backup", &room.bacula.run_job(row.name, Level::Full));
        room.nobody_is_left(row.name);
        configure(&room.stand_in.program());
        let _ = room.good_backup(&after(row.name));
    }
}

fn program(dir: &std::path::Path, row: &Row) -> PathBuf {
    if !row.does.starts_with("#!") {
        return PathBuf::from(row.does);
    }
    let path = dir.join(row.name);
    fs::write(&path, row.does).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}
