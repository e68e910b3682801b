//! Faults of the backend in a restore.

use super::room::Room;
use super::row::{Row, rows};
use fixtures::bacula::Programs;

const ROWS: &[Row] = rows! {
    // Before anything has come back. The first file counts all the same.
    dies_before_its_first_word: "FAULT=die@hello" => Bad(2), 1,
        "Fatal error: the backend died in the middle of the job (exit status 3); its last words \
         were:\nstand-in-backend: died at hello\n";
    is_of_another_version: "WRONG_VERSION=1" => Bad(2), 1,
        "Fatal error: the program seawall 0.0.0-stand-in and this plugin are of different \
         versions\nhint: install both";
    talks_nonsense_at_once: "FAULT=garbage@hello" => Bad(2), 1,
        "Fatal error: the backend said what is no message: there is no message of this kind\n";
    fails_at_once: "FAULT=failed@start" => Bad(2), 1,
        "Fatal error: failed at start\nhint: a test\n";

    // Where a file is to be made.
    refuses_the_files: "REPLY=failed" => Bad(4), 4,
        "Fatal error: 4 files could not be restored\n";
    fails_where_a_file_is_made: "FAULT=failed@create" => Bad(2), 1,
        "Fatal error: failed at create\n";
    dies_where_a_file_is_made: "FAULT=die@create" => Bad(2), 1,
        "were:\nstand-in-backend: died at create\n";

    // In a file.
    dies_in_a_file: "FAULT=die@body GRANDCHILD=1" => Bad(2), 3,
        "were:\nstand-in-backend: died at body\n";
    cannot_write_on: "FAULT=failed@body" => Bad(2), 3, "Fatal error: failed at body\n";
    reports_in_a_file_that_all_is_lost: "FAULT=fatal@body" => Bad(1), 3,
        "Fatal error: fatal at body\n";

    // At a file's end, whose failure the daemon would overlook.
    dies_at_a_file_s_end: "FAULT=die@close" => Bad(1), 2,
        "were:\nstand-in-backend: died at close\n";
    did_not_take_a_file: "BAD_CLOSE=1" => Bad(1), 2, "data/empty: it was not restored\n";
    talks_nonsense_at_a_file_s_end: "FAULT=garbage@close" => Bad(1), 2,
        "Fatal error: the backend said what is no message";

    // After the last file.
    dies_at_the_very_end: "FAULT=die@finish" => Bad(1), 4,
        "were:\nstand-in-backend: died at finish\n";
    fails_at_the_very_end: "FAULT=failed@finish" => Bad(1), 4, "Fatal error: failed at finish\n";
    reports_at_the_very_end_that_all_is_lost: "FAULT=fatal@finish" => Bad(1), 4,
        "Fatal error: fatal at finish\n";
    talks_nonsense_at_the_very_end: "FAULT=garbage@finish" => Bad(1), 4,
        "Fatal error: the backend said what is no message";
    does_not_end_well: "BAD_DONE=1" => Bad(1), 4,
        "Fatal error: the backend could not end the restore well\n";

    // What is no failure. An error is one, for a restore.
    warns: "REPORTS=warning" => Good, 4, "Warning: a long warning";
    reports_an_error: "REPORTS=1" => Bad(1), 4, "Error: an error\nof two lines\n";
    does_not_need_the_files: "REPLY=skip" => Good, 4, "Restore OK";
    leaves_the_files_to_the_daemon: "REPLY=core" => Good, 4, "Restore OK";
};

pub(crate) fn no_fault_of_a_backend_makes_a_good_restore(programs: &Programs) {
    let room = Room::start(programs, &["backup"], &[]);
    let backup = room.good_backup("backup");
    for row in ROWS {
        room.restore(row, &backup);
    }
}
