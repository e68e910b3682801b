//! Failures on the server's side.

use crate::PROGRAM;
use fixtures::postgresql::PostgreSql;
use fixtures::{Lab, Outcome, ScratchServer, run};
use std::fs;
use std::path::Path;

/// Runs a backup as a user of the database.
fn backup_as(lab: &Lab, user: &str, password: Option<&str>) -> Outcome {
    let url = format!("postgresql://{user}@127.0.0.1:{}", lab.server.port());
    let mut command = lab.command(&["backup", &url, "--target", "pg-main"]);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    run(&mut command)
}

fn backup(lab: &Lab, more: &[&str]) -> Outcome {
    let url = lab.server.url();
    let mut words = vec!["backup", &url, "--target", "pg-main"];
    words.extend(more);
    lab.run(&words)
}

fn with_passwords() -> Lab {
    let lab = Lab::new(PROGRAM);
    lab.server.sql("CREATE ROLE app LOGIN SUPERUSER PASSWORD 'right'");
    lab.server.allow("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
    lab.server.reload();
    lab
}

pub(crate) fn wrong_password() -> Outcome {
    let lab = with_passwords();
    let right = backup_as(&lab, "app", Some("right"));
    assert_eq!(right.code(), 0, "{}", right.stderr);
    let wrong = backup_as(&lab, "app", Some("wrong-and-secret"));
    assert!(!wrong.stderr.contains("wrong-and-secret"));
    wrong
}

pub(crate) fn no_password() -> Outcome {
    backup_as(&with_passwords(), "app", None)
}

pub(crate) fn server_down() -> Outcome {
    let mut lab = Lab::new(PROGRAM);
    lab.server.stop();
    backup(&lab, &[])
}

pub(crate) fn not_a_superuser() -> Outcome {
    let lab = Lab::new(PROGRAM);
    lab.server.sql("CREATE ROLE limited LOGIN");
    let refused = backup_as(&lab, "limited", None);
    // What the hints say is enough.
    let grants = refused.stderr.lines().filter_map(|line| line.strip_prefix("hint: GRANT"));
    for grant in grants {
        lab.server.sql(&format!("GRANT{grant}"));
    }
    let granted = backup_as(&lab, "limited", None);
    assert_eq!(granted.code(), 0, "{}", granted.stderr);
    refused
}

pub(crate) fn files_unreadable() -> Outcome {
    let lab = Lab::new(PROGRAM);
    let theirs = lab.scratch.make_dir("theirs");
    fs::set_permissions(&theirs, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let repo = theirs.join("repo");
    let repo = repo.to_str().unwrap();
    run(&mut lab.command_as("nobody", &["init", "--repo", repo])).ok();
    let words = ["backup", &lab.server.url(), "--repo", repo];
    run(&mut lab.command_as("nobody", &words))
}

pub(crate) fn archiving_off() -> Outcome {
    let mut lab = Lab::new(PROGRAM);
    lab.server.configure("archive_mode = off\n");
    lab.server.stop();
    lab.server.start();
    let allowed = backup(&lab, &["--set", "require_archiving=false"]);
    assert_eq!(allowed.code(), 0, "{}", allowed.stderr);
    backup(&lab, &[])
}

pub(crate) fn data_directory_of_another_cluster() -> Outcome {
    let lab = Lab::new(PROGRAM);
    let other = PostgreSql::init(&lab.scratch, "other", &[]);
    backup(&lab, &["--set", &format!("data_directory={}", other.data().display())])
}

pub(crate) fn data_directory_is_a_copy() -> Outcome {
    let mut lab = Lab::new(PROGRAM);
    lab.server.stop();
    let copy = lab.scratch.join("copy");
    copy_tree(lab.server.data(), &copy);
    lab.server.start();
    backup(&lab, &["--set", &format!("data_directory={}", copy.display())])
}

fn copy_tree(from: &Path, to: &Path) {
    run(std::process::Command::new("cp").arg("-a").arg(from).arg(to)).ok();
}

pub(crate) fn data_directory_elsewhere() -> Outcome {
    backup(&Lab::new(PROGRAM), &["--set", "data_directory=/srv/of/another/host"])
}

/// Nobody archives its log into the target that it is backed up as. That is refused, and may be
/// allowed; and there is no need where the standby itself always archives.
pub(crate) fn a_standby() -> Outcome {
    let mut lab = Lab::new(PROGRAM);
    lab.server.stop();
    fs::write(lab.server.data().join("standby.signal"), "").unwrap();
    lab.server.start();
    let url = lab.server.url();
    let words = ["backup", &url, "--target", "elsewhere", "--set", "require_archiving=false"];
    let refused = lab.run(&words[..4]);
    let allowed = lab.run(&words);
    assert_eq!(allowed.code(), 0, "{}", allowed.stderr);
    // What a backup itself has put there is no archive.
    let again = lab.run(&words[..4]);
    assert_eq!(again.code(), 23, "{}", again.stderr);
    // The lab's own target has what the server archived before.
    let archived = backup(&lab, &[]);
    assert_eq!(archived.code(), 0, "{}", archived.stderr);
    lab.server.configure("archive_mode = always\n");
    lab.server.stop();
    lab.server.start();
    let always = lab.run(&words[..4]);
    assert_eq!(always.code(), 0, "{}", always.stderr);
    refused
}

pub(crate) fn changed_system_identifier() -> Outcome {
    let mut lab = Lab::new(PROGRAM);
    let _ = lab.backup();
    lab.server.stop();
    lab.server = PostgreSql::init(&lab.scratch, "reborn", &[]);
    let command = format!(
        "{} wal push %p --repo {} --target pg-main",
        lab.program().display(),
        lab.repo().display()
    );
    lab.server.configure(&format!("archive_mode = on\narchive_command = '{command}'\n"));
    lab.server.start();
    // Its archiver is refused too, so that the old log stays what it is.
    lab.server.sql("SELECT pg_create_restore_point('x'), pg_switch_wal()");
    lab.server.wait_until("SELECT failed_count > 0 FROM pg_stat_archiver");
    assert!(lab.server.log().contains("this is the cluster"), "{}", lab.server.log());
    backup(&lab, &[])
}

pub(crate) fn incremental() -> Outcome {
    backup(&Lab::new(PROGRAM), &["--level", "incremental"])
}
