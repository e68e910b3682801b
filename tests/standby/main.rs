//! Backups of a standby, which never ask its primary: while that is written to, is quiet, is behind,
//! is gone.
//!
//! 15 is always there. Others are tested where `SEAWALL_TEST_MAJORS` names a directory with
//! `<major>/bin/{initdb,pg_ctl,postgres}`.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod copies;
mod faults;
mod pair;
mod quiet;

use fixtures::postgresql::{PostgreSql, Programs};
use std::io::Write;
use std::time::Instant;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_seawall");
/// The major whose stock tools are there.
const STOCK: u16 = 15;

/// Runs a test on a major, if it is there, and says so past the test harness.
fn on(major: u16, what: &str, test: impl FnOnce(u16, Programs)) {
    let Some(programs) = Programs::of_major(major) else {
        let _ = writeln!(std::io::stderr(), "standby: NOT TESTED on {major}: {what}");
        return;
    };
    let began = Instant::now();
    test(major, programs);
    let seconds = began.elapsed().as_secs_f64();
    let _ = writeln!(std::io::stderr(), "standby: PostgreSQL {major}: {what} in {seconds:.1} s");
}

/// All rows that the tests write, as one text.
fn rows(server: &PostgreSql) -> String {
    server.sql(
        "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' ORDER BY n)), '') FROM t",
    )
}

macro_rules! majors {
    ($($name:ident: $major:literal,)*) => {
        $(mod $name {
            #[test]
            fn while_its_primary_is_written_to() {
                if fixtures::postgresql::is_due($major, &[15, 18]) {
                    crate::on($major, "while its primary is written to", crate::copies::written_to);
                }
            }

            #[test]
            fn a_quiet_primary_need_not_end_its_segment() {
                if fixtures::postgresql::is_due($major, &[11, 14, 15, 17]) {
                    crate::on($major, "a quiet primary", crate::quiet::run);
                }
            }
        })*
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
