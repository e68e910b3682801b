use std::collections::BTreeMap;

use chrono::NaiveDateTime;

use super::*;
use crate::fixture;

fn control(folder: &str) -> ControlFile {
    ControlFile::parse(&fixture::read(&format!("{folder}/pg_control.bin"))).unwrap()
}

/// What `pg_controldata` printed, by its own labels.
fn controldata(folder: &str) -> BTreeMap<String, String> {
    let text = fixture::text(&format!("{folder}/pg_control.txt"));
    let lines = text.lines().map(|line| line.split_once(':').unwrap());
    lines.map(|(label, value)| (label.to_owned(), value.trim().to_owned())).collect()
}

fn number(timeline: Option<TimelineId>) -> String {
    timeline.map_or(0, TimelineId::get).to_string()
}

/// Our reading, in the labels and the words of `pg_controldata`.
fn printed(file: &ControlFile) -> Vec<(&'static str, String)> {
    vec![
        ("pg_control version number", file.pg_control_version.to_string()),
        ("Catalog version number", file.catalog_version.to_string()),
        ("Database system identifier", file.system_identifier.to_string()),
        ("Database cluster state", file.state.to_string()),
        ("Latest checkpoint location", file.checkpoint.to_string()),
        ("Latest checkpoint's REDO location", file.redo.to_string()),
        ("Latest checkpoint's TimeLineID", file.timeline.to_string()),
        ("Latest checkpoint's PrevTimeLineID", number(file.prev_timeline)),
        ("Latest checkpoint's full_page_writes", on(file.full_page_writes)),
        ("Minimum recovery ending location", file.min_recovery_point.to_string()),
        ("Min recovery ending loc's timeline", number(file.min_recovery_timeline)),
        ("Backup start location", file.backup_start.to_string()),
        ("Backup end location", file.backup_end.to_string()),
        ("wal_level setting", file.wal_level.to_string()),
        ("max_connections setting", file.max_connections.to_string()),
        ("max_worker_processes setting", file.max_worker_processes.to_string()),
        ("max_wal_senders setting", file.max_wal_senders.unwrap().to_string()),
        ("max_prepared_xacts setting", file.max_prepared_xacts.to_string()),
        ("max_locks_per_xact setting", file.max_locks_per_xact.to_string()),
        ("Database block size", file.block_size.to_string()),
        ("Blocks per segment of large relation", file.relation_segment_blocks.to_string()),
        ("WAL block size", file.wal_block_size.to_string()),
        ("Bytes per WAL segment", file.segment_size.bytes().to_string()),
        ("Data page checksum version", file.data_checksum_version.to_string()),
    ]
}

fn on(setting: bool) -> String {
    if setting { "on" } else { "off" }.to_owned()
}

#[test]
fn agrees_with_pg_controldata() {
    for folder in ["15", "15/segsize1", "15/timeline", "17", "18"] {
        let (file, expected) = (control(folder), controldata(folder));
        for (label, value) in printed(&file) {
            assert_eq!(value, expected[label], "{folder}: {label}");
        }
        let time = &expected["pg_control last modified"];
        let time = NaiveDateTime::parse_from_str(time, "%a %b %e %H:%M:%S %Y").unwrap();
        assert_eq!(file.time, time.and_utc().timestamp(), "{folder}");
    }
}

#[test]
fn agrees_with_the_server_on_every_major() {
    for major in fixture::MAJORS {
        let folder = major.to_string();
        let file = control(&folder);
        assert_eq!(file.major, Some(major));
        let oracle = |kind, column| fixture::oracle(&folder, kind, column);
        assert_eq!(file.system_identifier.to_string(), oracle("system_identifier", "value"));
        assert_eq!(file.timeline.to_string(), oracle("timeline", "value"));
        assert_eq!(file.checkpoint.to_string(), oracle("control_file", "lsn"));
        assert_eq!(format!("redo {}", file.redo), oracle("checkpoint", "value"), "{major}");
    }
}

/// The clusters of ORIGIN.md differ in nothing but their version.
#[test]
fn reads_the_settings_of_every_major() {
    for major in fixture::MAJORS {
        let file = control(&major.to_string());
        let settings = (file.max_connections, file.max_worker_processes, file.max_wal_senders);
        assert_eq!(settings, (100, 8, (major >= 12).then_some(4)), "{major}");
        assert_eq!((file.max_prepared_xacts, file.max_locks_per_xact), (5, 64), "{major}");
        assert_eq!((file.state, file.wal_level), (ClusterState::InProduction, WalLevel::Replica));
        assert_eq!((file.block_size, file.wal_block_size), (8192, 8192), "{major}");
        assert_eq!((file.relation_segment_blocks, file.data_checksum_version), (131_072, 1));
        assert_eq!(file.segment_size.bytes(), 16 << 20, "{major}");
        assert_eq!((file.min_recovery_point, file.min_recovery_timeline), (Lsn::INVALID, None));
        assert_eq!((file.backup_start, file.backup_end), (Lsn::INVALID, Lsn::INVALID));
        assert_eq!((file.full_page_writes, file.prev_timeline), (true, TimelineId::new(1)));
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    for major in fixture::MAJORS {
        let good = fixture::read(&format!("{major}/pg_control.bin"));
        let layout = Layout::of(u32_at(&good, 8).unwrap()).unwrap();
        for bit in 0..(layout.crc + 4) * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(ControlFile::parse(&bytes).is_err(), "{major}: bit {bit}");
        }
    }
}

/// A copy with other bytes at `offset` and the checksum made right again.
fn changed(offset: usize, value: &[u8]) -> Result<ControlFile, ControlError> {
    let mut bytes = fixture::read("18/pg_control.bin");
    bytes[offset..offset + value.len()].copy_from_slice(value);
    let crc = crc32c::crc32c(&bytes[..292]);
    bytes[292..296].copy_from_slice(&crc.to_le_bytes());
    ControlFile::parse(&bytes)
}

#[test]
fn says_what_is_wrong() {
    let good = fixture::read("18/pg_control.bin");
    let short = |bytes, needed| ControlError::TooShort { bytes, needed };
    assert_eq!(ControlFile::parse(&good[..11]), Err(short(11, 12)));
    assert_eq!(ControlFile::parse(&good[..295]), Err(short(295, 296)));
    assert!(ControlFile::parse(&good[..296]).is_ok());

    let mut torn = good.clone();
    torn[40] ^= 1;
    assert!(matches!(ControlFile::parse(&torn), Err(ControlError::Checksum { .. })));

    let version = |version: u32| changed(8, &version.to_le_bytes()).unwrap_err();
    assert_eq!(version(1900), ControlError::UnknownVersion { version: 1900 });
    assert_eq!(version(1800_u32.swap_bytes()), ControlError::ByteOrder);

    let field = |field, value| Err(ControlError::Field { field, value });
    assert_eq!(changed(16, &[7]), field("cluster state", 7));
    assert_eq!(changed(48, &[0; 4]), field("timeline", 0));
    assert_eq!(changed(172, &[3]), field("wal_level", 3));
    assert_eq!(changed(216, &[1]), field("block size", 8193));
    assert_eq!(changed(216, &[0, 2]), field("block size", 512));
    assert_eq!(changed(216, &[0, 0, 2]), field("block size", 1 << 17));
    assert_eq!(changed(220, &[0; 4]), field("blocks per relation segment", 0));
    assert_eq!(changed(224, &[0; 4]), field("WAL block size", 0));
    assert_eq!(changed(228, &[1]), field("WAL segment size", (1 << 24) + 1));
    assert_eq!(changed(12, &[0]).unwrap().major, None);
    assert!(!changed(56, &[0]).unwrap().full_page_writes);
}

#[test]
fn reads_a_cluster_that_still_recovers() {
    let mut recovering = 0x0300_0000_u64.to_le_bytes().to_vec();
    recovering.extend(2_u64.to_le_bytes());
    recovering.extend(0x0200_0028_u64.to_le_bytes());
    recovering.extend(0x0400_0000_u64.to_le_bytes());
    let file = changed(136, &recovering).unwrap();
    assert_eq!(file.min_recovery_point, Lsn(0x0300_0000));
    assert_eq!(file.min_recovery_timeline, TimelineId::new(2));
    assert_eq!((file.backup_start, file.backup_end), (Lsn(0x0200_0028), Lsn(0x0400_0000)));
}
