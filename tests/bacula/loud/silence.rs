//! Backends that say nothing any more. The plugin would wait ten minutes for them; here the daemon's
//! environment says two seconds.

use super::room::Room;
use super::row::{Row, rows};
use fixtures::bacula::Programs;

const SECONDS: (&str, &str) = ("SEAWALL_FILE_DAEMON_SILENCE", "2");

const BACKUPS: &[Row] = rows! {
    in_a_file: "FAULT=silence@body" => Bad(3), 3,
        "Fatal error: the backend is silent, since 2 seconds: it hangs\n";
    when_all_is_over: "FAULT=silence@finish" => Good, 7,
        "which will be a full: the backend is silent, since 2 seconds: it hangs\n";
};

const RESTORES: &[Row] = rows! {
    where_a_file_is_made: "FAULT=silence@create" => Bad(2), 1,
        "Fatal error: the backend is silent, since 2 seconds: it hangs\n";
    // While a body passes nobody hears it; where it takes nothing more, it may have said why.
    takes_nothing_and_talks_nonsense: "FAULT=garbage@body" => Bad(2), 3,
        "Fatal error: the backend said what is no message";
};

pub(crate) fn a_backend_that_is_silent_makes_a_bad_job(programs: &Programs) {
    let mut names: Vec<&str> = BACKUPS.iter().map(|row| row.name).collect();
    names.push("backup");
    let room = Room::start(programs, &names, &[SECONDS]);
    for row in BACKUPS {
        room.back_up(row);
    }
    let backup = room.good_backup("backup");
    for row in RESTORES {
        room.restore(row, &backup);
    }
}
