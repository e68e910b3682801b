//! Faults of the backend in a backup.

use super::room::Room;
use super::row::{Row, rows};
use fixtures::bacula::Programs;

const ROWS: &[Row] = rows! {
    // Before the first file.
    dies_before_its_first_word: "FAULT=die@hello" => Bad(1), 0,
        "Fatal error: the backend died in the middle of the job (exit status 3); its last words \
         were:\nstand-in-backend: died at hello\n";
    is_of_another_version: "WRONG_VERSION=1" => Bad(1), 0,
        "Fatal error: the program seawall 0.0.0-stand-in and this plugin are of different \
         versions\nhint: install both";
    talks_nonsense_at_once: "FAULT=garbage@hello" => Bad(1), 0,
        "Fatal error: the backend said what is no message: there is no message of this kind\n";
    fails_at_once: "FAULT=failed@start" => Bad(1), 0,
        "Fatal error: failed at start\nhint: a test\n";
    fails_at_its_first_file: "FAULT=failed@file0" => Bad(1), 0,
        "Fatal error: failed at file0\n";
    has_nothing: "NO_FILES=1 NO_OBJECTS=1" => Bad(1), 0,
        "Fatal error: there is nothing to back up: no file came\n";

    // Between files.
    dies_between_files: "FAULT=die@file2" => Bad(1), 2,
        "were:\nstand-in-backend: died at file2\n";
    reports_that_all_is_lost: "FAULT=fatal@file2" => Bad(1), 2, "Fatal error: fatal at file2\n";
    talks_nonsense_between_files: "FAULT=garbage@file2" => Bad(1), 2,
        "Fatal error: the backend said what is no message";

    // In a file. By itself the daemon would keep what has come of it, and only warn.
    cannot_open_a_file: "FAULT=failed@open" => Bad(3), 3, "Fatal error: failed at open\n";
    cannot_read_on: "FAULT=failed@body" => Bad(3), 3, "Fatal error: failed at body\n";
    dies_in_a_file: "FAULT=die@body GRANDCHILD=1" => Bad(3), 3,
        "were:\nstand-in-backend: died at body\n";
    reports_in_a_file_that_all_is_lost: "FAULT=fatal@body" => Bad(3), 3,
        "Fatal error: fatal at body\n";
    talks_nonsense_in_a_file: "FAULT=garbage@body" => Bad(3), 3,
        "Fatal error: the backend said what is no message";
    dies_after_the_last_byte: "FAULT=die@last-byte" => Bad(3), 3,
        "Fatal error: the backend died in the middle of the job (exit status 3)";
    sends_less_than_it_says: "WRONG_LENGTH=1" => Bad(3), 3,
        "data/large.bin: 1000001 bytes were sent, 1000000 came\n";
    sends_more_than_it_says: "WRONG_LENGTH=-1" => Bad(3), 3,
        "data/large.bin: 999999 bytes were sent, 1000000 came\n";

    // After the last file.
    dies_before_the_state: "FAULT=die@state" => Bad(1), 4,
        "were:\nstand-in-backend: died at state\n";
    fails_at_the_end: "FAULT=failed@end" => Bad(1), 7, "Fatal error: failed at end\n";
    counts_wrong: "MISCOUNT=1" => Bad(1), 7, "Fatal error: the backend sent 5 files, 4 came\n";
    // What is no failure, or not of all.
    warns: "REPORTS=warning" => Good, 7, "Warning: a long warning";
    reports_an_error: "REPORTS=1" => Warned(1), 7, "Error: an error\nof two lines\n";
    has_state_alone: "NO_FILES=1" => Good, 3, "Backup OK";
    dies_when_all_is_over: "FAULT=die@finish" => Good, 7,
        "Warning: this host could not keep what the next incremental needs, which will be a full: \
         the backend died in the middle of the job (exit status 3)";
    fails_when_all_is_over: "FAULT=failed@finish" => Good, 7,
        "which will be a full: failed at finish\n";
    talks_nonsense_when_all_is_over: "FAULT=garbage@finish" => Good, 7,
        "which will be a full: the backend said what is no message";
    does_not_end_well: "BAD_DONE=1" => Good, 7, "which will be a full: the backend failed\n";
    does_not_know_sizes: "UNKNOWN_SIZE=1" => Good, 7, "Backup OK";
};

pub(crate) fn no_fault_of_a_backend_makes_a_good_backup(programs: &Programs) {
    let room = Room::start_rows(programs, ROWS);
    for row in ROWS {
        room.back_up(row);
    }
}
