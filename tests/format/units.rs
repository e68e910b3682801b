//! Units lie where the page says, and are found as it says.

use super::commands;
use chrono::Utc;
use fixtures::{Scratch, run};
use repository::{Claim, Repository, RepositorySink, SinkOptions};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use stream::{
    Body, Cancel, FileKind, JobId, Level, Link, LogScope, Owner, Position, RelPath, RootName,
    Silent, Sink, TargetName, Totals, UnitName, VirtualFile,
};
use uuid::Uuid;

const OPTIONS: SinkOptions =
    SinkOptions { workers: 1, level: 1, volume_bytes: 1 << 30, part_bytes: 64 << 20 };

/// A backup of one file, `name`, which holds the unit's name.
fn backup(repository: &Repository, unit: &UnitName) {
    let target = TargetName::new("t").unwrap();
    let store = repository.unit(&target, Some(unit), LogScope::Target);
    let id = Uuid::new_v4();
    let claim = Claim::take(&store, id, Level::Full, JobId::new(1)).unwrap();
    let job = claim.job();
    let sink = RepositorySink::start(claim, OPTIONS, Cancel::new(), Arc::new(Silent)).unwrap();
    let root = RootName::new("data").unwrap();
    let body = unit.as_str().as_bytes().to_vec();
    let file = VirtualFile {
        root,
        path: RelPath::new("name").unwrap(),
        kind: FileKind::File,
        mode: 0o600,
        owner: Owner::default(),
        mtime: Utc::now(),
        size: Some(body.len() as u64),
        partial: None,
        body: Body::Bytes(body),
        tap: None,
    };
    sink.put(file).unwrap().redeem().unwrap();
    let now = Utc::now();
    let link = Link {
        version: 1,
        id,
        parent: None,
        engine: "test".into(),
        target,
        unit: Some(unit.clone()),
        job,
        level: Level::Full,
        from: Position::new(0),
        to: Position::new(0),
        base: BTreeMap::new(),
        earliest: None,
        lineage: BTreeMap::new(),
        state: serde_json::Value::Null,
        roots: BTreeMap::new(),
        server: BTreeMap::new(),
        started_at: now,
        finished_at: now,
        totals: Totals::default(),
        log: Vec::new(),
        findings: Vec::new(),
    };
    Box::new(sink).finish(link).unwrap();
}

/// What a section's commands print.
fn shell(section: &str, environment: &[(&str, &str)]) -> String {
    let script = format!("set -eu -o pipefail\n{}", commands(section));
    let mut shell = Command::new("bash");
    run(shell.args(["-c", &script]).envs(environment.iter().copied())).out()
}

/// The page's rule, by other programs than ours.
fn encoded(name: &str) -> String {
    let script = r#"
        all=$(printf %s "$NAME" | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F | sed 's/../%&/g')
        for code in {48..57} {65..90} {97..122} 45 46 95; do
            printf -v hex %02X "$code"
            printf -v byte "\\x$hex"
            all=${all//%$hex/$byte}
        done
        [[ $all != .* ]] || all=%2E${all#.}
        if ((${#all} > 100)); then
            cut=${all:0:67}
            case $cut in *%) cut=${cut%?} ;; *%?) cut=${cut%??} ;; esac
            all=$cut~$(printf %s "$NAME" | sha256sum | head -c 32)
        fi
        printf %s "$all""#;
    let mut shell = Command::new("bash");
    run(shell.args(["-c", script]).env("NAME", name)).out()
}

#[test]
fn a_unit_is_found_where_the_page_says() {
    let scratch = Scratch::new();
    let repo = scratch.join("repo");
    let storage = Repository::storage(repo.to_str().unwrap()).unwrap();
    let repository = Repository::init(storage).unwrap();
    let long = "größe, ".repeat(18);
    let names = [
        "sales",
        "größe",
        ".a/b",
        "..",
        "50% ~ @x",
        "line\nbreak",
        "数据库",
        "dc=example,dc=com",
        &"x".repeat(100),
        &"x".repeat(101),
        &long,
        &format!("x{long}"),
        &format!("xx{long}"),
    ]
    .map(str::to_owned);
    for name in &names {
        backup(&repository, &UnitName::new(name.as_str()).unwrap());
    }
    let repo_text = repo.to_str().unwrap();
    for name in &names {
        let environment = [("REPO", repo_text), ("TARGET", "t"), ("UNIT", name.as_str())];
        let found = shell("Layout", &environment);
        let place = repo.join("targets/t").join(format!("@{}", encoded(name)));
        assert_eq!(found, format!("{}\n", place.display()), "{name:?}");
        // From there, the commands for a file do not care whose it is.
        let job = place.join("jobs/0000000001");
        let environment = [("job", job.to_str().unwrap()), ("FILE", "name")];
        assert_eq!(shell("One file by hand", &environment), *name);
    }
    page_has_the_examples(&names[1..3]);
    let units = std::fs::read_dir(repo.join("targets/t")).unwrap().count();
    assert_eq!(units, names.len());
}

fn page_has_the_examples(names: &[String]) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/format.md");
    let page = std::fs::read_to_string(page).unwrap();
    for name in names {
        let example = format!("`{name}` is `@{}`", encoded(name));
        assert!(page.contains(&example), "{example}");
    }
}

#[test]
fn leases_are_called_as_the_page_says() {
    let scratch = Scratch::new();
    let repo = scratch.join("repo");
    let storage = Repository::storage(repo.to_str().unwrap()).unwrap();
    let repository = Repository::init(storage).unwrap();
    let target = TargetName::new("t").unwrap();
    let unit = UnitName::new("größe").unwrap();
    let held = [None, Some(&unit)].map(|unit| {
        let store = repository.unit(&target, unit, LogScope::Target);
        Claim::take(&store, Uuid::new_v4(), Level::Full, JobId::new(7)).unwrap()
    });
    let mut names: Vec<String> = std::fs::read_dir(repo.join("locks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let unit = format!("backup.t@{}.0000000007.000001", encoded("größe"));
    assert_eq!(names, ["backup.t.0000000007.000001", unit.as_str()]);
    let text = std::fs::read_to_string(repo.join("locks").join(&names[1])).unwrap();
    for field in ["process", "expires_at", "of_unit"] {
        assert!(text.contains(&format!("\"{field}\"")), "{text}");
    }
    drop(held);
    assert!(!repo.join("locks").exists(), "given back, and no directory stays");
}
