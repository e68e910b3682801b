use super::*;
use formats::mysql_texts::{CHECKPOINTS_NAMES, INFO_NAMES};
use std::path::Path;

fn recorded(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/mysql").join(name);
    zstd::decode_all(std::fs::File::open(path).unwrap()).unwrap()
}

fn pass(bytes: &[u8], dialect: Dialect, step: usize) -> Arc<Seen> {
    let seen = Arc::new(Seen::default());
    let mut tap = StreamTap::boxed(dialect, &seen);
    for (number, block) in bytes.chunks(step).enumerate() {
        tap.bytes((number * step) as u64, block);
    }
    assert!(tap.findings().is_empty());
    seen
}

#[test]
fn members_become_rows_and_the_texts_are_kept() {
    let stream = recorded("mariadb-10.11/ddl-during-backup.xb.zst");
    let seen = pass(&stream, Dialect::MariaDb, 100_000);
    seen.summary().unwrap().check().unwrap();
    assert!(seen.text(CHECKPOINTS_NAMES).unwrap().starts_with(b"backup_type = full-backuped"));
    assert!(seen.text(INFO_NAMES).is_some());
    let (size, mut rows) = seen.take_rows().unwrap();
    let mut text = String::new();
    rows.read_to_string(&mut text).unwrap();
    assert_eq!(text.len() as u64, size);
    // The list beside the stream was made by another program.
    let listed = recorded_list("mariadb-10.11/ddl-during-backup.tsv");
    let rows: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ours: Vec<(String, Option<u64>)> = rows
        .iter()
        .filter(|row| row.get("removed").is_none())
        .map(|row| (row["path"].as_str().unwrap().to_owned(), row["size"].as_u64()))
        .collect();
    assert_eq!(ours, listed);
}

/// Path and length of each line; a rename has no length.
fn recorded_list(name: &str) -> Vec<(String, Option<u64>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/mysql").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    let line = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let path = percent_encode(cells[1].as_bytes(), |byte| byte.is_ascii_graphic());
        (cells[0] != "remove").then(|| (path, cells[2].parse().ok()))
    };
    text.lines().filter_map(line).collect()
}

#[test]
fn a_failed_backup_is_told_though_its_stream_is_whole() {
    let stream = recorded("xtrabackup-2.4/failed-inc-truncated.xb.zst");
    let seen = pass(&stream, Dialect::Percona, 1 << 20);
    assert!(seen.summary().unwrap().check().is_err());
    assert!(seen.text(CHECKPOINTS_NAMES).is_none());
}

#[test]
fn damage_is_known_while_the_stream_still_runs() {
    let mut stream = recorded("mariadb-10.11/inc.xb.zst");
    let middle = stream.len() / 2;
    stream[middle] ^= 1;
    let seen = Arc::new(Seen::default());
    let mut tap = StreamTap::boxed(Dialect::MariaDb, &seen);
    tap.bytes(0, &stream[..stream.len() - 1]);
    assert_eq!(seen.check().unwrap_err().kind(), Kind::Tool);
    tap.findings();
    assert!(seen.summary().is_err());
}

#[test]
fn a_stream_that_was_cut_is_damaged() {
    let stream = recorded("mariadb-10.11/inc.xb.zst");
    let seen = pass(&stream[..stream.len() - 3], Dialect::MariaDb, 65_536);
    // Not before the tool has said why.
    seen.check().unwrap();
    assert_eq!(seen.summary().unwrap_err().kind(), Kind::Tool);
}
