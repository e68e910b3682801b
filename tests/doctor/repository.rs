//! Repositories that cannot be used, or hold what they should not.

use crate::Case;
use crate::patient::{Error, Patient, Report, Warning};
use fixtures::postgresql::PostgreSql;
use fixtures::{ScratchServer, Tmpfs, run};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

pub(crate) const CASES: &[Case] = &[
    ("repository", Error, &["there is no repository at /no/such/place", "mounted"], missing),
    ("repository-write", Error, &["Permission denied", "run as that user"], closed),
    ("repository-write", Error, &["Read-only file system"], read_only),
    ("repository-write", Error, &["No space left on device"], full),
    ("repository-space", Warning, &["another one does not fit", "Make room"], no_room),
    ("postgresql-first-backup-space", Warning, &["may not fit", "Make room"], no_room_at_all),
    ("repository-age", Warning, &["there is no backup yet"], never),
    ("repository-age", Warning, &["the newest backup is of 20"], long_ago),
    (
        "postgresql-other-cluster",
        Error,
        &["the backups of pg-main are of the cluster", "use a new target name"],
        other_cluster,
    ),
    (
        "postgresql-data-directory-foreign",
        Error,
        &["belongs to the cluster", "Is the server on another host"],
        foreign_directory,
    ),
    ("repository-backups", Warning, &["1 backup(s) cannot be restored", "seawall verify"], damaged),
];

fn check_in(patient: &Patient, repo: &str) -> Report {
    patient.check_at(&patient.lab.server.url(), &["--repo", repo])
}

fn missing(patient: &mut Patient) -> Report {
    let report = check_in(patient, "/no/such/place");
    // The server is looked at all the same.
    report.find("postgresql-connection", crate::Severity::Fine, &[]).unwrap();
    report
}

fn closed(patient: &mut Patient) -> Report {
    let repo = patient.lab.repo();
    fs::set_permissions(&repo, fs::Permissions::from_mode(0o555)).unwrap();
    // Its owner may always open it again: another user's is meant.
    std::os::unix::fs::chown(&repo, Some(0), Some(0)).unwrap();
    let report = patient.check();
    patient.lab.scratch.give(&repo);
    fs::set_permissions(&repo, fs::Permissions::from_mode(0o750)).unwrap();
    patient.check().find("repository-write", crate::Severity::Fine, &[]).unwrap();
    assert!(!repo.join("probes").exists());
    report
}

fn on_a_disk(patient: &Patient, name: &str, act: impl FnOnce(&Path, &str) -> Report) -> Report {
    let disk = Tmpfs::mount(&patient.lab.scratch, name, 40);
    let repo = disk.path().join("repo");
    let repo = repo.to_str().unwrap();
    patient.lab.run(&["init", "--repo", repo]).ok();
    act(disk.path(), repo)
}

fn read_only(patient: &mut Patient) -> Report {
    on_a_disk(patient, "ro", |disk, repo| {
        run(Command::new("mount").args(["-o", "remount,ro"]).arg(disk)).ok();
        check_in(patient, repo)
    })
}

/// Leaves so many bytes of a disk free.
fn fill(disk: &Path, leave: u64) {
    let free = system::free_bytes(disk).unwrap();
    let zeroes = vec![0; usize::try_from(free - leave).unwrap()];
    fs::write(disk.join("filler"), zeroes).unwrap();
}

fn full(patient: &mut Patient) -> Report {
    on_a_disk(patient, "full", |disk, repo| {
        fill(disk, 0);
        check_in(patient, repo)
    })
}

fn no_room(patient: &mut Patient) -> Report {
    on_a_disk(patient, "small", |disk, repo| {
        let words = ["backup", &patient.lab.server.url(), "--target", "pg-main", "--repo", repo];
        patient.lab.run(&words).ok();
        fill(disk, 1 << 20);
        check_in(patient, repo)
    })
}

fn no_room_at_all(patient: &mut Patient) -> Report {
    on_a_disk(patient, "tiny", |disk, repo| {
        fill(disk, 5 << 20);
        check_in(patient, repo)
    })
}

fn never(patient: &mut Patient) -> Report {
    patient.check_with("SEAWALL_MAX_BACKUP_AGE", "8d")
}

fn long_ago(patient: &mut Patient) -> Report {
    let _ = patient.lab.backup();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let fine = patient.check_with("SEAWALL_MAX_BACKUP_AGE", "8d");
    assert_eq!(fine.0.code(), 0, "{}", fine.0.stdout);
    patient.check_with("SEAWALL_MAX_BACKUP_AGE", "1s")
}

/// Another server, checked against the backups of the first.
fn other_cluster(patient: &mut Patient) -> Report {
    let mut reborn = PostgreSql::init(&patient.lab.scratch, "reborn", &[]);
    reborn.start();
    patient.check_at(&reborn.url(), &[])
}

fn foreign_directory(patient: &mut Patient) -> Report {
    let reborn = patient.lab.scratch.join("reborn");
    let set = format!("data_directory={}", reborn.display());
    patient.check_at(&patient.lab.server.url(), &["--set", &set])
}

fn damaged(patient: &mut Patient) -> Report {
    let links = patient.lab.objects("targets/pg-main/links");
    fs::write(links.first().unwrap(), "{}").unwrap();
    patient.check()
}
