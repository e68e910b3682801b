//! Options by the names that the Bareos plugins have for them: on the command line and in a file.

use super::stage::{Stage, TARGET, value};
use fixtures::mariadb::PASSWORD;
use fixtures::{Outcome, run};
use std::fs;

/// A backup of what a target's section says, without any other word on the server.
fn by_section(stage: &Stage, level: &str, lines: &[String]) -> Outcome {
    let config = stage.scratch.join("seawall.toml");
    fs::write(&config, format!("[target.{TARGET}]\n{}\n", lines.join("\n"))).unwrap();
    let config = config.to_str().unwrap();
    stage.run(&["backup", TARGET, "--level", level, "--workers", "1", "--config", config])
}

/// An option file with the way to the server.
fn option_file(stage: &Stage) -> String {
    let path = stage.scratch.join("my.cnf");
    let socket = stage.server.socket().display();
    let text = format!("[client]\nuser=root\npassword=\"{PASSWORD}\"\nsocket={socket}\n");
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn a_section_of_the_other_names_is_taken_as_it_is() {
    let stage = Stage::new();
    let log = stage.scratch.join("tool.log");
    let lines = [
        "url = \"mysql://localhost\"".to_owned(),
        format!("mycnf = \"{}\"", option_file(&stage)),
        format!("dumpbinary = \"{}\"", stage.tool.program().display()),
        "dumpoptions = \"--backup --stream=xbstream --user root -pwrong --throttle=7\"".to_owned(),
        "extradumpoptions = \"--ftwrl-wait-timeout=9 --tmpdir='/tmp'\"".to_owned(),
        "restorecommand = \"xbstream -x -C \"".to_owned(),
        "mysqlcmd = \"mysql -r\"".to_owned(),
        format!("log = \"{}\"", log.display()),
        "strictIncremental = true".to_owned(),
    ];
    let outcome = by_section(&stage, "full", &lines);
    assert!(outcome.code() <= 1, "{}{}", outcome.stdout, outcome.stderr);
    for name in ["restore_command", "sql_command"] {
        let says = format!("{name} has no effect");
        assert!(outcome.stderr.contains(&says), "{}", outcome.stderr);
    }
    let calls = stage.runs("--backup");
    assert_eq!(value(&calls[0], "--throttle"), Some("7"));
    assert_eq!(value(&calls[0], "--ftwrl-wait-timeout"), Some("9"));
    assert_eq!(value(&calls[0], "--tmpdir"), Some("/tmp"));
    let backups = calls[0].argv.iter().filter(|word| *word == "--backup").count();
    assert_eq!(backups, 1, "{:?}", calls[0].argv);
    assert!(fs::read_to_string(&log).unwrap().trim_end().ends_with("completed OK!"));

    // The log stands where the full ended: nothing is written, and the tool is not run.
    stage.set_lsn(3_561_859);
    let outcome = by_section(&stage, "incremental", &lines);
    assert!(outcome.code() <= 1, "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!((stage.runs("--backup").len(), stage.listed()), (1, 2));
    stage.set_lsn(3_561_860);
    let outcome = by_section(&stage, "incremental", &lines);
    assert!(outcome.code() <= 1, "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!((stage.runs("--backup").len(), stage.listed()), (2, 3));
}

#[test]
fn so_are_they_on_the_command_line() {
    let stage = Stage::new();
    let log = stage.scratch.join("tool.log");
    let tool = stage.tool.program();
    let sets = [
        format!("mycnf={}", option_file(&stage)),
        format!("dumpbinary={}", tool.display()),
        "dumpoptions=--throttle=7".to_owned(),
        "extradumpoptions=--slave-info".to_owned(),
        "restorecommand=xbstream -x -C ".to_owned(),
        "mysqlcmd=mysql -r".to_owned(),
        format!("log={}", log.display()),
        "strictIncremental=true".to_owned(),
    ];
    let mut words = vec![
        "backup",
        "mysql://localhost",
        "--target",
        TARGET,
        "--workers",
        "1",
        "--level",
        "full",
    ];
    words.extend(sets.iter().flat_map(|set| ["--set", set]));
    let outcome = run(stage.command(&words).env_remove("SEAWALL_PASSWORD"));
    assert!(outcome.code() <= 1, "{}{}", outcome.stdout, outcome.stderr);
    let calls = stage.runs("--backup");
    assert_eq!(value(&calls[0], "--throttle"), Some("7"));
    assert!(calls[0].argv.contains(&"--slave-info".to_owned()), "{:?}", calls[0].argv);
    assert!(fs::read_to_string(&log).unwrap().contains("completed OK!"));
}

#[test]
fn what_only_a_shell_understands_is_refused() {
    let stage = Stage::new();
    for bad in ["--throttle=1 | gzip", "--tmpdir=$HOME", "--tmpdir=`pwd`", "a; b", "--x='y"] {
        for option in ["dumpoptions", "extradumpoptions"] {
            let set = format!("{option}={bad}");
            stage.refused("full", &["--set", &set], 2, "It is no shell that reads it");
        }
    }
    assert!(stage.runs("--backup").is_empty());
    assert_eq!(stage.listed(), 0);
    let lines = [
        format!("url = \"{}\"", stage.url()),
        format!("dumpbinary = \"{}\"", stage.tool.program().display()),
        "dumpoptions = \"a | b\"".to_owned(),
    ];
    let outcome = by_section(&stage, "full", &lines);
    assert_eq!(outcome.code(), 2, "{}", outcome.stderr);
}
