//! Rooms depend downwards only, and the program on nothing that it must not hold.

use crate::top;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// The floor of each room. A room may depend on rooms of lower floors only.
const FLOORS: &[(&str, u8)] = &[
    ("seawall-errors", 0),
    ("seawall-formats", 0),
    ("seawall-file-daemon-protocol", 0),
    ("seawall-stream", 1),
    ("seawall-system", 1),
    ("seawall-repository", 2),
    ("seawall-restore", 2),
    ("seawall-engine-mariadb", 2),
    ("seawall-engine-postgresql", 2),
    ("seawall-file-daemon-backend", 3),
    ("seawall", 4),
];

/// The rooms apart, with another licence, and all that each may depend on. Nobody depends on them.
const APART: &[(&str, &[&str])] = &[
    ("seawall-file-daemon-plugin", &["seawall-file-daemon-protocol", "libc"]),
    ("seawall-file-daemon-bacula", &["seawall-file-daemon-plugin", "libc"]),
    ("seawall-file-daemon-bareos", &["seawall-file-daemon-plugin", "libc"]),
];

/// What must never be in the program: other TLS, other runtimes, licences that bind its users.
const BANNED: &[&str] = &["ring", "native-tls", "openssl", "openssl-sys", "tokio-tar", "async-std"];
const LICENCES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Unicode-3.0",
    "Zlib",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "0BSD",
    "Unlicense",
    "BSL-1.0",
    "MIT-0",
];

fn cargo(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(words).current_dir(top()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn rooms_depend_downwards() {
    let words = ["metadata", "--format-version", "1", "--no-deps", "--locked", "--offline"];
    let metadata: Value = serde_json::from_str(&cargo(&words)).unwrap();
    let floors: BTreeMap<&str, u8> = FLOORS.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let Some(floor) = floors.get(name) else { continue };
        for dependency in package["dependencies"].as_array().unwrap() {
            let other = dependency["name"].as_str().unwrap();
            let is_ours = other.starts_with("seawall") && dependency["kind"].is_null();
            if is_ours && floors.get(other).is_none_or(|lower| lower >= floor) {
                wrong.push(format!("{name} depends on {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn plugins_depend_on_the_protocol_alone() {
    let words = ["metadata", "--format-version", "1", "--no-deps", "--locked", "--offline"];
    let metadata: Value = serde_json::from_str(&cargo(&words)).unwrap();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let apart = APART.iter().find(|(apart, _)| *apart == name);
        assert_eq!(package["license"] == "AGPL-3.0-only", apart.is_some(), "{name}");
        let all = package["dependencies"].as_array().unwrap();
        let ours = all.iter().filter(|dependency| dependency["kind"].is_null());
        for other in ours.map(|dependency| dependency["name"].as_str().unwrap()) {
            let allowed = match apart {
                Some((_, allowed)) => allowed.contains(&other),
                None => APART.iter().all(|(apart, _)| *apart != other),
            };
            assert!(allowed, "{name} depends on {other}");
        }
    }
}

/// Name and licence of everything that is linked into the program: no tools of the build, nothing
/// of the tests. Asked of `cargo tree`, because the metadata name crates that no feature switches on.
fn linked() -> BTreeSet<(String, String)> {
    let words = [
        "tree",
        "-e",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}|{l}",
        "--locked",
        "--offline",
    ];
    let text = cargo(&words);
    let entry = |line: &str| {
        let (package, licence) = line.trim_end_matches(" (*)").split_once('|').unwrap();
        (package.split(' ').next().unwrap().to_owned(), licence.to_owned())
    };
    text.lines().map(entry).collect()
}

#[test]
fn the_program_holds_nothing_banned_and_no_binding_licence() {
    let linked = linked();
    assert!(linked.len() > 50, "the tree was not found");
    let mut wrong = Vec::new();
    for (name, licence) in &linked {
        if BANNED.contains(&name.as_str()) {
            wrong.push(format!("{name} is banned"));
        }
        if !is_free(licence) {
            wrong.push(format!("{name} has the licence {licence:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether one of the choices that an expression offers consists of allowed licences.
fn is_free(expression: &str) -> bool {
    let plain = expression.replace(['(', ')'], "").replace('/', " OR ");
    plain
        .split(" OR ")
        .any(|choice| choice.split(" AND ").all(|one| LICENCES.contains(&one.trim())))
}

#[test]
fn licences_are_read_as_they_are_written() {
    assert!(
        is_free("MIT OR Apache-2.0")
            && is_free("(MIT OR Apache-2.0) AND Unicode-3.0")
            && is_free("MIT/Apache-2.0")
    );
    assert!(!is_free("AGPL-3.0-only") && !is_free("GPL-2.0 AND MIT") && !is_free(""));
}

#[test]
fn every_dependency_has_its_reason() {
    let page = std::fs::read_to_string(top().join("docs/decisions/0002-dependencies.md")).unwrap();
    let manifest = std::fs::read_to_string(top().join("Cargo.toml")).unwrap();
    let begin = manifest.find("# Each dependency has its reason").unwrap();
    let section = manifest[begin..].split("\n\n").next().unwrap();
    let names = section.lines().skip(1).filter_map(|line| line.split(" = ").next());
    let missing: Vec<_> = names.filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "without a reason: {missing:?}");
}
