//! Lines and files as people write them.

use super::*;

/// The options of a line, as text.
fn told(line: &PluginLine) -> Vec<String> {
    line.pairs.iter().map(|pair| format!("{}={}", pair.name, pair.value.expose())).collect()
}

#[track_caller]
fn parse(text: &str) -> PluginLine {
    PluginLine::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

#[test]
fn lines_of_both_daemons_are_read() {
    let url = "url=postgresql://u@h:5432/db?sslmode=require";
    for (text, wanted) in [
        ("seawall", &[][..]),
        ("seawall:", &[]),
        (" seawall: ", &[]),
        ("seawall:target=pg-main", &["target=pg-main"]),
        ("seawall: target=pg-main start_fast=no", &["target=pg-main", "start_fast=no"]),
        (
            "seawall:engine=postgresql:host=/run/x:user=backup",
            &["engine=postgresql", "host=/run/x", "user=backup"],
        ),
        // As Bareos strips them.
        ("python:\n  host = a b :\n  user\t= c:", &["host=a b", "user=c"]),
        ("seawall::a=1", &["a=1"]),
        // Blanks in values.
        (
            "seawall:dumpoptions=--backup --stream=xbstream -u root:log=/x",
            &["dumpoptions=--backup --stream=xbstream -u root", "log=/x"],
        ),
        ("seawall: dumpoptions=--a --b=c log=/x", &["dumpoptions=--a --b=c", "log=/x"]),
        // Quotes and escapes.
        ("seawall:a=\"b c:d=e\":f='g:\\h=\"'", &["a=b c:d=e", "f=g:\\h=\""]),
        ("seawall: a=\"b \\\"c\\\" \\\\\" d='e'", &["a=b \"c\" \\", "d=e"]),
        (r#"seawall:a=b\:c\=d\\e\ \"f\':g=h"#, &["a=b:c=d\\e \"f'", "g=h"]),
        (r"seawall:a=b\ c=d:e= f", &["a=b c=d", "e=f"]),
        ("seawall:a=--x=\"y z\" --q:b=1", &["a=--x=\"y z\" --q", "b=1"]),
        ("seawall:password=it's", &["password=it's"]),
        // Colons that separate nothing.
        ("seawall:host=::1:port=5432", &["host=::1", "port=5432"]),
        ("seawall: host=fe80::1%eth0 port=5432", &["host=fe80::1%eth0", "port=5432"]),
        ("seawall:host=[2001:db8::1]:port=1", &["host=[2001:db8::1]", "port=1"]),
        (&format!("seawall:{url}:user=x"), &[url, "user=x"]),
        // Values with signs of their own.
        ("seawall:a==b=c#d;e", &["a==b=c#d;e"]),
        ("seawall:p=\u{e4}\u{79d8}:q=1", &["p=\u{e4}\u{79d8}", "q=1"]),
        ("seawall:password#enc=XmxIMWpXk:u=x", &["password=hunter2", "u=x"]),
    ] {
        let line = parse(text);
        assert_eq!(told(&line), wanted, "{text}");
        assert!(line.listing.is_none() && line.warnings.is_empty(), "{text}");
        assert!(line.pairs.iter().all(|pair| pair.origin == Origin::Line));
    }
    assert_eq!(parse("python3:a=b").plugin, "python3");
}

#[test]
fn what_could_be_meant_in_two_ways_is_refused() {
    for (text, why) in [
        ("", "character 1: no name of a plugin"),
        (":a=b", "character 1: no name of a plugin"),
        ("seawall a=b", "character 1: no name of a plugin"),
        ("seawall:a=\0", "character 11: a control character"),
        ("seawall:\u{e4}=b", "character 9: no option"),
        ("seawall:target", "character 9: no option"),
        ("seawall:=x", "character 9: no option"),
        ("seawall: --a=b", "character 10: no option"),
        ("seawall:start-fast=no", "character 9: no option"),
        ("seawall:a#b64=x", "character 9: no option"),
        ("seawall:a=b:c", "option a: a colon stands before no name"),
        ("seawall:a=b:c:d=e", "option a: a colon stands before no name"),
        ("seawall:until=2026-11-20T13:25", "option until: a colon stands before no name"),
        ("seawall:a=b:start-fast=no", "option a: what stands before"),
        ("seawall: a=b start-fast=no", "option a: what stands before"),
        ("seawall: a=b c = d", "option a: a blank stands before"),
        ("seawall:a=b::c=d", "option a: several colons"),
        ("seawall:host=2001:db8:: port=1", "option host: several colons"),
        ("seawall:a=b::", "option a: several colons"),
        ("seawall:a=\"b", "option a: a quote does not end"),
        ("seawall:a='b\\", "option a: a quote does not end"),
        ("seawall:a=\"--b\" \"--c\"", "option a: something stands after the closing quote"),
        ("seawall:a=''e", "option a: something stands after the closing quote"),
        ("seawall:a=it's:b=o'c", "option a: a quote that began within"),
        ("seawall:a=--b='c d=e'", "option a: a quote that began within"),
        ("seawall:a=b\\n", "option a: a backslash stands before"),
        ("seawall:a=b\\", "option a: a backslash stands before"),
        ("seawall:a=\"b\\", "option a: a backslash stands before"),
        ("seawall:a=1:a=2", "option a is given twice"),
        ("seawall:a=:a=2", "option a is given twice"),
        ("seawall:a=1:a#enc=cm", "option a is given twice"),
        ("seawall:a#enc=\"a b\"", "a#enc is no text in base85"),
    ] {
        let error = PluginLine::parse(text).expect_err(text);
        assert!(error.to_string().contains(why), "{text}: {error}");
        assert!(error.hint().is_some() || why.contains("twice") || why.contains("base85"));
    }
    assert!(PluginLine::parse(&format!("seawall:a={}", "x".repeat(BYTES_MAX))).is_err());
}

#[test]
fn the_path_that_bacula_appends_is_taken_as_it_is() {
    for (text, path) in [
        ("seawall: listing=/", "/"),
        ("seawall:a=b listing=/", "/"),
        ("seawall:a=b: listing=/x", "/x"),
        ("seawall: a=\"b\" listing=/a b/c=d:e \"f\\", "/a b/c=d:e \"f\\"),
        ("seawall: a=b listing=/x listing=/y", "/y"),
        ("seawall: a=b listing=", "/"),
    ] {
        let line = parse(text);
        assert_eq!(line.listing.as_deref(), Some(path), "{text}");
        assert!(line.get("listing").is_none() && line.pairs.len() < 2, "{text}");
    }
}

#[test]
fn empty_values_are_dropped_aloud() {
    let line = parse("seawall: host= port=5 user='' password#enc=:dbname=");
    assert_eq!(told(&line), ["port=5"]);
    assert_eq!(line.warnings.len(), 4, "{:?}", line.warnings);
    assert_eq!(line.warnings[0], "plugin line: option host has no value and is ignored");
}

#[test]
fn no_value_shows() {
    let line = parse("seawall:password=hunter2:secret_thing='hunter2'");
    assert!(!format!("{line:?}").contains("hunter2"));
    for text in [
        "seawall:hunter2",
        "seawall:password=hunter2:hunter2",
        "seawall:password='hunter2",
        "seawall:password=hunter2\\n",
        "seawall:password=hunter2 hunter2-x=1",
        "seawall:password=x'hunter2:a=1",
        "seawall:password#enc=hunter2\"",
        "seawall:password=1:password=hunter2",
    ] {
        let error = PluginLine::parse(text).unwrap_err();
        assert!(!format!("{error:?} {error} {:?}", error.hint()).contains("hunter2"), "{text}");
    }
}

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

/// Lines with anything put in anywhere: nothing panics, and what is read means one thing.
#[test]
fn damaged_lines_are_read_or_refused() {
    const BITS: &[&str] = &[
        ":",
        " ",
        "=",
        "\\",
        "\"",
        "'",
        "#enc",
        "a",
        "::1",
        "://",
        " b=",
        ":c=",
        "-",
        ".",
        "\n",
        "\0",
        " listing=",
        "\u{e4}",
        "~",
        "%",
    ];
    let seeds = [
        "seawall:a=b:c=d",
        "seawall: a=\"b c\" d='e' listing=/x",
        "seawall:url=postgresql://u@h:5432/db:host=::1",
        "seawall:x#enc=XmxIMWpXk:y=--z \\\" \\:",
    ];
    // A generator of Lehmer's kind, so that a failure can be repeated.
    let mut state: u64 = 20_261_121;
    let mut below = |limit: usize| {
        state = state.wrapping_mul(48_271) % 2_147_483_647;
        usize::try_from(state).unwrap() % limit
    };
    for _ in 0..20_000 {
        let mut letters: Vec<char> = seeds[below(seeds.len())].chars().collect();
        for _ in 0..=below(6) {
            let at = below(letters.len() + 1);
            let end = (at + below(3)).min(letters.len());
            letters.splice(at..end, BITS[below(BITS.len())].chars());
        }
        crate::fuzz::plugin_line(letters.iter().collect::<String>().as_bytes());
    }
}
