//! Units of a target: each in a directory of its own, under its full name.

use crate::setting::{OPTIONS, file, link};
use errors::{Kind, Result};
use repository::{Claim, Repository, RepositorySink, UnitStore};
use std::fs;
use std::sync::Arc;
use stream::{Body, Cancel, JobId, Level, LogScope, Silent, Sink, TargetName, UnitName};
use uuid::Uuid;

fn unit(name: &str) -> UnitName {
    UnitName::new(name).unwrap()
}

fn backup(store: &UnitStore) -> Result<()> {
    let id = Uuid::new_v4();
    let claim = Claim::take(store, id, Level::Full, JobId::new(7))?;
    let mut made = link(id, claim.job(), Vec::new());
    made.target = store.target().clone();
    made.unit = store.unit().cloned();
    let sink = RepositorySink::start(claim, OPTIONS, Cancel::new(), Arc::new(Silent))?;
    drop(sink.put(file("a", None, Body::Bytes(b"content".to_vec())))?);
    Box::new(sink).finish(made)
}

#[test]
fn every_unit_is_found_by_its_full_name() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Repository::storage(dir.path().join("r").to_str().unwrap()).unwrap();
    let repository = Repository::init(storage).unwrap();
    let target = TargetName::new("t").unwrap();
    let names = |repository: &Repository| -> Vec<Option<String>> {
        let units = repository.units(&target).unwrap();
        units.iter().map(|store| store.unit().map(|unit| unit.as_str().to_owned())).collect()
    };
    // Whatever is not there yet is one unit.
    assert_eq!(names(&repository), [None]);
    let (long, longer) = ("x".repeat(120), format!("{}y", "x".repeat(120)));
    for name in ["größe/*", ".", &long, &longer] {
        backup(&repository.unit(&target, Some(&unit(name)), LogScope::Target)).unwrap();
    }
    let of_units = [".", "größe/*", &long, &longer].map(|name| Some(name.to_owned()));
    assert_eq!(names(&repository), of_units);
    backup(&repository.unit(&target, None, LogScope::Target)).unwrap();
    assert_eq!(names(&repository)[0], None);
    assert_eq!(names(&repository)[1..], of_units);
    for store in repository.units(&target).unwrap() {
        assert_eq!(store.links().unwrap().len(), 1);
    }
}

#[test]
fn another_name_in_its_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Repository::storage(dir.path().join("r").to_str().unwrap()).unwrap();
    let repository = Repository::init(storage).unwrap();
    let target = TargetName::new("t").unwrap();
    let (one, other) = (unit(&"x".repeat(120)), unit(&"z".repeat(120)));
    let store = |name| repository.unit(&target, Some(name), LogScope::Target);
    backup(&store(&one)).unwrap();
    // As if both hashes were equal.
    let place =
        |name: &UnitName| dir.path().join("r/targets/t").join(format!("@{}", name.encoded()));
    fs::rename(place(&one), place(&other)).unwrap();
    assert_eq!(backup(&store(&other)).unwrap_err().kind(), Kind::Exists);
    let name = store(&other).link_names().unwrap()[0];
    assert_eq!(store(&other).link(&name).unwrap_err().kind(), Kind::Manifest);
    // Nothing of it is taken for the other's.
    assert!(store(&other).links().unwrap().is_empty());
}
