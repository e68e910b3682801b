//! Units of a target: each in a directory of its own, under its full name.

use crate::log::{append_to, key};
use crate::setting::{OPTIONS, file, link, noise};
use errors::{Kind, Result};
use repository::{
    Claim, ExtractOptions, Repository, RepositorySink, UnitStore, VerifyReport, verify,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stream::{Body, Cancel, JobId, Level, LogScope, LogSink, Silent, Sink, TargetName, UnitName};
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

/// As `seawall verify` has it: every unit, and with the first one what they share.
fn verify_all(repository: &Repository, target: &TargetName) -> VerifyReport {
    let cancel = Cancel::new();
    let options = ExtractOptions { workers: 2, cancel: &cancel, progress: &Silent };
    let mut whole = VerifyReport::default();
    for (number, store) in repository.units(target).unwrap().iter().enumerate() {
        whole.add(verify(store, None, number == 0, options).unwrap());
    }
    whole
}

fn lines(report: &VerifyReport) -> Vec<String> {
    report.damages.iter().map(|damage| damage.error.line()).collect()
}

#[test]
fn every_log_is_verified_whoever_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Repository::storage(dir.path().join("r").to_str().unwrap()).unwrap();
    let repository = Repository::init(storage).unwrap();
    let target = TargetName::new("t").unwrap();
    // Two databases with logs of their own, and log of the target, which has no backup as a whole.
    for name in ["a", "b"] {
        let store = repository.unit(&target, Some(&unit(name)), LogScope::Unit);
        backup(&store).unwrap();
        append_to(&store, dir.path(), "P", name.as_bytes()).unwrap();
        assert!(store.log().have(&key("P")).unwrap());
    }
    let shared = repository.unit(&target, None, LogScope::Target);
    assert!(!shared.log().have(&key("P")).unwrap(), "it would be the unit's");
    append_to(&shared, dir.path(), "P", &noise(1, 1000)).unwrap();

    let stores = repository.units(&target).unwrap();
    assert_eq!(stores.len(), 2);
    assert!(stores.iter().all(UnitStore::has_own_log), "as they are stored");
    let report = verify_all(&repository, &target);
    assert_eq!((report.links, report.pieces, report.damages.len()), (2, 3, 0), "{report:?}");

    let root = dir.path().join("r/targets/t");
    for log in ["@a/log", "@b/log", "log"] {
        let piece = root.join(log).join("7710/00000001/00000000/P");
        let good = fs::read(&piece).unwrap();
        fs::write(&piece, &good[..good.len() - 1]).unwrap();
        assert_eq!(lines(&verify_all(&repository, &target)).len(), 1, "{log}");
        fs::write(&piece, good).unwrap();
    }
}

#[test]
fn a_lineage_that_was_accepted_before_the_first_log_is_the_units() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Repository::storage(dir.path().join("r").to_str().unwrap()).unwrap();
    let repository = Repository::init(storage).unwrap();
    let target = TargetName::new("t").unwrap();
    let one = repository.unit(&target, Some(&unit("a")), LogScope::Unit);
    one.accept_lineage("7710").unwrap();
    let stored = repository.units(&target).unwrap().remove(0);
    assert_eq!(stored.accepted_lineages().unwrap(), ["7710"]);
    let other = repository.unit(&target, Some(&unit("b")), LogScope::Unit);
    assert!(other.accepted_lineages().unwrap().is_empty());
}

/// A long name's directory, with one backup in it.
fn long(dir: &Path) -> (Repository, TargetName, UnitName, PathBuf) {
    let storage = Repository::storage(dir.join("r").to_str().unwrap()).unwrap();
    let repository = Repository::init(storage).unwrap();
    let target = TargetName::new("t").unwrap();
    let name = unit(&"größe ".repeat(20));
    backup(&repository.unit(&target, Some(&name), LogScope::Target)).unwrap();
    let place = dir.join("r/targets/t").join(format!("@{}", name.encoded()));
    (repository, target, name, place)
}

fn only(dir: &Path) -> PathBuf {
    let mut entries = fs::read_dir(dir).unwrap();
    let path = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none());
    path
}

#[test]
fn a_damaged_link_leaves_its_units_name_to_the_claim() {
    let dir = tempfile::tempdir().unwrap();
    let (repository, target, name, place) = long(dir.path());
    let link = only(&place.join("links"));
    let good = fs::read(&link).unwrap();
    fs::write(&link, &good[1..]).unwrap();
    let stores = repository.units(&target).unwrap();
    assert_eq!(stores[0].unit(), Some(&name));
    assert_eq!(lines(&verify_all(&repository, &target)).len(), 1);
    // It hinders no backup.
    backup(&stores[0]).unwrap();
    assert_eq!(stores[0].links().unwrap().len(), 1);
}

#[test]
fn a_unit_whose_name_is_lost_is_damage_and_not_silence() {
    let dir = tempfile::tempdir().unwrap();
    let (repository, target, name, place) = long(dir.path());
    for object in [only(&place.join("links")), place.join("jobs/0000000007/job.json")] {
        let good = fs::read(&object).unwrap();
        fs::write(&object, &good[1..]).unwrap();
    }
    assert_eq!(repository.units(&target).unwrap()[0].unit(), None);
    let told = lines(&verify_all(&repository, &target));
    assert!(told.len() == 1 && told[0].contains("/links/"), "{told:?}");
    backup(&repository.unit(&target, Some(&name), LogScope::Target)).unwrap();
    assert_eq!(repository.units(&target).unwrap()[0].unit(), Some(&name));
}

#[test]
fn directories_that_no_unit_has_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let (repository, target, name, place) = long(dir.path());
    // Moved by somebody: the unit would be looked for where it is not.
    let elsewhere = place.with_file_name(format!("@{}~{}", "x".repeat(67), "0".repeat(32)));
    fs::rename(&place, &elsewhere).unwrap();
    assert_eq!(repository.units(&target).unwrap()[0].unit(), None);
    let told = lines(&verify_all(&repository, &target));
    assert!(told.len() == 1 && told[0].contains(&name.to_string()), "{told:?}");
    fs::rename(&elsewhere, &place).unwrap();
    assert!(verify_all(&repository, &target).damages.is_empty());
    for strange in ["@%zz", "@", "@a~0"] {
        let path = place.with_file_name(strange);
        fs::create_dir(&path).unwrap();
        let told = lines(&verify_all(&repository, &target));
        assert!(told.len() == 1 && told[0].contains(&format!("t/{strange}:")), "{told:?}");
        fs::remove_dir(path).unwrap();
    }
    // A job that was killed before its first object is no damage.
    fs::create_dir_all(elsewhere.join("jobs/0000000001")).unwrap();
    assert!(verify_all(&repository, &target).damages.is_empty());
    assert_eq!(repository.units(&target).unwrap().len(), 1);
}

#[test]
fn a_link_of_the_target_does_not_name_a_unit() {
    let dir = tempfile::tempdir().unwrap();
    let (repository, target, _, place) = long(dir.path());
    let whole = repository.unit(&target, None, LogScope::Target);
    backup(&whole).unwrap();
    // A copy of the target's link and claim where the unit's were.
    let root = dir.path().join("r/targets/t");
    let link = only(&root.join("links"));
    fs::copy(&link, place.join("links").join(link.file_name().unwrap())).unwrap();
    fs::copy(root.join("jobs/0000000007/job.json"), place.join("jobs/0000000007/job.json"))
        .unwrap();
    let told = lines(&verify_all(&repository, &target));
    assert!(told.iter().any(|line| line.contains("is of no unit")), "{told:?}");
}
