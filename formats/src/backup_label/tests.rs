use super::*;
use crate::fixture;

fn label(folder: &str) -> BackupLabel {
    BackupLabel::parse(&fixture::read(&format!("{folder}/backup_label"))).unwrap()
}

fn history(folder: &str, name: &str) -> BackupHistory {
    BackupHistory::parse(&fixture::read(&format!("{folder}/{name}"))).unwrap()
}

#[test]
fn agrees_with_the_server_on_every_major() {
    for major in fixture::MAJORS {
        let folder = major.to_string();
        let read = label(&folder);
        let oracle = |kind, column| fixture::oracle(&folder, kind, column);
        assert_eq!(read.start_wal.to_string(), oracle("backup_start", "lsn"));
        assert_eq!(read.start_wal_file, oracle("backup_start", "value"));
        assert_eq!(read.label, oracle("backup_start", "name"));
        assert!(read.checkpoint > read.start_wal);
        assert_eq!(read.method, "streamed");
        assert_eq!(read.from, if major < 14 { "master" } else { "primary" }, "{major}");
        assert!(read.start_time.starts_with("2026-11-20 ") && read.start_time.ends_with(" UTC"));
        let timeline = if major < 11 { None } else { TimelineId::new(1) };
        assert_eq!((read.start_timeline, read.incremental_from), (timeline, None), "{major}");

        let whole = history(&folder, "000000010000000000000002.00000028.backup");
        assert_eq!(whole.label, read, "{major}");
        assert_eq!(whole.stop_wal.to_string(), oracle("backup_stop", "lsn"));
        assert_eq!(whole.stop_wal_file, oracle("backup_stop", "value"));
        assert!(whole.stop_time.starts_with("2026-11-20 "));
        assert_eq!(whole.stop_timeline, timeline, "{major}");
    }
}

#[test]
fn reads_segments_of_another_size() {
    let whole = history("15/segsize1", "000000010000000000000009.00000028.backup");
    assert_eq!(whole.label.start_wal, Lsn(0x0090_0028));
    assert_eq!(whole.label.start_wal_file, "000000010000000000000009");
}

/// The text of the fixture of 17 with one part replaced.
fn changed(from: &str, to: &str) -> Result<BackupLabel, BackupLabelError> {
    let text = fixture::text("17/backup_label");
    assert!(text.contains(from), "{from:?}");
    BackupLabel::parse(text.replacen(from, to, 1).as_bytes())
}

#[test]
fn reads_an_incremental_backup_and_unknown_later_lines() {
    let more = "START TIMELINE: 1\nNEW IN 21: x\nINCREMENTAL FROM LSN: 0/01000028\nINCREMENTAL FROM TLI: 1\n";
    let read = changed("START TIMELINE: 1\n", more).unwrap();
    let (lsn, timeline) = (Lsn(0x0100_0028), TimelineId::new(1).unwrap());
    assert_eq!(read.incremental_from, Some(IncrementalFrom { lsn, timeline }));
    let half = changed("START TIMELINE: 1\n", "INCREMENTAL FROM TLI: 1\n").unwrap_err();
    assert_eq!(half, BackupLabelError::Value { key: "INCREMENTAL FROM LSN: " });
    let half = changed("START TIMELINE: 1\n", "INCREMENTAL FROM LSN: 1/1\n").unwrap_err();
    assert_eq!(half, BackupLabelError::Value { key: "INCREMENTAL FROM TLI: " });
}

#[test]
fn takes_any_label() {
    assert_eq!(changed("fixture label", "").unwrap().label, "");
    let bytes = b"LABEL: \xFF\xFE\n".to_vec();
    let text = fixture::text("17/backup_label");
    let (before, after) = text.split_once("LABEL: fixture label\n").unwrap();
    let bytes = [before.as_bytes(), &bytes, after.as_bytes()].concat();
    assert_eq!(BackupLabel::parse(&bytes).unwrap().label, "\u{FFFD}\u{FFFD}");
    // A newline in a label is not escaped by the server, so its second line looks like a line.
    assert_eq!(changed("fixture label", "two\nlines").unwrap().label, "two");
}

#[test]
fn refuses_what_recovery_would_misread() {
    let missing = |line, expected| BackupLabelError::Missing { line, expected };
    assert_eq!(changed("BACKUP METHOD: streamed\n", ""), Err(missing(3, "BACKUP METHOD: ")));
    assert_eq!(changed("START WAL", "Start WAL"), Err(missing(1, "START WAL LOCATION: ")));
    assert_eq!(BackupLabel::parse(b"\n"), Err(missing(1, "START WAL LOCATION: ")));
    let value = |key| Err(BackupLabelError::Value { key });
    assert_eq!(changed("0/2000028 ", "0/0 "), value("START WAL LOCATION: "));
    assert_eq!(changed("02)", "2)"), value("START WAL LOCATION: "));
    assert_eq!(changed("0/2000080", "0/"), value("CHECKPOINT LOCATION: "));
    assert_eq!(changed("TIMELINE: 1", "TIMELINE: 01"), value("START TIMELINE: "));
    let key = "START TIMELINE: ";
    assert_eq!(
        changed("label\n", "label\nSTART TIMELINE: 1\n"),
        Err(BackupLabelError::Repeated { key })
    );
    let (timeline, file) = (TimelineId::new(2).unwrap(), "000000010000000000000002".to_owned());
    assert_eq!(
        changed("TIMELINE: 1", "TIMELINE: 2"),
        Err(BackupLabelError::Timeline { timeline, file })
    );
}

#[test]
fn refuses_a_cut_or_endless_file() {
    let text = fixture::text("17/backup_label");
    let cut = BackupLabel::parse(text.trim_end().as_bytes());
    assert_eq!(cut, Err(BackupLabelError::Unterminated));
    assert_eq!(BackupLabel::parse(b""), Err(BackupLabelError::Unterminated));
    let bytes = (64 << 10) + 1;
    assert_eq!(BackupLabel::parse(&vec![b'\n'; bytes]), Err(BackupLabelError::TooLong { bytes }));
}

#[test]
fn a_history_file_tells_the_end() {
    let text = fixture::text("17/000000010000000000000002.00000028.backup");
    let without = |line: &str| {
        let text = text.replacen(line, "", 1);
        BackupHistory::parse(text.as_bytes()).unwrap_err()
    };
    let stop = "STOP WAL LOCATION: 0/203D870 (file 000000010000000000000002)\n";
    let expected = "STOP WAL LOCATION: ";
    assert_eq!(without(stop), BackupLabelError::Missing { line: 2, expected });
    let time = without("STOP TIME: 2026-11-20 13:26:19 UTC\n");
    assert_eq!(time, BackupLabelError::Value { key: "STOP TIME: " });
    let expected = "CHECKPOINT LOCATION: ";
    let as_label = BackupLabel::parse(text.as_bytes());
    assert_eq!(as_label, Err(BackupLabelError::Missing { line: 2, expected }));
}
