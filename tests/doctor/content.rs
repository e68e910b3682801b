//! Rights, clocks, and what the databases hold.

use crate::Case;
use crate::patient::{Error, Fine, Patient, Report, Severity, Warning};
use fixtures::ScratchServer;

pub(crate) const CASES: &[Case] = &[
    (
        "postgresql-grant-start",
        Error,
        &[
            "may not call pg_backup_start",
            "GRANT EXECUTE ON FUNCTION pg_backup_start(text, boolean) TO limited;",
        ],
        limited,
    ),
    (
        "postgresql-grant-stop",
        Error,
        &["GRANT EXECUTE ON FUNCTION pg_backup_stop(boolean) TO limited;"],
        limited,
    ),
    ("postgresql-grant-settings", Error, &["GRANT pg_read_all_settings TO limited;"], limited),
    ("postgresql-replication-right", Warning, &["ALTER ROLE limited REPLICATION;"], limited),
    ("postgresql-grant-start", Fine, &["limited may call"], granted),
    ("postgresql-clock", Warning, &["s ahead of this host's", "time service"], clock),
    (
        "postgresql-prepared-transactions",
        Warning,
        &["older than a day: forgotten", "ROLLBACK PREPARED 'forgotten'"],
        prepared,
    ),
    (
        "postgresql-collation-database",
        Warning,
        &["under the databases orders", "ALTER DATABASE orders REFRESH COLLATION VERSION"],
        collation_of_a_database,
    ),
    (
        "postgresql-collation",
        Warning,
        &["under the collations public.german", "ALTER COLLATION public.german REFRESH VERSION;"],
        collation,
    ),
    ("postgresql-unlogged-tables", Fine, &["come back empty: public.quick"], unlogged),
];

fn url(patient: &Patient, user: &str, database: &str) -> String {
    format!("postgresql://{user}@127.0.0.1:{}/{database}", patient.lab.server.port())
}

fn limited(patient: &mut Patient) -> Report {
    if patient.sql("SELECT count(*) FROM pg_roles WHERE rolname = 'limited'") == "0" {
        patient.sql("CREATE ROLE limited LOGIN");
    }
    patient.check_at(&url(patient, "limited", "postgres"), &[])
}

/// What the hints say is enough.
fn granted(patient: &mut Patient) -> Report {
    let ill = limited(patient);
    for item in ill.items() {
        for hint in item["hints"].as_array().unwrap() {
            let hint = hint.as_str().unwrap();
            if hint.contains(" limited") {
                patient.sql(hint);
            }
        }
    }
    let report = limited(patient);
    assert_eq!(report.0.code(), 0, "{}", report.0.stdout);
    report
}

/// A database whose clock is two days ahead.
fn ahead(patient: &Patient) -> Report {
    if patient.sql("SELECT count(*) FROM pg_database WHERE datname = 'ahead'") == "0" {
        patient.sql("CREATE DATABASE ahead");
        let session = patient.lab.server.session("ahead");
        session.text("ALTER FUNCTION pg_catalog.clock_timestamp() RENAME TO true_clock");
        session.text(
            "CREATE FUNCTION pg_catalog.clock_timestamp() RETURNS timestamptz LANGUAGE sql \
             AS 'SELECT pg_catalog.true_clock() + interval ''2 days'''",
        );
    }
    patient.check_at(&url(patient, "postgres", "ahead"), &[])
}

fn clock(patient: &mut Patient) -> Report {
    ahead(patient)
}

fn prepared(patient: &mut Patient) -> Report {
    patient.sql("BEGIN; CREATE TABLE half (n int); PREPARE TRANSACTION 'forgotten'");
    let young = patient.check().find("postgresql-prepared-transactions", Fine, &[]);
    young.unwrap();
    let report = ahead(patient);
    patient.sql("ROLLBACK PREPARED 'forgotten'");
    report
}

fn collation_of_a_database(patient: &mut Patient) -> Report {
    patient.sql(
        "CREATE DATABASE orders TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C'",
    );
    still(patient, "postgresql-collation-database", Fine);
    patient.sql("UPDATE pg_database SET datcollversion = '1.0' WHERE datname = 'orders'");
    let report = patient.check();
    patient.sql("DROP DATABASE orders");
    report
}

fn collation(patient: &mut Patient) -> Report {
    patient.sql("CREATE COLLATION german (provider = icu, locale = 'de')");
    still(patient, "postgresql-collation", Fine);
    patient.sql("UPDATE pg_collation SET collversion = '1.0' WHERE collname = 'german'");
    let report = patient.check();
    patient.sql("DROP COLLATION german");
    report
}

fn still(patient: &Patient, id: &str, severity: Severity) {
    patient.check().find(id, severity, &[]).unwrap();
}

fn unlogged(patient: &mut Patient) -> Report {
    patient.sql("CREATE UNLOGGED TABLE quick (n int)");
    let report = patient.check_at(&patient.lab.server.url(), &[]);
    // It is told, and no reason to worry.
    assert_eq!(report.0.code(), 0, "{}", report.0.stdout);
    patient.sql("DROP TABLE quick");
    report
}
