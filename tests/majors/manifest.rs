//! What `backup_manifest` says of a restored directory: by the stock tool, where it reads that
//! major's manifest; otherwise by reading it here, with nothing of the program's.

use fixtures::postgresql::Programs;
use fixtures::run;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Beside the log, what differs from the source's by intention: as the stock tool has it.
const NOT_LISTED: &[&str] =
    &["backup_manifest", "postgresql.auto.conf", "recovery.signal", "standby.signal", "pg_wal"];

pub(crate) fn check(major: u16, restored: &Path) {
    let path = restored.join("backup_manifest");
    match major {
        ..13 => assert!(!path.exists(), "{major} has no manifest"),
        13..=16 => stock(major, restored),
        17.. => {
            let bytes = fs::read(&path).unwrap();
            let manifest: Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(manifest["PostgreSQL-Backup-Manifest-Version"], 2, "{major}");
            assert!(manifest["System-Identifier"].is_u64(), "{major}");
            assert!(manifest["WAL-Ranges"][0]["Start-LSN"].is_string(), "{major}");
            assert_eq!(manifest["Manifest-Checksum"], own_sum(&path).as_str(), "{major}");
            files(major, restored, &manifest);
        }
    }
}

/// Debian's tool reads the manifests of 13 to 16, and the log of its own major.
fn stock(major: u16, restored: &Path) {
    let debian = Programs::of_major(15).unwrap();
    let mut command = debian.command("pg_verifybackup");
    if major != 15 {
        command.arg("--no-parse-wal");
    }
    run(command.arg(restored)).ok();
}

/// SHA-256 of all lines but the last, which holds it.
fn own_sum(path: &Path) -> String {
    let text =
        run(Command::new("sh").args(["-c", "head -n -1 \"$1\" | sha256sum", "sh"]).arg(path));
    text.out().split(' ').next().unwrap().to_owned()
}

/// Every file is listed, and is as the list says.
fn files(major: u16, restored: &Path, manifest: &Value) {
    let table = crc_table();
    let mut listed = BTreeSet::new();
    for file in manifest["Files"].as_array().unwrap() {
        let name = file["Path"].as_str().unwrap();
        assert!(listed.insert(name.to_owned()), "{major}: {name} is listed twice");
        if NOT_LISTED.contains(&name) {
            continue;
        }
        let bytes =
            fs::read(restored.join(name)).unwrap_or_else(|e| panic!("{major}: {name}: {e}"));
        assert_eq!(file["Size"], bytes.len(), "{major}: {name}");
        assert_eq!(file["Checksum-Algorithm"], "CRC32C", "{major}: {name}");
        assert_eq!(file["Checksum"], crc32c(&table, &bytes).as_str(), "{major}: {name}");
    }
    let mut found = BTreeSet::new();
    walk(restored, "", &mut found);
    let unlisted: Vec<&String> = found.difference(&listed).collect();
    assert!(unlisted.is_empty(), "{major}: {unlisted:?}");
}

/// Files below a directory, tablespaces through their links.
fn walk(dir: &Path, below: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if NOT_LISTED.contains(&name.as_str()) {
            continue;
        }
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{name}/"), found);
        } else {
            found.insert(name);
        }
    }
}

fn crc_table() -> Vec<u32> {
    let entry = |byte: u32| {
        (0..8).fold(byte, |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 })
    };
    (0..256).map(entry).collect()
}

/// As the server prints it: the bytes of the number, lowest first.
fn crc32c(table: &[u32], bytes: &[u8]) -> String {
    let step = |crc: u32, byte: &u8| (crc >> 8) ^ table[usize::from(crc.to_le_bytes()[0] ^ byte)];
    let crc = !bytes.iter().fold(!0_u32, step);
    crc.to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
