//! Versions: too old ones, and those with known defects.

use crate::patient::{Error, Patient, Report, Warning};
use crate::{Case, PROGRAM, say};
use fixtures::Lab;
use fixtures::postgresql::Programs;

pub(crate) const CASES: &[Case] = &[
    ("postgresql-version", Error, &["the server is PostgreSQL 9", "Supported are 10 to"], too_old),
    (
        "postgresql-version-defects",
        Warning,
        &["summarize_wal is on", "Install 17.11 or later"],
        summaries,
    ),
];

/// A database in which the server says that it is another version.
fn too_old(patient: &mut Patient) -> Report {
    patient.sql("CREATE DATABASE antique");
    let session = patient.lab.server.session("antique");
    session.text("ALTER FUNCTION pg_catalog.current_setting(text) RENAME TO true_setting");
    session.text(
        "CREATE FUNCTION pg_catalog.current_setting(text) RETURNS text LANGUAGE sql AS \
         $$SELECT CASE $1 WHEN 'server_version_num' THEN '90624' \
           ELSE pg_catalog.true_setting($1) END$$",
    );
    let url = format!("postgresql://postgres@127.0.0.1:{}/antique", patient.lab.server.port());
    patient.check_at(&url, &[])
}

/// A real 17.10 where there is one; otherwise what is known of it.
fn summaries(patient: &mut Patient) -> Report {
    let Some(programs) = Programs::of_major(17) else {
        say("NOT TESTED on PostgreSQL 17: not in SEAWALL_TEST_MAJORS");
        return known(patient);
    };
    let settings = "fsync = on\nmax_replication_slots = 2\nsummarize_wal = on\n";
    let ill = Patient { lab: Lab::of(programs, PROGRAM, &["--wal-segsize=1"], settings) };
    if ill.sql("SELECT current_setting('server_version_num')::int >= 170011") == "t" {
        say("NOT TESTED on PostgreSQL 17: this one is mended");
        return known(patient);
    }
    ill.check()
}

/// The finding as it would be, without a server.
fn known(patient: &Patient) -> Report {
    let defects = engine_postgresql::defects(170_010, true);
    let (text, hint) = defects.first().unwrap();
    let mut report = patient.check();
    report.0.status = std::os::unix::process::ExitStatusExt::from_raw(1 << 8);
    report.0.stdout = serde_json::json!({"items": [{
        "id": "postgresql-version-defects", "severity": "warning", "text": text, "hints": [hint],
    }]})
    .to_string();
    report
}

/// Nothing to complain of on a healthy server, and the hints on rights are those of the major.
pub(crate) fn of_major(major: u16) {
    let Some(programs) = Programs::of_major(major) else {
        return say(&format!("NOT TESTED on PostgreSQL {major}: not in SEAWALL_TEST_MAJORS"));
    };
    let patient = Patient { lab: Lab::of(programs, PROGRAM, &[], "fsync = on\n") };
    let report = patient.check();
    assert_eq!(report.0.code(), 0, "{major}: {}", report.0.stdout);
    patient.sql("CREATE ROLE limited LOGIN");
    let url = format!("postgresql://limited@127.0.0.1:{}", patient.lab.server.port());
    let ill = patient.check_at(&url, &[]);
    for id in ["start", "stop", "settings"] {
        ill.find(&format!("postgresql-grant-{id}"), Error, &["GRANT "]).unwrap();
    }
    for item in ill.items() {
        for hint in item["hints"].as_array().unwrap() {
            let hint = hint.as_str().unwrap();
            if hint.contains(" limited") {
                patient.sql(hint);
            }
        }
    }
    let healed = patient.check_at(&url, &[]);
    assert_eq!(healed.0.code(), 0, "{major}: {}", healed.0.stdout);
    say(&format!("PostgreSQL {major}: {} findings, all of them ok", report.items().len()));
}
