//! MariaDB: backups of a real server, and restores of it.
//!
//! 10.11, Debian's, is always there. The other series is tested where `SEAWALL_TEST_LONG` is set and
//! `SEAWALL_TEST_MARIADB_11_8` names a directory with its `bin` and `sbin`; what was tested is printed.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

#[path = "../workload/random.rs"]
mod random;

mod chain;
mod check;
mod failures;
mod lab;
mod lineage;
mod places;
mod readme;
mod series;
mod server;
mod workload;
mod xtrabackup;

use fixtures::mariadb::Programs;
use std::io::Write;
use std::time::Instant;

/// Written past the test harness: which series were tested is part of the result.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "mariadb: {text}");
}

/// Programs of a series, if they are there and there is time for more than Debian's.
fn due(series: &str) -> Option<Programs> {
    let is_usual = series == fixtures::mariadb::DEBIAN;
    let is_due = is_usual || fixtures::is_long();
    Programs::of_series(series).filter(|_| is_due)
}

/// Runs a case on a series, if it is due.
fn on(series: &str, case: &str, run: fn(&Programs)) {
    let Some(programs) = due(series) else { return };
    let began = Instant::now();
    run(&programs);
    say(&format!("{series}: {case} in {:.1} s", began.elapsed().as_secs_f64()));
}

/// Each case on each series, as a test by itself, so that several run at a time.
macro_rules! cases {
    ($($room:ident: [$($case:ident),* $(,)?];)*) => {
        cases!(@ mariadb_10_11 "10.11" $($room [$($case)*])*);
        cases!(@ mariadb_11_8 "11.8" $($room [$($case)*])*);
    };
    (@ $name:ident $series:literal $($room:ident [$($case:ident)*])*) => {
        mod $name {
            #[test]
            fn is_told_to_be_tested_or_not() {
                match crate::due($series) {
                    Some(_) => crate::say(concat!($series, ": tested")),
                    None => crate::say(concat!($series, ": NOT TESTED")),
                }
            }

            $(mod $room {
                $(#[test]
                fn $case() {
                    crate::on($series, stringify!($case), crate::$room::$case);
                })*
            })*
        }
    };
}

cases! {
    server: [
        the_tool_backs_up_the_workload_and_its_backup_is_consistent,
        the_workload_goes_on_where_it_was_stopped_and_ends_with_its_server,
    ];
    chain: [
        a_full_and_three_increments_come_back_as_they_were,
        a_differential_continues_the_full_and_not_the_increment_before_it,
        a_quiet_server_gives_increments_that_begin_where_they_end,
        a_strict_increment_of_a_log_that_stood_still_holds_nothing,
    ];
    lineage: [
        a_server_that_was_set_back_and_written_on_becomes_a_full,
        or_it_fails_where_the_operator_wants_that,
        the_first_increment_of_all_is_a_full_and_says_so,
        a_server_whose_binlogs_began_anew_becomes_a_full,
    ];
    places: [
        tables_from_elsewhere_come_back_inside_and_the_originals_are_left_alone,
    ];
    series: [
        files_are_called_as_the_series_calls_them,
        a_tool_of_another_series_is_refused,
    ];
}
