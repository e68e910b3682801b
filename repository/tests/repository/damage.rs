//! Damage of every kind is found, by extraction and by verification, with its place.

use crate::log::append;
use crate::setting::{Setting, file, noise};
use errors::Kind;
use repository::{ExtractOptions, LinkDocument, Repository, VerifyReport, verify};
use std::fs;
use std::path::Path;
use stream::{Body, Cancel, LogReach, RelPath, RootName, Silent};

fn report(setting: &Setting) -> VerifyReport {
    let cancel = Cancel::new();
    let options = ExtractOptions { workers: 2, cancel: &cancel, progress: &Silent };
    verify(&setting.store, None, true, options).unwrap()
}

fn backed_up() -> (Setting, LinkDocument) {
    let setting = Setting::new();
    append(&setting, "000000010000000000000002", &noise(9, 300_000)).unwrap();
    let reach = LogReach {
        lineage: "7710".into(),
        lane: "00000001".into(),
        root: RootName::new("data").unwrap(),
        directory: RelPath::new("pg_wal").unwrap(),
        pieces: vec!["00000000/000000010000000000000002".into()],
    };
    let files = (0..20_u64)
        .map(|number| file(&format!("base/{number}"), None, Body::Bytes(noise(number, 350_000))));
    let document = setting.backup(files.collect(), vec![reach]);
    (setting, document)
}

#[test]
fn an_untouched_repository_verifies() {
    let (setting, document) = backed_up();
    let report = report(&setting);
    assert!(report.damages.is_empty(), "{:?}", report.damages);
    assert_eq!((report.links, report.pieces), (1, 1));
    assert_eq!(report.volumes, document.volumes.len() as u64);
    assert_eq!(report.bytes, 20 * 350_000 + 300_000);
}

#[test]
fn one_flipped_byte_is_found_in_every_kind_of_object() {
    let (setting, document) = backed_up();
    let log = setting.objects("targets/pg-main/log");
    let first = &document.volumes[0];
    let objects = [
        setting.root().join(&first.volume.key),
        setting.root().join(&first.rows.key),
        setting.root().join("targets/pg-main/jobs/0000000604/job.json"),
        setting.root().join(format!("targets/pg-main/links/{}.json", document.link.name())),
        log[0].clone(),
        setting.root().join("targets/pg-main/lineages/7710.json"),
    ];
    assert!(setting.store.accept_lineage("7710").unwrap());
    for object in objects {
        flip_bytes(&object, &|| {
            let found = report(&setting).damages;
            assert!(!found.is_empty(), "{}", object.display());
        });
    }
    flip_bytes(&setting.root().join("seawall.json"), &|| {
        let storage = Repository::storage(setting.root().to_str().unwrap()).unwrap();
        assert!(Repository::open(storage).is_err());
    });
    assert!(report(&setting).damages.is_empty());
}

/// Flips single bytes, at both ends and in between, and calls `check` for each.
fn flip_bytes(path: &Path, check: &dyn Fn()) {
    let good = fs::read(path).unwrap();
    let step = (good.len() / 24).max(1);
    let ends = (0..12).chain(good.len().saturating_sub(12)..good.len());
    for position in ends.chain((0..good.len()).step_by(step)) {
        let mut bad = good.clone();
        bad[position] ^= 0x10;
        fs::write(path, &bad).unwrap();
        check();
    }
    fs::write(path, good).unwrap();
}

#[test]
fn a_damaged_volume_is_named_with_its_offset() {
    let (setting, document) = backed_up();
    let key = &document.volumes[0].volume.key;
    let path = setting.root().join(key);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = setting.extract(&document).unwrap_err();
    assert_eq!(error.kind(), Kind::Checksum);
    let message = error.message();
    assert!(message.starts_with(&format!("{key} is damaged near byte ")), "{message}");
    let offset: usize = message
        .split("near byte ")
        .nth(1)
        .and_then(|rest| rest.split(':').next())
        .and_then(|digits| digits.parse().ok())
        .unwrap();
    assert!(offset <= middle && offset + (2 << 20) > middle, "{offset} for {middle}");
}

#[test]
fn truncation_exchange_and_deletion_are_found() {
    let (setting, document) = backed_up();
    let paths: Vec<_> =
        document.volumes.iter().map(|volume| setting.root().join(&volume.volume.key)).collect();
    let (one, two) = (fs::read(&paths[0]).unwrap(), fs::read(&paths[1]).unwrap());

    fs::write(&paths[0], &one[..one.len() - 1]).unwrap();
    let damages = report(&setting).damages;
    assert_eq!(damages.len(), 1);
    assert!(damages[0].error.message().contains("were written (differs from byte"));

    fs::write(&paths[0], &two).unwrap();
    fs::write(&paths[1], &one).unwrap();
    assert_eq!(report(&setting).damages.len(), 2);

    fs::write(&paths[1], &two).unwrap();
    fs::remove_file(&paths[0]).unwrap();
    let damages = report(&setting).damages;
    assert_eq!(damages.len(), 1);
    assert!(damages[0].error.message().ends_with("000001.tar.zst is missing"));

    fs::write(&paths[0], &one).unwrap();
    fs::remove_file(&setting.objects("targets/pg-main/log")[0]).unwrap();
    let damages = report(&setting).damages;
    assert_eq!(damages[0].error.kind(), Kind::LogGap);
}

#[test]
fn a_link_under_another_name_is_not_taken_for_it() {
    let (setting, document) = backed_up();
    let mut name = document.link.name();
    let links = setting.root().join("targets/pg-main/links");
    let old = links.join(format!("{name}.json"));
    name.job = name.job.next();
    fs::copy(old, links.join(format!("{name}.json"))).unwrap();
    assert_eq!(setting.store.link(&name).unwrap_err().kind(), Kind::Manifest);
}

#[test]
fn a_damaged_link_hinders_neither_a_backup_nor_a_restore_of_another() {
    let (setting, document) = backed_up();
    let path = setting.root().join(format!("targets/pg-main/links/{}.json", document.link.name()));
    let other = setting.backup(vec![file("f", None, Body::Bytes(vec![1]))], Vec::new());
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(&path, bytes).unwrap();
    let readable = setting.store.links().unwrap();
    assert_eq!(readable.len(), 1);
    assert_eq!(readable[0].link.id, other.link.id);
    setting.backup(vec![file("f", None, Body::Bytes(vec![1]))], Vec::new());
    assert_eq!(report(&setting).damages.len(), 1);
}

#[test]
fn a_lease_and_an_unfinished_jobs_claim_are_looked_at_too() {
    let (setting, _) = backed_up();
    let _running = setting.claim(uuid::Uuid::new_v4()).unwrap();
    assert!(report(&setting).damages.is_empty());
    let lease = setting.objects("locks").remove(0);
    let claim = setting.root().join("targets/pg-main/jobs/0000000605/job.json");
    for path in [lease, claim] {
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[50] ^= 1;
        fs::write(&path, bad).unwrap();
        assert_eq!(report(&setting).damages.len(), 1, "{}", path.display());
        fs::write(&path, good).unwrap();
    }
}
