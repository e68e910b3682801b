//! Files that a line names, aliases, and modules of Bareos.

use super::super::*;
use super::told;
use errors::Kind;
use std::fs;
use tempfile::TempDir;

fn directory(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

const DEFAULTS: &str = "# comment\n; too\n[seawall]\n\nhost = h \nuser=default\n\
    tool_options = --a \\\n   --b=\"c d\"\\\n# no comment\npassword#enc=XmxIMWpXk\nempty=\n";

#[test]
fn overrides_win_over_the_line_and_the_line_over_defaults() {
    let dir = directory(&[("defaults", DEFAULTS), ("overrides", "port=7\r\nhost=o\r\n")]);
    let text = "seawall:user=line:port=5:defaults_file=defaults:overrides_file=overrides";
    let line = Line::read(text, dir.path()).unwrap();
    assert_eq!(
        told(&line),
        [
            "user=line",
            "port=7",
            "host=o",
            "tool_options=--a --b=\"c d\"# no comment",
            "password=hunter2"
        ]
    );
    let origin = |name: &str| line.get(name).unwrap().origin.clone();
    assert_eq!(origin("user"), Origin::Line);
    assert_eq!(origin("tool_options"), Origin::DefaultsFile(dir.path().join("defaults"), 7));
    assert_eq!(origin("port"), Origin::OverridesFile(dir.path().join("overrides"), 1));
    assert!(origin("password").to_string().ends_with("/defaults, line 10"));
    assert_eq!(line.warnings.len(), 1);
    assert!(line.warnings[0].ends_with("line 11: option empty has no value and is ignored"));

    let absolute = format!("seawall: defaults_file={}/defaults", dir.path().display());
    let line = Line::read(&absolute, Path::new("/nowhere")).unwrap();
    assert_eq!(line.get("host").unwrap().value.expose(), "h");
}

#[test]
fn files_that_cannot_be_understood_fail() {
    let long = "x".repeat(BYTES_MAX);
    for (text, why) in [
        ("host", "line 1: it begins with no name"),
        ("\n=x", "line 2: it begins with no name"),
        ("start-fast=no", "line 1: it begins with no name"),
        ("a=1\na=2", "line 2: option a is given twice"),
        ("a=1\\", "line 1: no line continues it"),
        ("a#enc=\"", "line 1: a#enc is no text in base85"),
        ("overrides_file=x", "line 1: overrides_file belongs into the plugin line"),
        ("listing=/", "line 1: listing belongs into the plugin line"),
        (&format!("a={long}"), "more than 65536 bytes"),
    ] {
        let dir = directory(&[("f", text)]);
        let error = Line::read("seawall:overrides_file=f", dir.path()).unwrap_err();
        assert_eq!(error.kind(), Kind::Config, "{text}");
        assert!(error.message().contains(why), "{text}: {error}");
    }
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("f"), b"a=\xff").unwrap();
    let error = Line::read("seawall:defaults_file=f", dir.path()).unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    let error = Line::read("seawall:defaults_file=missing", dir.path()).unwrap_err();
    assert_eq!(error.kind(), Kind::Io);
    assert!(error.message().contains("defaults_file") && error.message().contains("/missing"));
}

#[test]
fn quotes_in_files_are_told() {
    let dir = directory(&[("f", "a=\"b c\"\nd=\"e\" \"f\"\n")]);
    let line = Line::read("seawall:defaults_file=f", dir.path()).unwrap();
    assert_eq!(told(&line), ["a=\"b c\"", "d=\"e\" \"f\""]);
    assert_eq!(line.warnings.len(), 1, "{:?}", line.warnings);
}

#[test]
fn aliases_become_one_option_and_sources_keep_their_order() {
    let canonical = |name: &str| match name {
        "db_host" | "host" => Some("host"),
        _ => None,
    };
    let dir = directory(&[("f", "db_host=file\nother=1\n")]);
    for (text, wanted) in [
        ("seawall:db_host=line", &["host=line"][..]),
        ("seawall:host=line:defaults_file=f", &["host=line", "other=1"]),
        ("seawall:host=line:overrides_file=f", &["host=file", "other=1"]),
    ] {
        let mut line = Line::read(text, dir.path()).unwrap();
        line.resolve(canonical).unwrap();
        assert_eq!(told(&line), wanted, "{text}");
    }
    let mut line = Line::parse("seawall:host=a:db_host=b").unwrap();
    let error = line.resolve(canonical).unwrap_err();
    assert_eq!(error.message(), "plugin line: host and db_host are the same option");
    let mut line = Line::parse("seawall:host=a:port=1").unwrap();
    assert_eq!(line.take("host").unwrap().value.expose(), "a");
    assert!(line.take("host").is_none());
}

#[test]
fn modules_of_bareos_become_engines() {
    let read = |text: &str| Line::read(text, Path::new("/"));
    for (module, wanted) in [
        ("bareos-fd-postgresql", &["engine=postgresql"][..]),
        ("bareos-fd-mariabackup", &["engine=mariadb", "flavour=mariadb-backup"]),
        ("bareos-fd-percona-xtrabackup", &["engine=mariadb", "flavour=xtrabackup"]),
        ("bareos-fd-percona:flavour=xtrabackup", &["flavour=xtrabackup", "engine=mariadb"]),
    ] {
        let line = read(&format!("python3:module_path=/x:module_name={module}")).unwrap();
        assert_eq!(told(&line), wanted, "{module}");
        assert_eq!(line.warnings.len(), 1);
        assert!(line.warnings[0].contains("module_path has no effect"));
    }
    for (text, why) in [
        ("python3:module_name=bareos-fd-ldap", "no engine for module_name=\"bareos-fd-ldap\""),
        ("python3:module_name=x:engine=postgresql", "no engine for"),
        (
            "seawall:engine=mariadb:module_name=bareos-fd-postgresql",
            "module_name=bareos-fd-postgresql contradicts option engine",
        ),
        ("seawall:flavour=auto:module_name=bareos-fd-percona", "contradicts option flavour"),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.message().contains(why), "{text}: {error}");
    }
}
