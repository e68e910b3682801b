//! The plugin in Bacula's own daemons, on loopback, with real database servers.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod ended;
mod loud;
mod mariadb;
mod postgresql;
mod stage;

use fixtures::bacula::Programs;

/// One test per version of the daemons.
macro_rules! on_each_version {
    ($($name:ident in $room:ident;)*) => {
        mod bacula_9_6 {
            use super::*;
            $(#[test]
            fn $name() {
                $room::$name(&Programs::usual());
            })*
        }

        mod bacula_15 {
            use super::*;
            $(#[test]
            fn $name() {
                if !fixtures::is_long() {
                    return;
                }
                match Programs::of_15() {
                    Some(programs) => $room::$name(&programs),
                    None => eprintln!("not tested: Bacula 15"),
                }
            })*
        }
    };
}

on_each_version! {
    a_backup_that_ends_in_any_phase_leaves_nothing in ended;
    a_restore_that_is_cancelled_makes_no_server in ended;
    a_chain_goes_there_and_back in postgresql;
    the_original_place_and_a_moment_are_chosen in postgresql;
    operators_see_what_would_be_saved in postgresql;
    without_the_plugin_files_are_plain in postgresql;
    two_jobs_and_two_targets_at_once in postgresql;
    no_fault_of_a_backend_makes_a_good_backup in loud;
    no_fault_of_a_backend_makes_a_good_restore in loud;
    a_backend_that_is_silent_makes_a_bad_job in loud;
    no_wrong_program_makes_a_good_backup in loud;
    no_wrong_line_makes_a_good_backup in loud;
    no_lost_server_makes_a_good_backup in loud;
    a_backend_inherits_nothing_and_leaves_nothing in loud;
    a_chain_goes_on_after_a_failure_and_begins_anew_after_a_loss in mariadb;
    several_targets_come_back_together_and_alone in mariadb;
    whoever_is_ended_leaves_nothing_on_the_host in mariadb;
    xtrabackups_trees_come_back_and_a_tool_that_hangs_goes in mariadb;
    trees_come_back_of_every_shape_and_streams_without_the_plugin in mariadb;
}
