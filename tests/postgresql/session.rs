//! The one session of a backup: what it survives, and what ends it.

use crate::PROGRAM;
use fixtures::{Lab, ScratchServer};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Spread checkpoints, so that the start of a backup takes seconds.
const SLOW: &str =
    "checkpoint_timeout = 30s\ncheckpoint_completion_target = 0.2\nbgwriter_lru_maxpages = 0\n";

fn slow_lab() -> Lab {
    let lab = Lab::with(PROGRAM, &[], SLOW);
    lab.server
        .sql("CREATE TABLE ballast AS SELECT g, repeat('x', 1000) FROM generate_series(1, 8000) g");
    lab
}

fn begin_slowly(lab: &Lab) -> Child {
    let url = lab.server.url();
    let words = ["backup", &url, "--target", "pg-main", "--set", "start_fast=false"];
    lab.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn wait_for(lab: &Lab, question: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while lab.server.sql(question) != "t" {
        assert!(Instant::now() < deadline, "never: {question}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

const STARTING: &str = "SELECT count(*) > 0 FROM pg_stat_activity \
    WHERE application_name = 'seawall' AND query LIKE '%pg_backup_start%' AND state = 'active'";

#[test]
fn timeouts_and_search_paths_for_people_do_not_reach_it() {
    let lab = slow_lab();
    lab.server.sql(
        "CREATE SCHEMA evil;
         CREATE FUNCTION evil.pg_is_in_recovery() RETURNS bool LANGUAGE sql AS 'SELECT true';
         ALTER ROLE postgres SET search_path = evil, pg_catalog;
         ALTER ROLE postgres SET statement_timeout = '300ms';
         ALTER ROLE postgres SET lock_timeout = '300ms';
         ALTER ROLE postgres SET idle_session_timeout = '300ms'",
    );
    let began = Instant::now();
    let output = begin_slowly(&lab).wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(began.elapsed() > Duration::from_secs(1), "the start took no time: nothing was proven");
}

#[test]
fn a_session_that_the_server_ends_fails_the_backup() {
    let lab = slow_lab();
    let child = begin_slowly(&lab);
    wait_for(&lab, STARTING);
    lab.server.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'seawall'",
    );
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(output.status.code(), Some(20 | 26)), "{}: {said}", output.status);
    assert!(lab.run(&["list"]).out().contains("no backups yet"));
    assert!(lab.objects("targets/pg-main/jobs").is_empty());
}

#[test]
fn a_signal_ends_it_in_order_and_leaves_nothing_on_the_server() {
    let lab = slow_lab();
    let child = begin_slowly(&lab);
    wait_for(&lab, STARTING);
    let pid = child.id().to_string();
    fixtures::run(std::process::Command::new("kill").args(["-INT", &pid])).ok();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(63), "{said}");
    assert!(said.contains("SIGINT"), "{said}");
    assert!(lab.objects("targets/pg-main/jobs").is_empty() && lab.objects("locks").is_empty());
    wait_for(&lab, "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'seawall'");
    assert_eq!(lab.server.sql("SELECT count(*) FROM pg_replication_slots"), "0");
}

#[test]
fn a_role_has_the_rights_that_the_user_lacks() {
    let lab = Lab::new(PROGRAM);
    // Rights that are not inherited, and a name that only a quoted identifier can be.
    lab.server.sql(
        "CREATE ROLE \"Backup \"\"role\"\"; --\";
         GRANT pg_read_all_settings TO \"Backup \"\"role\"\"; --\";
         GRANT EXECUTE ON FUNCTION pg_backup_start(text, boolean) TO \"Backup \"\"role\"\"; --\";
         GRANT EXECUTE ON FUNCTION pg_backup_stop(boolean) TO \"Backup \"\"role\"\"; --\";
         GRANT EXECUTE ON FUNCTION pg_switch_wal() TO \"Backup \"\"role\"\"; --\";
         CREATE ROLE app LOGIN NOINHERIT;
         GRANT \"Backup \"\"role\"\"; --\" TO app;
         CREATE ROLE stranger",
    );
    let url = lab.server.url().replace("postgres@", "app@");
    assert!(url.contains("app@"), "{url}");
    let run = |level: &str, role: &str| {
        let set = format!("role={role}");
        let words = ["backup", &url, "--target", "pg-main", "--level", level];
        let set = ["--set", set.as_str()];
        lab.run(&[&words[..], if role.is_empty() { &[] } else { &set }].concat())
    };
    for (role, why) in [
        ("", "app is not a superuser and lacks"),
        ("stranger", "take on the role stranger: the server says: permission denied"),
        ("nobody", "take on the role nobody: the server says: role \"nobody\" does not exist"),
    ] {
        let outcome = run("full", role);
        assert_eq!(outcome.code(), 22, "{role}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(why), "{role}: {}", outcome.stderr);
    }
    for level in ["full", "log"] {
        let outcome = run(level, "Backup \"role\"; --");
        assert_eq!(outcome.code(), 0, "{level}: {}", outcome.stderr);
    }
    let shown = lab.run(&["show"]).out();
    assert!(shown.contains("Backup \"role\"; --"), "{shown}");
}

#[test]
fn a_slot_holds_the_log_back_while_it_runs() {
    let lab = slow_lab();
    let child = begin_slowly(&lab);
    wait_for(&lab, STARTING);
    let slot = lab.server.sql(
        "SELECT temporary AND active AND restart_lsn IS NOT NULL FROM pg_replication_slots WHERE slot_name LIKE 'seawall%'",
    );
    assert_eq!(slot, "t");
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(lab.server.sql("SELECT count(*) FROM pg_replication_slots"), "0");
}

#[test]
fn it_does_not_wait_for_an_archiver_that_fails() {
    let lab = Lab::with(PROGRAM, &[], "");
    lab.server.configure("archive_command = 'false'\n");
    lab.server.reload();
    let _ = lab.backup();
    let restored = lab.restore("r", &["--target-immediate", "--target-action", "promote"]);
    let mut server = lab.start(restored);
    server.wait_until("NOT pg_is_in_recovery()");
}

#[test]
fn tls_and_passwords_over_tcp() {
    let mut lab = Lab::new(PROGRAM);
    let data = lab.server.data().to_owned();
    let (certificate, key) = (data.join("server.crt"), data.join("server.key"));
    let mut openssl = lab.scratch.command("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]);
    openssl.args([
        "-addext",
        "subjectAltName=DNS:localhost",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ]);
    fixtures::run(openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate)).ok();
    lab.server.configure("ssl = on\n");
    lab.server.sql("CREATE ROLE app LOGIN SUPERUSER PASSWORD 'right'");
    lab.server.allow("local all all trust\nhostssl all app 127.0.0.1/32 scram-sha-256\n");
    lab.server.stop();
    lab.server.start();
    let root = lab.scratch.join("root.crt");
    std::fs::copy(&certificate, &root).unwrap();
    let passfile = lab.scratch.join(".pgpass");
    std::fs::write(&passfile, format!("*:{}:*:app:right\n", lab.server.port())).unwrap();
    lab.scratch.give(&passfile);
    std::fs::set_permissions(&passfile, std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .unwrap();

    let port = lab.server.port();
    let check = |host: &str, mode: &str, trusted: bool| {
        let url = format!("postgresql://app@{host}:{port}?sslmode={mode}");
        let mut command = lab.command(&["check", &url]);
        if trusted {
            command.env("PGSSLROOTCERT", &root);
        }
        fixtures::run(&mut command)
    };
    for (host, mode, trusted, good) in [
        ("localhost", "verify-full", true, true),
        ("127.0.0.1", "verify-full", true, false),
        ("127.0.0.1", "verify-ca", true, true),
        ("localhost", "verify-full", false, false),
        ("127.0.0.1", "require", false, true),
        ("127.0.0.1", "prefer", false, true),
        ("127.0.0.1", "disable", false, false),
    ] {
        let outcome = check(host, mode, trusted);
        let connected = outcome.stdout.contains("ok       postgresql-connection");
        assert_eq!(
            connected, good,
            "{host} {mode} {trusted}: {}{}",
            outcome.stdout, outcome.stderr
        );
    }
}
