//! What is in the recorded streams, against what other readers and the tools themselves say.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::checksum::Crc32;
use crate::fixture::mysql::{self, FAILED, STREAMS};

#[test]
fn every_recorded_stream_is_listed() {
    let mut found = BTreeSet::new();
    for folder in ["mariadb-10.11", "xtrabackup-2.4"] {
        for entry in std::fs::read_dir(mysql::root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let name = name.strip_suffix(".xb.zst").map(|name| format!("{folder}/{name}"));
            found.extend(name);
        }
    }
    assert_eq!(found, STREAMS.map(|(name, _)| name.to_owned()).into());
}

/// The rows of a stream's `.tsv`, made anew; on the way every CRC-32C is compared.
fn rows(name: &str, dialect: Dialect) -> (String, Summary) {
    let mut files = Files::new(dialect);
    let mut open = BTreeMap::new();
    let mut rows = String::new();
    mysql::each_piece(name, |mut piece| {
        while let Some(FileEvent { path, what }) = files.next(&mut piece).unwrap() {
            match what {
                What::Begin { .. } => {
                    open.insert(path, (Crc32::new(), 0));
                }
                What::Data { bytes, .. } => {
                    let (crc, crc32c) = open.get_mut(&path).unwrap();
                    crc.update(bytes);
                    *crc32c = crc32c::crc32c_append(*crc32c, bytes);
                }
                What::End(member) => {
                    let (crc, crc32c) = open.remove(&path).unwrap();
                    assert_eq!((member.crc32c, member.holes), (crc32c, 0));
                    let kind = if member.rewrite { "rewrite" } else { "file" };
                    let row = format!("{kind}\t{path}\t{}\t{:08x}\n", member.size, crc.value());
                    rows.push_str(&row);
                }
                What::Rename { to } => rows.push_str(&format!("rename\t{path}\t{to}\t\n")),
                What::Hole { .. } | What::Remove => panic!("{path}: {what:?}"),
            }
        }
    });
    (rows, files.finish().unwrap())
}

#[test]
fn members_are_those_that_another_reader_finds() {
    for (name, dialect) in STREAMS {
        let (found, summary) = rows(name, dialect);
        let expected = mysql::text(&format!("{name}.tsv"));
        assert!(found == expected, "{name}: {found}");
        let files = expected.lines().filter(|row| !row.starts_with("rename"));
        let sizes = files.map(|row| row.split('\t').nth(2).unwrap().parse::<u64>().unwrap());
        let (members, bytes) = sizes.fold((0, 0), |(n, sum), size| (n + 1, sum + size));
        assert_eq!((summary.members, summary.bytes), (members, bytes), "{name}");
    }
}

#[test]
fn only_the_failed_backup_is_recognised_as_failed() {
    for (name, _) in STREAMS {
        let (_, summary) = mysql::members(name, |_| false);
        if name != FAILED {
            assert_eq!(summary.check(), Ok(()), "{name}");
            continue;
        }
        // Either sign alone is enough.
        let path = path("app/pc.ibd.delta");
        assert_eq!(summary.check(), Err(NotABackup::EmptyDelta { path }));
        let summary = Summary { empty_delta: None, ..summary };
        assert_eq!(summary.check(), Err(NotABackup::NoCheckpoints));
    }
}

/// Names of InnoDB files stand there without what incrementals and packing add to them.
#[test]
fn members_are_those_that_the_tools_name() {
    let streams = [
        ("mariadb-10.11/full", "full"),
        ("mariadb-10.11/inc", "inc"),
        ("xtrabackup-2.4/full", "full"),
        ("xtrabackup-2.4/inc1", "inc1"),
        (FAILED, "failed-inc"),
    ];
    for (name, printed) in streams {
        let folder = name.split('/').next().unwrap();
        let printed = mysql::text(&format!("{folder}/{printed}.stderr.txt"));
        let named: BTreeSet<_> = printed.lines().filter_map(named).collect();
        let rows = mysql::text(&format!("{name}.tsv"));
        let found: BTreeSet<_> = rows.lines().map(|row| row.split('\t').nth(1).unwrap()).collect();
        let plain = |path: &&str| {
            let path = path.strip_suffix(".meta").or(path.strip_suffix(".delta")).unwrap_or(path);
            path.to_owned()
        };
        let found: BTreeSet<_> = found.iter().map(plain).collect();
        assert_eq!(named.difference(&found).collect::<Vec<_>>(), [""; 0], "{name}");
        // mariadb-backup says nothing of the data of Aria and MyISAM tables either.
        let is_told = |path: &&str| {
            let kinds = [".MAD", ".MAI", ".MYD", ".MYI"];
            !(folder == "mariadb-10.11" && kinds.iter().any(|kind| path.ends_with(kind)))
        };
        let silent = found.difference(&named).map(String::as_str);
        let silent: Vec<_> = silent.filter(is_told).collect();
        let expected: &[&str] = match folder {
            _ if name == FAILED => &[],
            "mariadb-10.11" => &["aria_log.00000001", "ib_logfile0", "xtrabackup_checkpoints"],
            _ => &[
                "backup-my.cnf",
                "xtrabackup_binlog_info",
                "xtrabackup_checkpoints",
                "xtrabackup_info",
                "xtrabackup_logfile",
            ],
        };
        assert_eq!(silent, expected, "{name}");
    }
}

fn named(line: &str) -> Option<String> {
    let name = line.split_once("Streaming ")?.1;
    let name = name.strip_suffix(" to <STDOUT>").unwrap_or(name);
    let name = name.strip_prefix("./").unwrap_or(name);
    let name = if name.starts_with('$') { name.rsplit('/').next()? } else { name };
    (name != "<STDOUT>").then(|| name.to_owned())
}

/// The last files of a backup that went well, as MariaDB writes them.
#[test]
fn metadata_comes_last() {
    let (kept, _) = read(&mysql::stream("mariadb-10.11/inc"), Dialect::MariaDb, 1 << 20);
    let ends = kept.iter().rev().filter_map(|kept| match kept {
        Kept::Other(FileEvent { path, what: What::End(_) }) => Some(path.to_string()),
        _ => None,
    });
    let last = ["xtrabackup_info", "backup-my.cnf", "xtrabackup_checkpoints", "ib_logfile0"];
    assert_eq!(ends.take(4).collect::<Vec<_>>(), last);
}

#[test]
fn chunks_of_any_size_give_the_same_events() {
    let streams =
        [("mariadb-10.11/inc", Dialect::MariaDb), ("xtrabackup-2.4/inc3-enc", Dialect::Percona)];
    for (name, dialect) in streams {
        let bytes = mysql::stream(name);
        let whole = read(&bytes, dialect, bytes.len());
        for chunk in [1, 7, 14, 1000, 65_536] {
            assert!(read(&bytes, dialect, chunk) == whole, "{name}: chunks of {chunk}");
        }
    }
}
