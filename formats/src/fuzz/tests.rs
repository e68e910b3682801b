use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::*;
use crate::fixture;

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 26] = [
    ("backup_history", backup_history),
    ("backup_label", backup_label),
    ("control", control),
    ("first_page", first_page),
    ("innodb_delta", innodb_delta),
    ("lsn", lsn),
    ("lz4_frame", lz4_frame),
    ("manifest", manifest),
    ("mysql_texts", mysql_texts),
    ("page", page),
    ("piece_head", piece_head),
    ("piece_trailer", piece_trailer),
    ("plugin_line", plugin_line),
    ("qpress", qpress),
    ("relation", relation),
    ("sealed", sealed),
    ("segment_facts", segment_facts),
    ("system_identifier", system_identifier),
    ("tablespace_map", tablespace_map),
    ("tar", tar),
    ("timeline_history", timeline_history),
    ("wal_file", wal_file),
    ("wal_segment", wal_segment),
    ("xbcrypt", xbcrypt),
    ("xbstream", xbstream),
    ("xbstream_files", xbstream_files),
];

/// Inputs are cut here, so that the test stays within seconds.
const BYTES_MAX: usize = 16 << 10;

/// Damaged copies of each input.
const COPIES: usize = 8;

/// Every fixture, its name, and a few things that no server writes.
fn inputs() -> Vec<Vec<u8>> {
    let mut inputs = Vec::new();
    files(&fixture::root(), &mut inputs);
    assert!(inputs.len() > 150, "the fixtures are not all there");
    inputs.push(fixture::wal("18", "000000010000000000000002"));
    inputs.push(crate::sealed::seal("{\"a\":1}").unwrap().into_bytes());
    inputs.push(crate::log_piece::encode_trailer(&[7; 32]).to_vec());
    let members = fixture::mysql::members("xtrabackup-2.4/inc3-enc", |_| true).0;
    inputs.extend(members.into_values());
    let packed = |path: &str| path == "backup-my.cnf.qp";
    inputs.extend(fixture::mysql::members("xtrabackup-2.4/full-qp", packed).0.into_values());
    let stream = fixture::mysql::stream("mariadb-10.11/ddl-during-backup");
    inputs.push(stream[stream.len() - BYTES_MAX..].to_vec());
    let chunks = stream.windows(8).rposition(|bytes| bytes == b"XBSTCK01").unwrap();
    inputs.push(stream[chunks..].to_vec());
    inputs.push(fixture::mysql::stream("xtrabackup-2.4/inc3-enc"));
    let folder = "mariadb-10.11/extra-lsndir-inc";
    for name in ["xtrabackup_checkpoints", "xtrabackup_info"] {
        inputs.push(fixture::mysql::text(&format!("{folder}/{name}")).into_bytes());
    }
    for text in ["0/2000028", "7710244329930217866", "16384_vm.2", "t3_16384"] {
        inputs.push(text.into());
    }
    inputs.push(b"seawall:engine=postgresql:host=::1:x#enc=XmxIMWpXk:y=--z \\\" \\:".to_vec());
    inputs.push(b"host = h\nuser=u\\\n  ser\npassword#enc=XmxIMWpXk\n".to_vec());
    for input in &mut inputs {
        input.truncate(BYTES_MAX);
    }
    inputs
}

fn files(directory: &Path, found: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path.file_name().unwrap().as_encoded_bytes().to_vec());
            found.push(std::fs::read(path).unwrap());
        }
    }
}

/// A small generator (xorshift): the seed alone repeats a run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).unwrap()
    }

    fn damage(&mut self, bytes: &mut Vec<u8>) {
        let (at, to) = (self.below(bytes.len()), self.below(bytes.len()));
        match self.below(6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at.min(to)..at.max(to))),
            2 => bytes.extend_from_within(at.min(to)..at.max(to)),
            3 => bytes.insert(at, [0, b'\n', b'\\', b'"', 0xFF][self.below(5)]),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
        }
    }
}

#[test]
fn properties_hold_on_fixtures_and_damaged_copies() {
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    let given = std::env::var("FORMATS_SEED").ok().map(|seed| seed.parse().unwrap());
    let seed = given.unwrap_or(u64::try_from(clock).unwrap());
    println!("repeat with FORMATS_SEED={seed}");
    let mut random = Random(seed.max(1));
    for input in inputs() {
        for (name, target) in TARGETS {
            println!(
                "{name}: {} bytes, {}",
                input.len(),
                input[..input.len().min(40)].escape_ascii()
            );
            target(&input);
            let mut copy = input.clone();
            for _ in 0..COPIES {
                random.damage(&mut copy);
                target(&copy);
            }
        }
    }
}

#[test]
fn every_target_has_a_binary() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let binaries = std::fs::read_dir(package.join("fuzz_targets")).unwrap();
    let mut binaries: Vec<_> =
        binaries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    binaries.sort();
    let manifest = std::fs::read_to_string(package.join("Cargo.toml")).unwrap();
    let built: Vec<_> = manifest.split("path = \"fuzz_targets/").skip(1).collect();
    let built: Vec<_> = built.iter().map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(built, binaries);
    // A parser of another room, whose own tests run it.
    let elsewhere = binaries.binary_search(&"protocol.rs".to_owned()).unwrap();
    binaries.remove(elsewhere);
    assert_eq!(binaries, TARGETS.map(|(name, _)| format!("{name}.rs")));
}
