//! The documents say what the code does.

use crate::{sources, top};
use std::collections::BTreeSet;
use std::fs;
use stream::Engine;
use yaml_rust2::YamlLoader;

fn read(path: &str) -> String {
    fs::read_to_string(top().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_page_of_errors_is_the_catalogue() {
    let page = errors::render_page(&rules());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(top().join("docs/errors.md"), &page).unwrap();
    }
    assert!(read("docs/errors.md") == page, "run this test with UPDATE=1");
}

/// Everything that `check` and `wal verify` look for.
fn rules() -> Vec<&'static errors::Rule> {
    let engines: [&dyn Engine; 2] = [&engine_postgresql::PostgreSql, &engine_mariadb::MariaDb];
    let of_engines = engines.into_iter().flat_map(|engine| {
        let descriptor = engine.descriptor();
        descriptor.check_rules.iter().chain(descriptor.log_rules)
    });
    repository::check::catalogue::RULES.iter().chain(of_engines).copied().collect()
}

#[test]
fn findings_have_names_of_their_own() {
    let ids: BTreeSet<_> = rules().into_iter().map(errors::Rule::id).collect();
    assert_eq!(ids.len(), rules().len());
    for rule in rules() {
        let kebab = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(rule.id().chars().all(kebab), "{}", rule.id());
        for sentence in [rule.meaning(), rule.remedy()] {
            assert!(sentence.ends_with('.') && !sentence.contains('|'), "{sentence}");
        }
    }
}

/// Rows of the traps: `| facts | trap | test, or why it does not apply |`.
#[test]
fn every_trap_has_a_test_that_exists() {
    let all: String = sources().into_iter().map(|(_, text)| text).collect();
    let page = read("docs/postgresql-traps.md");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| 5.")).collect();
    assert!(rows.len() >= 50, "{} rows", rows.len());
    let mut wrong = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, _, proof] = cells.as_slice() else {
            wrong.push(format!("{row}: not three cells"));
            continue;
        };
        let names: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        if names.is_empty()
            && !proof.starts_with("does not apply: ")
            && !proof.starts_with("later: ")
        {
            wrong.push(format!("{row}: neither a test nor a reason"));
        }
        wrong.extend(names.into_iter().filter(|name| !exists(&all, name)).map(missing));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Rows of MariaDB's traps: `| trap | what happens instead | test |`.
#[test]
fn every_trap_of_mariadb_has_a_test_that_exists() {
    let all: String = sources().into_iter().map(|(_, text)| text).collect();
    let page = read("docs/mariadb.md");
    let table = page.split("## Traps").nth(1).unwrap();
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() >= 10, "{} rows", rows.len());
    let mut wrong = Vec::new();
    for row in rows {
        let proof = row.trim_matches('|').split(" | ").nth(2).unwrap_or_default();
        let names: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            wrong.push(format!("{row}: no test"));
        }
        wrong.extend(names.into_iter().filter(|name| !exists(&all, name)).map(missing));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn exists(sources: &str, test: &str) -> bool {
    let function = test.rsplit("::").next().unwrap();
    sources.contains(&format!("fn {function}("))
}

fn missing(test: &str) -> String {
    format!("{test} does not exist")
}

#[test]
fn the_compose_file_is_yaml_of_services() {
    let text = read("docker-compose.yml");
    assert!(text.starts_with("# Untested here"), "it must say that nobody ran it");
    let documents = YamlLoader::load_from_str(&text).unwrap();
    let [document] = documents.as_slice() else { panic!("{} documents", documents.len()) };
    let services = document["services"].as_hash().unwrap();
    assert!(!services.is_empty());
    for (name, service) in services {
        let name = name.as_str().unwrap();
        assert!(service["image"].as_str().is_some_and(|image| image.contains(':')), "{name}");
        for port in service["ports"].as_vec().unwrap() {
            assert!(
                port.as_str().unwrap().starts_with("127.0.0.1:"),
                "{name} listens to everybody"
            );
        }
        for volume in service["volumes"].as_vec().unwrap() {
            let volume = volume.as_str().unwrap().split(':').next().unwrap();
            assert!(!document["volumes"][volume].is_badvalue(), "{name}: no volume {volume}");
        }
    }
}

#[test]
fn decisions_are_numbered_and_say_why() {
    let mut names: Vec<String> = fs::read_dir(top().join("docs/decisions"))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    for (number, name) in names.iter().enumerate() {
        assert!(name.starts_with(&format!("{:04}-", number + 1)), "{name}");
        let text = read(&format!("docs/decisions/{name}"));
        assert!(text.contains("\n## Decision\n") && text.contains("\n## Why\n"), "{name}");
    }
}

#[test]
fn the_readme_names_only_files_that_are_there() {
    for page in ["README.md", "CHANGELOG.md", "docs/format.md"] {
        for part in read(page).split("](").skip(1) {
            let target = part.split([')', '#']).next().unwrap();
            let dir = top().join(page).parent().unwrap().to_owned();
            if !target.is_empty() && !target.contains("://") {
                assert!(dir.join(target).exists(), "{page}: {target}");
            }
        }
    }
}
