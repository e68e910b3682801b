//! Servers whose log does not reach the repository.

use crate::Case;
use crate::patient::{Error, Patient, Report, Warning};
use fixtures::{Outcome, run};
use std::process::Command;

pub(crate) const CASES: &[Case] = &[
    ("postgresql-archive-command", Error, &["wal push %p --repo ", "--target pg-main"], empty),
    ("postgresql-archive-command", Warning, &["piles up"], empty_and_allowed),
    ("postgresql-archive-destination", Warning, &["not call this program"], another_program),
    ("postgresql-archive-destination", Warning, &["into /elsewhere"], another_repository),
    ("postgresql-archive-failing", Warning, &["failed with 00000001", "server's log"], failing),
    (
        "postgresql-archive-queue",
        Warning,
        &["files wait", "oldest is 00000001"],
        Patient::check_ref,
    ),
    ("postgresql-archive-lag-bytes", Warning, &["segments) ahead"], Patient::check_ref),
    ("postgresql-archive-lag-time", Warning, &["120 minutes ago", "archive_timeout"], old),
    ("postgresql-archive-lag-bytes", Warning, &["holds no log of it"], swallowed),
    ("postgresql-log-gap", Warning, &["2 segment(s) are missing", "seawall wal push"], gap),
];

impl Patient {
    fn check_ref(&mut self) -> Report {
        self.check()
    }

    /// What `check` says while another command archives.
    fn under(&mut self, command: &str, more: &[&str]) -> Report {
        let before = self.sql("SHOW archive_command");
        self.set("archive_command", command);
        let report = self.check_at(&fixtures::ScratchServer::url(&self.lab.server), more);
        self.set("archive_command", &before);
        report
    }
}

fn empty(patient: &mut Patient) -> Report {
    patient.under("", &[])
}

fn empty_and_allowed(patient: &mut Patient) -> Report {
    patient.under("", &["--set", "require_archiving=false"])
}

fn another_program(patient: &mut Patient) -> Report {
    patient.under("cp %p /no/such/archive/%f", &[])
}

fn another_repository(patient: &mut Patient) -> Report {
    let program = patient.lab.program();
    let command = format!("{} wal push %p --repo /elsewhere --target pg-main", program.display());
    patient.under(&command, &[])
}

/// The command that was there, while a failing one is.
fn ours(patient: &Patient) -> String {
    format!(
        "{} wal push %p --repo {} --target pg-main",
        patient.lab.program().display(),
        patient.lab.repo().display()
    )
}

/// Stays ill for the cases that follow.
fn failing(patient: &mut Patient) -> Report {
    patient.lab.archive();
    patient.set("archive_command", "false");
    patient.write_segments(6);
    patient.lab.server.wait_until(
        "SELECT failed_count > 0 AND last_failed_time > last_archived_time FROM pg_stat_archiver",
    );
    patient.check()
}

/// Heals the archiver; the newest segment is two hours old, and the server writes more.
fn old(patient: &mut Patient) -> Report {
    let newest = patient.sql(
        "SELECT max(replace(name, '.ready', '')) FROM pg_ls_dir('pg_wal/archive_status') AS name \
         WHERE name LIKE '%.ready'",
    );
    let path = patient.lab.server.data().join("pg_wal").join(&newest);
    run(Command::new("touch").args(["-d", "120 minutes ago"]).arg(path)).ok();
    let command = ours(patient);
    patient.set("archive_command", &command);
    let archived = format!("SELECT last_archived_wal = '{newest}' FROM pg_stat_archiver");
    patient.lab.server.wait_until(&archived);
    patient.sql("CREATE TABLE more AS SELECT generate_series(1, 5000)");
    patient.check()
}

/// A command that says yes and keeps nothing, and a repository that knows nothing of the server.
fn swallowed(patient: &mut Patient) -> Report {
    let other = patient.lab.scratch.join("other");
    let other = other.to_str().unwrap();
    patient.lab.run(&["init", "--repo", other]).ok();
    patient.check_at(&fixtures::ScratchServer::url(&patient.lab.server), &["--repo", other])
}

fn gap(patient: &mut Patient) -> Report {
    let _ = patient.lab.backup();
    patient.lab.archive();
    let before = patient.lab.objects("targets/pg-main/log").len();
    patient.lab.archive();
    patient.lab.archive();
    patient.lab.archive();
    let pieces = patient.lab.objects("targets/pg-main/log");
    assert_eq!(pieces.len(), before + 3);
    for piece in &pieces[before..before + 2] {
        std::fs::remove_file(piece).unwrap();
    }
    let report = patient.check();
    let Outcome { stdout, .. } = &report.0;
    assert!(stdout.contains(pieces[before].file_name().unwrap().to_str().unwrap()), "{stdout}");
    report
}
