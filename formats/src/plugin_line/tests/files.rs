//! Files that a line names, aliases, and modules of Bareos.

use super::super::*;
use super::{parse, told};

const DEFAULTS: &str = "# comment\n; too\n[seawall]\n\nhost = h \nuser=default\n\
    tool_options = --a \\\n   --b=\"c d\"\\\n# no comment\npassword#enc=XmxIMWpXk\nempty=\n";

fn defaults(text: &str) -> Result<OptionFile, PluginLineError> {
    OptionFile::parse(text, |line| Origin::DefaultsFile(PathBuf::from("defaults"), line))
}

fn overrides(text: &str) -> Result<OptionFile, PluginLineError> {
    OptionFile::parse(text, |line| Origin::OverridesFile(PathBuf::from("overrides"), line))
}

#[test]
fn overrides_win_over_the_line_and_the_line_over_defaults() {
    let mut line = parse("seawall:user=line:port=5");
    line.add(defaults(DEFAULTS).unwrap());
    line.add(overrides("port=7\r\nhost=o\r\n").unwrap());
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
    let origin = |name: &str| line.get(name).unwrap().origin.to_string();
    assert_eq!(origin("user"), "plugin line");
    assert_eq!(origin("tool_options"), "defaults, line 7");
    assert_eq!(origin("port"), "overrides, line 1");
    assert_eq!(origin("password"), "defaults, line 10");
    assert_eq!(line.warnings, ["defaults, line 11: option empty has no value and is ignored"]);
}

#[test]
fn files_that_cannot_be_understood_are_refused() {
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
        let error = defaults(text).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn quotes_in_files_are_told() {
    let file = defaults("a=\"b c\"\nd=\"e\" \"f\"\n").unwrap();
    assert_eq!(file.warnings, ["defaults, line 1: the quotes around a are part of its value"]);
    let mut line = parse("seawall:");
    line.add(file);
    assert_eq!(told(&line), ["a=\"b c\"", "d=\"e\" \"f\""]);
}

#[test]
fn aliases_become_one_option_and_sources_keep_their_order() {
    let canonical = |name: &str| match name {
        "db_host" | "host" => Some("host"),
        _ => None,
    };
    const FILE: &str = "db_host=file\nother=1\n";
    for (text, file, wanted) in [
        ("seawall:db_host=line", defaults(""), &["host=line"][..]),
        ("seawall:host=line", defaults(FILE), &["host=line", "other=1"]),
        ("seawall:host=line", overrides(FILE), &["host=file", "other=1"]),
    ] {
        let mut line = parse(text);
        line.add(file.unwrap());
        line.resolve(canonical).unwrap();
        assert_eq!(told(&line), wanted, "{text}");
    }
    let mut line = parse("seawall:host=a:db_host=b");
    let error = line.resolve(canonical).unwrap_err();
    assert_eq!(error.to_string(), "plugin line: host and db_host are the same option");
    let mut line = parse("seawall:host=a:port=1");
    assert_eq!(line.take("host").unwrap().value.expose(), "a");
    assert!(line.take("host").is_none());
}

#[test]
fn modules_of_bareos_become_engines() {
    let translated = |text: &str| {
        let mut line = parse(text);
        line.translate_module().map(|()| line)
    };
    for (module, wanted) in [
        ("bareos-fd-postgresql", &["engine=postgresql"][..]),
        ("bareos-fd-mariabackup", &["engine=mariadb", "flavour=mariadb-backup"]),
        ("bareos-fd-percona-xtrabackup", &["engine=mariadb", "flavour=xtrabackup"]),
        ("bareos-fd-percona:flavour=xtrabackup", &["flavour=xtrabackup", "engine=mariadb"]),
    ] {
        let line = translated(&format!("python3:module_path=/x:module_name={module}")).unwrap();
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
        let error = translated(text).unwrap_err();
        assert!(error.to_string().contains(why), "{text}: {error}");
        assert!(error.hint().is_some());
    }
}
