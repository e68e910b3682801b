//! Whatever goes wrong makes a bad job, and says why: the daemons take most failures for success. Only
//! where the backup is whole and the daemon has said so, a warning has to do.
//!
//! | file | what goes wrong |
//! |---|---|
//! | `backups`, `restores` | a stand-in for the backend has every fault on command |
//! | `silence` | it says nothing any more |
//! | `programs` | what is configured is no backend |
//! | `lines` | the plugin line, with the real program |
//! | `server` | the server or the real program, in the middle of a backup |
//! | `surroundings` | nothing: what a backend inherits, and what it leaves |
//!
//! After every bad job the daemon lives, no process is left, and the next job is good.

mod backups;
mod lines;
mod programs;
mod restores;
mod room;
mod row;
mod server;
mod silence;
mod surroundings;

pub(crate) use backups::no_fault_of_a_backend_makes_a_good_backup;
pub(crate) use lines::no_wrong_line_makes_a_good_backup;
pub(crate) use programs::no_wrong_program_makes_a_good_backup;
pub(crate) use restores::no_fault_of_a_backend_makes_a_good_restore;
pub(crate) use server::no_lost_server_makes_a_good_backup;
pub(crate) use silence::a_backend_that_is_silent_makes_a_bad_job;
pub(crate) use surroundings::a_backend_inherits_nothing_and_leaves_nothing;
