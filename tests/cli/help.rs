//! Help and version are answers: on standard output, with status 0.

use crate::PROGRAM;
use fixtures::{Outcome, run};
use std::process::Command;

fn seawall(words: &[&str]) -> Outcome {
    run(Command::new(PROGRAM).args(words))
}

#[test]
fn every_verb_explains_itself() {
    let top = seawall(&["--help"]).out();
    let verbs = [
        "init", "check", "accept", "backup", "list", "show", "restore", "verify", "wal", "config",
        "version",
    ];
    for verb in verbs {
        assert!(top.contains(&format!("\n  {verb} ")), "{verb} in\n{top}");
        let help = seawall(&["help", verb]).out();
        assert!(help.contains("Usage: seawall"), "{help}");
        // Every flag has a sentence.
        for line in help.lines().filter(|line| line.trim_start().starts_with("--")) {
            let is_alone = !line.trim().contains("  ");
            let next = help.lines().skip_while(|other| *other != line).nth(1).unwrap_or_default();
            assert!(!is_alone || next.starts_with("          "), "{verb}: {line}");
        }
    }
    for words in [
        ["wal", "push"],
        ["wal", "fetch"],
        ["wal", "verify"],
        ["config", "show"],
        ["config", "check"],
    ] {
        let help = seawall(&["help", words[0], words[1]]).out();
        assert!(help.contains("Usage: seawall"), "{help}");
    }
}

#[test]
fn versions_of_program_and_servers() {
    let text = seawall(&["version"]).out();
    assert!(text.starts_with(&format!("seawall {}\n", env!("CARGO_PKG_VERSION"))), "{text}");
    assert!(text.contains("postgresql: PostgreSQL 10 to 18"), "{text}");
    assert!(seawall(&["--version"]).out().starts_with("seawall "));
}

#[test]
fn a_wrong_use_is_status_2_and_says_what_was_meant() {
    for (words, hint) in [
        (&["backu"][..], "'backup'"),
        (&["backup"], "URL|TARGET"),
        (&["restore", "--to", "/x", "--target-tim", "now"], "--target-time"),
        (
            &["restore", "--to", "/x", "--target-immediate", "--target-lsn", "0/1"],
            "cannot be used with",
        ),
        (&["backup", "oracle://h"], "no engine for URLs of oracle://"),
        (&["backup", "postgresql://h", "--set", "frobnicate=1"], "Known options: host, port"),
        (&["backup", "postgresql://h", "--level", "daily"], "is no level"),
        (
            &["restore", "--repo", "/nowhere/x", "--to", "/x", "--inclusive", "--exclusive"],
            "cannot be used with",
        ),
        (&["list"], "no repository is named"),
        (&["list", "--repo", "s3://bucket"], "repositories on s3 are not supported"),
        (
            &["list", "--repo", "backups"],
            "hint: A directory is written with a slash: --repo ./backups",
        ),
    ] {
        let outcome = seawall(words);
        assert_eq!(outcome.code(), 2, "{words:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(hint), "{words:?}: {hint} in\n{}", outcome.stderr);
        assert_eq!(outcome.stdout, "", "{words:?}");
    }
}
