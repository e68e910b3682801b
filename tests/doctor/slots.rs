//! Replication slots.

use crate::Case;
use crate::patient::{Patient, Report, Warning};

pub(crate) const CASES: &[Case] = &[
    (
        "postgresql-slot-lost",
        Warning,
        &["gone or about to go: behind (lost)", "pg_drop_replication_slot('behind')"],
        lost,
    ),
    (
        "postgresql-slot-retains",
        Warning,
        &["more than max_wal_size: idle (", "pg_drop_replication_slot('idle')"],
        retains,
    ),
    ("postgresql-slots-free", Warning, &["2 of 2", "max_replication_slots = 7"], all_taken),
];

fn slot(patient: &Patient, name: &str) {
    patient.sql(&format!("SELECT pg_create_physical_replication_slot('{name}', true)"));
}

fn drop_slot(patient: &Patient, name: &str) {
    patient.sql(&format!("SELECT pg_drop_replication_slot('{name}')"));
}

fn lost(patient: &mut Patient) -> Report {
    slot(patient, "behind");
    patient.set("max_slot_wal_keep_size", "1MB");
    patient.write_segments(4);
    patient.sql("CHECKPOINT");
    let report = patient.check();
    drop_slot(patient, "behind");
    patient.set("max_slot_wal_keep_size", "-1");
    report
}

fn retains(patient: &mut Patient) -> Report {
    slot(patient, "idle");
    patient.set("max_wal_size", "2MB");
    patient.write_segments(4);
    let report = patient.check();
    drop_slot(patient, "idle");
    patient.set("max_wal_size", "1GB");
    report
}

fn all_taken(patient: &mut Patient) -> Report {
    slot(patient, "one");
    slot(patient, "two");
    let report = patient.check();
    drop_slot(patient, "one");
    drop_slot(patient, "two");
    report
}
