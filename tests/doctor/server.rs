//! Settings and roles; the last cases restart the server and leave it ill.

use crate::Case;
use crate::patient::{Error, Fine, Patient, Report, Warning};
use fixtures::{ScratchServer, run};
use std::fs;

pub(crate) const CASES: &[Case] = &[
    ("postgresql-fsync", Warning, &["fsync is off", "ALTER SYSTEM SET fsync = on"], fsync),
    (
        "postgresql-full-page-writes",
        Warning,
        &["full_page_writes is off", "ALTER SYSTEM SET full_page_writes = on"],
        full_page_writes,
    ),
    ("postgresql-role", Fine, &["the server is a standby"], standby),
    ("postgresql-wal-level", Error, &["wal_level is minimal", "restart"], minimal),
    ("postgresql-archive-mode", Error, &["archive_mode is off", "restart"], Patient::again),
    ("postgresql-data-checksums", Warning, &["pg_checksums --enable"], Patient::again),
    ("postgresql-connection", Error, &["no connection to", "Is the server running"], down),
];

impl Patient {
    fn again(&mut self) -> Report {
        self.check()
    }
}

fn fsync(patient: &mut Patient) -> Report {
    switched_off(patient, "fsync")
}

fn full_page_writes(patient: &mut Patient) -> Report {
    switched_off(patient, "full_page_writes")
}

fn switched_off(patient: &mut Patient, name: &str) -> Report {
    patient.set(name, "off");
    let report = patient.check();
    patient.set(name, "on");
    report
}

fn standby(patient: &mut Patient) -> Report {
    patient.lab.server.stop();
    let signal = patient.lab.server.data().join("standby.signal");
    fs::write(&signal, "").unwrap();
    patient.lab.server.start();
    let report = patient.check();
    patient.lab.server.stop();
    fs::remove_file(signal).unwrap();
    patient.lab.server.start();
    report
}

/// All that needs a restart at once.
fn minimal(patient: &mut Patient) -> Report {
    patient.lab.server.stop();
    let mut checksums = patient.lab.server.programs().command("pg_checksums");
    run(checksums.args(["--disable", "-D"]).arg(patient.lab.server.data())).ok();
    patient.lab.server.configure("wal_level = minimal\nmax_wal_senders = 0\narchive_mode = off\n");
    patient.lab.server.start();
    patient.check()
}

fn down(patient: &mut Patient) -> Report {
    patient.restart();
    patient.lab.server.stop();
    patient.check()
}
