//! Rooms depend downwards only, and the program on nothing that it must not hold.

use crate::table::{Room, rooms};
use crate::{sources, top};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// What must never be in the program: other TLS, other runtimes, what is for tests.
const BANNED: &[&str] = &[
    "ring",
    "native-tls",
    "openssl",
    "openssl-sys",
    "tokio-tar",
    "async-std",
    "seawall-fixtures",
    "seawall-sample-engine",
];
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

/// What cargo knows of the packages whose manifest this is the workspace of.
fn packages(manifest: &Path) -> Vec<Value> {
    let path = manifest.to_str().unwrap();
    let words = ["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"];
    let metadata: Value = serde_json::from_str(&cargo(&[&words[..], &[path]].concat())).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

#[test]
fn rooms_depend_as_their_table_says() {
    let rooms = rooms();
    let room_of = |manifest: &Path| {
        let found = rooms.iter().find(|room| room.manifest().as_deref() == Some(manifest));
        found.unwrap_or_else(|| panic!("{} has no row", manifest.display()))
    };
    let workspaces = ["Cargo.toml", "formats/fuzz/Cargo.toml"];
    let packages: Vec<_> = workspaces.map(|path| packages(&top().join(path))).concat();
    let crates = rooms.iter().filter(|room| room.manifest().is_some()).count();
    assert_eq!(packages.len(), crates, "a crate is in no workspace, or has no row");
    let mut wrong = Vec::new();
    for package in packages {
        let room = room_of(Path::new(package["manifest_path"].as_str().unwrap()));
        let here = room.path.display();
        if (package["license"] == "AGPL-3.0-only") != room.is_agpl {
            wrong.push(format!("{here} has the licence {}", package["license"]));
        }
        for dependency in package["dependencies"].as_array().unwrap() {
            if dependency["kind"] == "dev" {
                continue;
            }
            let Some(path) = dependency["path"].as_str() else {
                let name = dependency["name"].as_str().unwrap();
                if room.only && !room.named.contains(name) {
                    wrong.push(format!("{here} depends on {name}"));
                }
                continue;
            };
            let other = room_of(&Path::new(path).join("Cargo.toml"));
            if let Some(why) = room.refuses(other) {
                wrong.push(format!("{here} depends on {}, which {why}", other.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "docs/decisions/0001-rooms.md\n{}", wrong.join("\n"));
}

/// Folders of the command are no crates: their imports are read.
#[test]
fn folders_of_the_command_depend_as_their_table_says() {
    let rooms = rooms();
    let folders: Vec<&Room> =
        rooms.iter().filter(|room| room.path.parent() == Some(Path::new("src"))).collect();
    let mut wrong = Vec::new();
    let mut imports = 0;
    for (path, text) in sources() {
        let inside = |room: &&&Room| path.with_extension("").starts_with(&room.path);
        let Some(room) = folders.iter().find(inside) else { continue };
        let own = room.path.file_name().unwrap().to_str().unwrap();
        for module in modules_used(&text).into_iter().filter(|module| module != own) {
            imports += 1;
            if !room.named.contains(&module) {
                wrong.push(format!("{} uses {module}", path.display()));
            }
        }
    }
    assert!(imports > 20, "{imports} imports were found");
    assert!(wrong.is_empty(), "docs/decisions/0001-rooms.md\n{}", wrong.join("\n"));
}

/// The modules that stand behind `crate::`, alone or in braces.
fn modules_used(text: &str) -> BTreeSet<String> {
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let mut found = BTreeSet::new();
    for after in text.split("crate::").skip(1) {
        let Some(list) = after.strip_prefix('{') else {
            found.insert(after.split(|letter| !is_name(letter)).next().unwrap().to_owned());
            continue;
        };
        let (mut depth, mut is_first) = (1, true);
        for word in list.split_inclusive(['{', '}', ',']) {
            if depth == 1 && is_first {
                found.insert(
                    word.trim().split(|letter| !is_name(letter)).next().unwrap().to_owned(),
                );
            }
            is_first = word.ends_with(',');
            depth += i32::from(word.ends_with('{')) - i32::from(word.ends_with('}'));
            if depth == 0 {
                break;
            }
        }
    }
    found.remove("");
    found
}

#[test]
fn imports_are_read_as_they_are_written() {
    let text = "use crate::args::{A, B};\nuse crate::{config::{C, D}, human, verbs::E};\n\
         fn f() { crate::printer::g() }\nuse crate::Top;\nuse other::x;\n";
    let found: Vec<String> = modules_used(text).into_iter().collect();
    assert_eq!(found, ["args", "config", "human", "printer", "verbs"]);
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

/// The names in its debug information are those of everything that was compiled and linked.
#[test]
fn the_program_holds_nothing_that_is_for_tests() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_seawall")).unwrap();
    let text = String::from_utf8_lossy(&program);
    assert!(text.contains("formats::wal::"), "the program has no debug information");
    for name in ["formats::fuzz::", "formats::fixture::", "fixtures::", "libfuzzer"] {
        assert!(!text.contains(name), "{name}");
    }
    let source = std::fs::read_to_string(top().join("formats/src/lib.rs")).unwrap();
    assert!(source.contains("\n#[cfg(any(test, fuzzing))]\npub mod fuzz;\n"));
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
