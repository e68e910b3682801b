//! Every supported major: backed up while it is written to, and brought back.
//!
//! 15 is always there. Others are tested where `SEAWALL_TEST_MAJORS` names a directory with
//! `<major>/bin/{initdb,pg_ctl,postgres}`; what was not there is printed.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod again;
mod house;
mod manifest;
mod missed;
mod points;

use fixtures::postgresql::Programs;
use std::io::Write;
use std::time::Instant;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_seawall");
/// What it claims to support.
const MAJORS: std::ops::RangeInclusive<u16> = 10..=18;

/// Written past the test harness: which majors were tested is part of the result.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "majors: {text}");
}

/// Runs a test on a major, if it is there.
fn on(major: u16, what: &str, test: impl FnOnce(u16, Programs)) {
    let Some(programs) = Programs::of_major(major) else { return };
    let began = Instant::now();
    test(major, programs);
    say(&format!("PostgreSQL {major}: {what} in {:.1} s", began.elapsed().as_secs_f64()));
}

/// Says what was tested, and what was not: a run without other majors looks the same otherwise.
fn say_what_is_there() {
    let (there, missing): (Vec<u16>, Vec<u16>) =
        MAJORS.partition(|major| Programs::of_major(*major).is_some());
    say(&format!("tested on {there:?}"));
    if !missing.is_empty() {
        say(&format!("NOT TESTED on {missing:?}: not in SEAWALL_TEST_MAJORS"));
    }
}

/// Tests of each major by themselves, so that several run at a time.
macro_rules! majors {
    ($($name:ident: $major:literal,)*) => {
        $(mod $name {
            #[test]
            fn a_dropped_table_comes_back() {
                crate::on($major, "to a time, to an LSN, to the end of the log", crate::points::run);
            }

            #[test]
            fn a_recovered_server_is_backed_up_and_comes_back() {
                if fixtures::postgresql::is_due($major, &[11, 18]) {
                    crate::on($major, "a recovery after a recovery", crate::again::run);
                }
            }

            #[test]
            fn a_time_that_no_commit_follows() {
                if fixtures::postgresql::is_due($major, &[11]) {
                    crate::on($major, "a time that no commit follows", crate::missed::run);
                }
            }
        })*

        #[test]
        fn no_major_is_forgotten() {
            say_what_is_there();
            assert_eq!(vec![$($major),*], MAJORS.collect::<Vec<u16>>());
        }
    };
}

majors! {
    postgresql_10: 10,
    postgresql_11: 11,
    postgresql_12: 12,
    postgresql_13: 13,
    postgresql_14: 14,
    postgresql_15: 15,
    postgresql_16: 16,
    postgresql_17: 17,
    postgresql_18: 18,
}
