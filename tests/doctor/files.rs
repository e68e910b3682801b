//! Data directories and tablespaces.

use crate::Case;
use crate::patient::{Error, Fine, Patient, Report, Warning};
use fixtures::ScratchServer;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

pub(crate) const CASES: &[Case] = &[
    (
        "postgresql-data-directory",
        Error,
        &[
            "no data directory /srv/of/another/host on this host",
            "Run Seawall on the server's host",
        ],
        elsewhere,
    ),
    ("postgresql-data-directory", Error, &["cannot be read by the user nobody"], by_nobody),
    (
        "postgresql-data-unreadable",
        Error,
        &["the user postgres cannot read in", "server.key", "chown postgres"],
        unreadable,
    ),
    (
        "postgresql-tablespace-missing",
        Error,
        &["is missing: there is no", "Mount the disk"],
        tablespace_missing,
    ),
    (
        "postgresql-tablespace-unreadable",
        Error,
        &["the user postgres cannot read", "chown -R postgres"],
        tablespace_unreadable,
    ),
    ("postgresql-tablespace-missing", Error, &["is missing"], both_tablespaces),
    ("postgresql-links", Warning, &["notes -> ", "not in the backup"], link),
    ("postgresql-backup-label", Warning, &["while the server runs", "rm '"], label),
    (
        "postgresql-configuration-outside",
        Warning,
        &["extra.conf", "Let the user that takes the backups read it"],
        configuration,
    ),
];

fn elsewhere(patient: &mut Patient) -> Report {
    let words = ["--set", "data_directory=/srv/of/another/host"];
    patient.check_at(&patient.lab.server.url(), &words)
}

fn by_nobody(patient: &mut Patient) -> Report {
    let words = ["check", &patient.lab.server.url(), "--target", "pg-main", "--output", "json"];
    Report(fixtures::run(&mut patient.lab.command_as("nobody", &words)))
}

fn close(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn unreadable(patient: &mut Patient) -> Report {
    let key = patient.lab.server.data().join("server.key");
    fs::write(&key, "key").unwrap();
    close(&key, 0);
    let report = patient.check();
    fs::remove_file(key).unwrap();
    report
}

/// Two tablespaces, the same for all cases.
fn spaces(patient: &Patient) -> [std::path::PathBuf; 2] {
    ["space_a", "space_b"].map(|name| {
        let path = patient.lab.scratch.join(name);
        if !path.exists() {
            let _ = patient.lab.scratch.make_dir(name);
            patient.sql(&format!("CREATE TABLESPACE {name} LOCATION '{}'", path.display()));
        }
        path
    })
}

fn tablespace_missing(patient: &mut Patient) -> Report {
    let [first, _] = spaces(patient);
    let aside = first.with_extension("aside");
    fs::rename(&first, &aside).unwrap();
    let report = patient.check();
    fs::rename(&aside, &first).unwrap();
    report
}

fn tablespace_unreadable(patient: &mut Patient) -> Report {
    let [first, _] = spaces(patient);
    close(&first, 0);
    let report = patient.check();
    close(&first, 0o700);
    report
}

/// One that is missing does not hide another that is closed.
fn both_tablespaces(patient: &mut Patient) -> Report {
    let [first, second] = spaces(patient);
    close(&first, 0);
    let aside = second.with_extension("aside");
    fs::rename(&second, &aside).unwrap();
    let report = patient.check();
    report.find("postgresql-tablespace-unreadable", Error, &["space_a"]).unwrap();
    fs::rename(&aside, &second).unwrap();
    close(&first, 0o700);
    patient.check().find("postgresql-tablespace-missing", Fine, &["2 "]).unwrap();
    report
}

fn link(patient: &mut Patient) -> Report {
    let outside = patient.lab.scratch.make_dir("outside");
    let link = patient.lab.server.data().join("notes");
    symlink(outside, &link).unwrap();
    let report = patient.check();
    fs::remove_file(link).unwrap();
    report
}

fn label(patient: &mut Patient) -> Report {
    let label = patient.lab.server.data().join("backup_label");
    fs::write(&label, "START WAL LOCATION: 0/2000028\n").unwrap();
    let report = patient.check();
    fs::remove_file(label).unwrap();
    report
}

fn configuration(patient: &mut Patient) -> Report {
    let extra = patient.lab.scratch.join("extra.conf");
    fs::write(&extra, "work_mem = '5MB'\n").unwrap();
    patient.lab.server.configure(&format!("include = '{}'\n", extra.display()));
    patient.lab.server.reload();
    patient.lab.server.wait_until("current_setting('work_mem') = '5MB'");
    let fine = patient.check();
    fine.find("postgresql-configuration-outside", Fine, &["a backup takes", "extra.conf"]).unwrap();
    close(&extra, 0o000);
    patient.check()
}
