//! A password is in no log, no link, no error, and on no command line.

use crate::PROGRAM;
use fixtures::{Lab, run};
use std::fs;

const PASSWORD: &str = "correct-horse-battery";

#[test]
fn a_password_stands_nowhere() {
    let lab = Lab::new(PROGRAM);
    lab.server.sql(&format!("CREATE ROLE app LOGIN SUPERUSER PASSWORD '{PASSWORD}'"));
    lab.server.allow("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
    lab.server.reload();
    let url = format!("postgresql://app@127.0.0.1:{}", lab.server.port());
    let file = lab.scratch.join("password");
    fs::write(&file, PASSWORD).unwrap();
    lab.scratch.give(&file);
    let option = format!("password_file={}", file.display());
    let words = ["backup", &url, "--target", "pg-main", "-vv", "--set", &option];
    let outcome = lab.run(&words);
    assert_eq!(outcome.code(), 0, "{}", outcome.stderr);
    assert!(!outcome.stderr.contains(PASSWORD) && !outcome.stdout.contains(PASSWORD));
    for object in lab.objects("") {
        let bytes = fs::read(&object).unwrap();
        let found = bytes.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes());
        assert!(!found, "{}", object.display());
    }
}

#[test]
fn a_password_on_the_command_line_is_refused_and_not_repeated() {
    let lab = Lab::new(PROGRAM);
    let url = format!("postgresql://app:{PASSWORD}@127.0.0.1");
    let option = format!("password={PASSWORD}");
    for words in [&["backup", &url][..], &["backup", "postgresql://h", "--set", &option]] {
        let outcome = run(&mut lab.command(words));
        assert_eq!(outcome.code(), 2);
        assert!(!outcome.stderr.contains(PASSWORD), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("Everybody on this host can read"), "{}", outcome.stderr);
    }
}
