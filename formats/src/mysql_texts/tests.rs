//! Texts of real tools, and what other versions may write.

use chrono::NaiveDate;

use super::*;
use crate::fixture::mysql;

/// Each stream, and what its tool left beside it.
const PAIRS: [(&str, &str); 5] = [
    ("mariadb-10.11/full", "mariadb-10.11/extra-lsndir-full"),
    ("mariadb-10.11/inc", "mariadb-10.11/extra-lsndir-inc"),
    ("xtrabackup-2.4/full", "xtrabackup-2.4/extra-lsndir-0"),
    ("xtrabackup-2.4/inc1", "xtrabackup-2.4/extra-lsndir-1"),
    ("xtrabackup-2.4/inc2", "xtrabackup-2.4/extra-lsndir-2"),
];

#[test]
fn texts_in_the_stream_are_those_beside_it() {
    for (stream, beside) in PAIRS {
        let (members, _) = mysql::members(stream, |path| path.starts_with("xtrabackup_"));
        let text = |name: &str| mysql::text(&format!("{beside}/{name}"));
        let checkpoints = Checkpoints::parse(&members["xtrabackup_checkpoints"]).unwrap();
        let outside = text("xtrabackup_checkpoints");
        assert_eq!(Checkpoints::parse(outside.as_bytes()), Ok(checkpoints.clone()), "{stream}");
        assert!(checkpoints.other.is_empty() && !checkpoints.is_backwards());

        let mut info = BackupInfo::parse(&members["xtrabackup_info"]).unwrap();
        let mut outside = BackupInfo::parse(text("xtrabackup_info").as_bytes()).unwrap();
        // Measured: a copy of MariaDB's has an identity of its own.
        assert_eq!(info.uuid == outside.uuid, stream.starts_with("xtrabackup"));
        for info in [&mut info, &mut outside] {
            info.uuid = None;
            info.other.remove("lock_time");
            // Its paths were replaced: ORIGIN.md.
            info.other.remove("tool_command");
        }
        assert_eq!(info, outside, "{stream}");
        assert_eq!(info.innodb_from_lsn, Some(checkpoints.from_lsn));
        assert_eq!(info.innodb_to_lsn, Some(checkpoints.to_lsn));
        let is_incremental = checkpoints.backup_type == BackupType::Incremental;
        assert_eq!(info.incremental, Some(is_incremental));

        let place = BinlogPosition::parse_file(&members["xtrabackup_binlog_info"]).unwrap();
        assert_eq!((place.is_some(), place), (true, info.binlog));
    }
}

#[test]
fn values_are_what_the_text_says() {
    let text = mysql::text("xtrabackup-2.4/extra-lsndir-1/xtrabackup_checkpoints");
    let expected = Checkpoints {
        backup_type: BackupType::Incremental,
        from_lsn: 3_561_850,
        to_lsn: 3_574_713,
        last_lsn: Some(3_574_722),
        flushed_lsn: Some(3_574_722),
        recover_binlog_info: Some(false),
        compact: Some(false),
        other: [].into(),
    };
    assert_eq!(Checkpoints::parse(text.as_bytes()), Ok(expected));
    let text = mysql::text("mariadb-10.11/extra-lsndir-inc/xtrabackup_info");
    let info = BackupInfo::parse(text.as_bytes()).unwrap();
    let time = |second| NaiveDate::from_ymd_opt(2026, 11, 20).unwrap().and_hms_opt(12, 10, second);
    assert_eq!((info.start_time, info.end_time), (time(11), time(12)));
    assert_eq!(info.tool_name.as_deref(), Some("mariadb-backup"));
    assert_eq!((info.partial, info.compressed, info.encrypted), (Some(true), Some(false), None));
    assert_eq!(info.other["format"], "mbstream");
    let gtid = MariaDbGtid { domain: 0, server: 11, sequence: 59 };
    let place = BinlogPosition {
        file: "bin.000007".to_owned(),
        position: 2337,
        gtids: Some(Gtids::MariaDb(vec![gtid])),
    };
    assert_eq!(info.binlog, Some(place));
}

#[test]
fn later_keys_are_kept_and_missing_ones_are_missed() {
    let text = "backup_type = full-backuped\nfrom_lsn = 0\nto_lsn = 18446744073709551615\n\
                redo_memory = 1\nredo_frames = 2\n";
    let found = Checkpoints::parse(text.as_bytes()).unwrap();
    assert_eq!((found.to_lsn, found.last_lsn), (u64::MAX, None));
    assert_eq!(found.other.keys().collect::<Vec<_>>(), ["redo_frames", "redo_memory"]);
    let parse = |text: &str| Checkpoints::parse(text.as_bytes());
    let other = parse(&text.replace("full-backuped", "page-tracked")).unwrap();
    assert_eq!(other.backup_type, BackupType::Other("page-tracked".to_owned()));
    let missing = parse(&text.replace("to_lsn", "at_lsn"));
    assert_eq!(missing, Err(MysqlTextError::Missing { key: "to_lsn" }));
    for wrong in ["-1", "0x10", "18446744073709551616", "1 2"] {
        let refused = parse(&text.replace("18446744073709551615", wrong));
        let value = wrong.to_owned();
        assert_eq!(refused, Err(MysqlTextError::Value { key: "to_lsn", value }));
    }
    let twice = parse(&format!("{text}from_lsn = 1\n"));
    let key = "from_lsn".to_owned();
    assert_eq!(twice, Err(MysqlTextError::Text(TextError::Twice { line: 6, key })));
    let no_key = parse("what is this\n");
    assert_eq!(no_key, Err(MysqlTextError::Text(TextError::Line { line: 1 })));
    assert!(BackupInfo::parse(b"").is_ok());
    assert!(parse("").is_err());
    let long = KeyValues::parse(&vec![b'\n'; (1 << 20) + 1]);
    assert_eq!(long, Err(TextError::TooLong { bytes: (1 << 20) + 1 }));
}

#[test]
fn a_backup_from_the_future_is_backwards() {
    let text = |to, last| {
        format!("backup_type = incremental\nfrom_lsn = 99\nto_lsn = {to}\nlast_lsn = {last}\n")
    };
    let backwards =
        |to, last| Checkpoints::parse(text(to, last).as_bytes()).unwrap().is_backwards();
    assert!(backwards(98, 200));
    assert!(backwards(120, 119));
    assert!(!backwards(99, 99));
}

#[test]
fn sets_of_gtids_may_have_many_lines() {
    let uuids = ["0924e080-e4dd-11f1-99f8-02fc00000001", "0924E080-E4DD-11F1-99F8-02FC00000002"];
    let set = format!("{}:1-29:31,\n{}:5", uuids[0], uuids[1]);
    let info = format!(
        "uuid = x\nbinlog_pos = filename 'bin.000002', position '157', GTID of the last change \
         '{set}'\nstart_time = yesterday\ncompressed = compressed\n"
    );
    let info = BackupInfo::parse(info.as_bytes()).unwrap();
    let place = info.binlog.unwrap();
    let printed = place.gtids.as_ref().unwrap().to_string();
    assert_eq!(printed, set.replace('\n', "").to_ascii_lowercase());
    assert_eq!((info.compressed, info.start_time), (Some(true), None));
    assert_eq!(info.other["start_time"], "yesterday");
    let file = format!("bin.000002\t157\t{set}\n");
    assert_eq!(BinlogPosition::parse_file(file.as_bytes()), Ok(Some(place)));
    assert_eq!(BinlogPosition::parse_file(b" \n"), Ok(None));
    for text in ["bin.000002\t157\n", "bin.000002\t157\t\n", "bin.000002\t157"] {
        let place = BinlogPosition::parse_file(text.as_bytes()).unwrap().unwrap();
        assert_eq!((place.position, place.gtids), (157, None));
    }
    let sentence = BinlogPosition::parse_sentence("filename 'a b.000001', position '4'").unwrap();
    assert_eq!((sentence.file.as_str(), sentence.gtids), ("a b.000001", None));
}

#[test]
fn gtids_of_both_flavours() {
    let uuid = "0924e080-e4dd-11f1-99f8-02fc00000001";
    let same = |text: &str| assert_eq!(text.parse::<Gtids>().unwrap().to_string(), text);
    same("0-11-1340");
    same("0-11-1340,4294967295-1-18446744073709551615");
    same(&format!("{uuid}:1-29"));
    same(&format!("{uuid}:1:3-5,{uuid}:tag_1:7"));
    let tagged = format!("{uuid}:1:3-5:Tag_1:7").parse::<Gtids>().unwrap();
    assert_eq!(tagged.to_string(), format!("{uuid}:1:3-5,{uuid}:tag_1:7"));
    let wrong = ["", "0-11", "0-11-1-1", "a-b-c", "4294967296-1-1", "0--1", ",", "0-11-1,", ":"];
    for text in wrong {
        assert_eq!(text.parse::<Gtids>(), Err(GtidError), "{text}");
    }
    for runs in ["", ":", ":0", ":5-4", ":1-", ":1:tag", ":a:b:1", ":9tag:1", ":1-2-3", ":1:"] {
        assert_eq!(format!("{uuid}{runs}").parse::<Gtids>(), Err(GtidError), "{runs}");
    }
    assert_eq!("0924e080:1".parse::<Gtids>(), Err(GtidError));
}

#[test]
fn places_that_lead_elsewhere_are_refused() {
    for name in ["../bin.000001", "/bin", "..", ""] {
        let refused = BinlogPosition::parse_file(format!("{name}\t4\t0-1-1\n").as_bytes());
        assert_eq!(refused, Err(BinlogError::File { name: name.to_owned() }));
    }
    for text in ["bin.000001", "bin.000001\tx", "bin.000001\t-4\t"] {
        let refused = BinlogPosition::parse_file(text.as_bytes());
        assert_eq!(refused, Err(BinlogError::Place { text: text.to_owned() }));
    }
    let refused = BinlogPosition::parse_file(b"bin.000001\t4\tno");
    assert_eq!(refused, Err(BinlogError::Gtids { text: "no".to_owned() }));
    for text in
        ["", "filename 'a'", "filename 'a', position '4', more", "filename 'a', position '4"]
    {
        let refused = BinlogPosition::parse_sentence(text);
        assert_eq!(refused, Err(BinlogError::Place { text: text.to_owned() }));
    }
}
