//! Lines as people write them.

mod files;

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
