//! Configuration files outside the data directory, as Debian has them.

use crate::PROGRAM;
use crate::recovery::verify_with_stock_tool;
use fixtures::postgresql::{PostgreSql, programs};
use fixtures::{Lab, ScratchServer, run};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A server whose configuration lies in `etc/main` of the scratch, with a directory of more
/// settings and a list of names.
fn lab() -> Lab {
    let mut lab = Lab::new(PROGRAM);
    lab.server.stop();
    let data = lab.server.data().to_owned();
    let etc = lab.scratch.make_dir("e t'c");
    let main = lab.scratch.make_dir("e t'c/main");
    let more = lab.scratch.make_dir("e t'c/main/conf.d");
    for name in ["postgresql.conf", "pg_hba.conf", "pg_ident.conf"] {
        fs::rename(data.join(name), main.join(name)).unwrap();
    }
    let write = |path: PathBuf, text: &str| {
        fs::write(&path, text).unwrap();
        lab.scratch.give(&path);
    };
    write(more.join("memory.conf"), "work_mem = '7MB'\n");
    write(etc.join("shared.conf"), "maintenance_work_mem = '17MB'\n");
    write(main.join("databases"), "postgres template1\n");
    write(
        main.join("pg_hba.conf"),
        "local @databases all trust\nhost all all 127.0.0.1/32 trust\n",
    );
    let text = fs::read_to_string(main.join("postgresql.conf")).unwrap();
    let quoted = |path: &Path| path.display().to_string().replace('\'', "''");
    let places = format!(
        "data_directory = '{}'\nhba_file = '{}'\nexternal_pid_file = '{}'\ninclude_dir = 'conf.d'\n\
         include_if_exists = '../shared.conf'\ninclude_if_exists = 'absent.conf'\n",
        quoted(&data),
        quoted(&main.join("pg_hba.conf")),
        quoted(&lab.scratch.join("first.pid"))
    );
    write(main.join("postgresql.conf"), &format!("{text}{places}"));
    lab.server = PostgreSql::at(&lab.scratch, main);
    lab.server.start();
    lab.server.sql("CREATE TABLE t AS SELECT generate_series(1, 1000) n");
    lab
}

/// Every file below a directory but the server's log, with its bytes.
fn bytes(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = crate::tree(dir)
        .into_iter()
        .filter(|name| !name.ends_with(".log") && dir.join(name).is_file());
    files.map(|name| (name.clone(), fs::read(dir.join(name)).unwrap())).collect()
}

/// Ends a restored server, however its test ends.
struct Stop<'a>(&'a Lab, PathBuf);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        let mut stop = self.0.server.programs().command("pg_ctl");
        run(stop.args(["stop", "-m", "immediate", "-D"]).arg(&self.1));
    }
}

fn start_by(lab: &Lab, command: &str) {
    let path = format!("{}:{}", programs().display(), std::env::var("PATH").unwrap());
    let mut shell = lab.scratch.command("bash");
    let log = lab.scratch.join("start.log");
    let quiet = format!("({command}) > '{}' 2>&1", log.display());
    let outcome = run(shell.args(["-c", &quiet]).env("PATH", path));
    let said = fs::read_to_string(&log).unwrap_or_default();
    assert!(outcome.status.success(), "{command}\n{said}{}", outcome.stderr);
}

#[test]
fn configuration_elsewhere_is_restored_beside_and_started_by_the_printed_command() {
    let mut lab = lab();
    let etc = lab.scratch.join("e t'c");
    let name = lab.backup();
    let before = bytes(&etc);
    let text = lab.run(&["show", "--backup", &name]).out();
    assert!(text.contains("root configuration  /\n"), "{text}");

    let to = lab.scratch.join("r");
    let words = ["restore", "--to", to.to_str().unwrap()];
    let plan = lab.json(&[&words[..], &["--dry-run"]].concat());
    let answer = lab.json(&words);
    assert_eq!(plan["start"], answer["start"]);
    let command = answer["start"]["command"].as_str().unwrap();
    let notes = answer["start"]["notes"].to_string();
    assert!(notes.contains("ORIGINAL data directory"), "{notes}");

    // Beside the data directory, under its own path, and not in it.
    let beside = lab.scratch.join("r.configuration");
    let copy = beside.join(etc.strip_prefix("/").unwrap());
    assert_eq!(bytes(&copy), before);
    assert!(!to.join("postgresql.conf").exists() && !to.join("configuration").exists());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&beside), 0o700, "it may hold secrets");
    verify_with_stock_tool(&to);

    lab.server.sql("INSERT INTO t VALUES (0)");
    let pid_file = fs::read(lab.scratch.join("first.pid")).unwrap();
    lab.server.stop();
    fs::write(lab.scratch.join("first.pid"), &pid_file).unwrap();
    start_by(&lab, command);
    let _stop = Stop(&lab, to.clone());
    let ask = |sql: &str| lab.server.sql(sql);
    // Its last row came from the archive.
    assert_eq!(ask("SELECT count(*) FROM t"), "1001");
    assert_eq!(ask("SHOW data_directory"), to.to_str().unwrap());
    for (setting, file) in [("config_file", "postgresql.conf"), ("hba_file", "pg_hba.conf")] {
        let wanted = copy.join("main").join(file);
        assert_eq!(ask(&format!("SHOW {setting}")), wanted.to_str().unwrap());
    }
    assert_eq!(ask("SHOW work_mem") + &ask("SHOW maintenance_work_mem"), "7MB17MB");
    assert_eq!(ask("SHOW archive_mode"), "off");
    assert_eq!(fs::read(lab.scratch.join("first.pid")).unwrap(), pid_file, "the original's own");
    assert_eq!(bytes(&etc), before, "the original's files");
}

#[test]
fn a_configuration_file_that_cannot_be_read_is_told_and_costs_no_backup() {
    let lab = lab();
    let shared = lab.scratch.join("e t'c/shared.conf");
    let ident = lab.scratch.join("e t'c/main/pg_ident.conf");
    for path in [&shared, &ident] {
        // The server has read them; now its user may not any more.
        if std::os::unix::fs::chown(path, Some(0), Some(0)).is_ok() {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        } else {
            fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
        }
    }
    let outcome = lab.run(&["backup", &lab.server.url(), "--target", "pg-main"]);
    assert_eq!(outcome.code(), 1, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("shared.conf cannot be read"), "{}", outcome.stdout);
    let check = lab.run(&["check", &lab.server.url(), "--target", "pg-main"]);
    assert!(check.stdout.contains("shared.conf cannot be read"), "{}", check.stdout);

    let to = lab.scratch.join("r");
    let elsewhere = lab.scratch.join("elsewhere");
    let words = ["restore", "--to", to.to_str().unwrap(), "--configuration"];
    let answer = lab.json(&[&words[..], &[elsewhere.to_str().unwrap()]].concat());
    let notes = answer["start"]["notes"].to_string();
    assert!(notes.contains("ident_file is not in the backup"), "{notes}");
    let copy = elsewhere.join(lab.scratch.join("e t'c").strip_prefix("/").unwrap());
    assert!(copy.join("main/conf.d/memory.conf").exists() && !copy.join("shared.conf").exists());
}

#[test]
fn a_recovery_target_in_configuration_elsewhere_is_told() {
    let lab = lab();
    let main = lab.server.data().to_owned();
    fs::write(main.join("conf.d/old.conf"), "recovery_target_time = '2020-01-01 00:00:00+00'\n")
        .unwrap();
    lab.scratch.give(&main.join("conf.d/old.conf"));
    let _ = lab.backup();
    let to = lab.scratch.join("r");
    let outcome = lab.run(&["restore", "--to", to.to_str().unwrap()]);
    assert!(outcome.stderr.contains("old.conf sets recovery_target_time"), "{}", outcome.stderr);
    let again = lab.run(&["restore", "--to", to.to_str().unwrap(), "--dry-run"]);
    assert_eq!(again.code(), 15, "{}", again.stdout);
}

#[test]
fn a_backup_with_all_files_at_home_has_no_such_root() {
    let lab = Lab::new(PROGRAM);
    let name = lab.backup();
    assert!(!lab.run(&["show", "--backup", &name]).out().contains("configuration"));
    let to = lab.scratch.join("r");
    let words = ["restore", "--to", to.to_str().unwrap(), "--configuration", "/nowhere/x"];
    let outcome = lab.run(&words);
    assert_eq!(outcome.code(), 2, "{}", outcome.stderr);
    assert!(lab.json(&words[..3])["start"].is_null());
    assert!(!lab.scratch.join("r.configuration").exists());
}
