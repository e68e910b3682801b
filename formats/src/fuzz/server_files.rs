//! Files that a server wrote: what was read can be written again and reads the same.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::control::LAYOUTS;
use crate::control::{ControlError, ControlFile};
use crate::manifest::{self, FileChecksum, ManifestParser, ManifestWriter};
use crate::page::{PageState, page_lsn, verify_page};
use crate::tablespace_map;
use crate::{
    BackupHistory, BackupLabel, FirstPage, History, SegmentName, SegmentNumber, SystemIdentifier,
    TimelineId, text,
};

/// A history's path has no gap, and its lines read the same when written plainly.
pub fn timeline_history(data: &[u8]) {
    for own in [5, u32::MAX].into_iter().filter_map(TimelineId::new) {
        let Ok(history) = History::parse(own, data) else { continue };
        let mut lines = String::new();
        for entry in &history.entries {
            let _ = writeln!(lines, "{}\t{}\t{}", entry.timeline, entry.switch, entry.reason);
            assert_eq!(history.fork_of(entry.timeline), Some(entry.switch));
        }
        let path = history.path(own);
        assert_eq!(path.len(), history.entries.len() + 1);
        let mut pairs = path.iter().zip(path.iter().skip(1));
        assert!(pairs.all(|(older, newer)| older.end == Some(newer.begin)));
        assert_eq!(History::parse(own, lines.as_bytes()), Ok(history));
    }
}

/// A first page agrees with the name that follows from it.
pub fn first_page(data: &[u8]) {
    let Ok(page) = FirstPage::parse(data) else { return };
    assert!((10..=18).contains(&page.major));
    let number = SegmentNumber::of(page.page_address, page.segment_size);
    let name = SegmentName { timeline: page.timeline, number };
    assert_eq!(page.check(&name, Some(page.system_identifier)), Ok(()));
    let next = SegmentName { number: number.next(), ..name };
    assert!(page.check(&next, None).is_err());
}

/// A file with the right checksum is read, or a field is blamed.
pub fn control(data: &[u8]) {
    let _ = ControlFile::parse(data);
    for layout in &LAYOUTS {
        let mut file = data.to_vec();
        file.resize(8192, 0);
        put(&mut file, 8, layout.version);
        let crc = crc32c::crc32c(file.get(..layout.crc).unwrap_or_default());
        put(&mut file, layout.crc, crc);
        match ControlFile::parse(&file) {
            Ok(control) => assert_eq!(control.pg_control_version, layout.version),
            Err(error) => assert!(matches!(error, ControlError::Field { .. }), "{error}"),
        }
    }
}

fn put(bytes: &mut [u8], offset: usize, value: u32) {
    for (to, from) in bytes.iter_mut().skip(offset).zip(value.to_le_bytes()) {
        *to = from;
    }
}

/// A label reads the same when its lines are written plainly.
pub fn backup_label(data: &[u8]) {
    let Ok(label) = BackupLabel::parse(data) else { return };
    let text = format!("{}{}", label_head(&label, ""), label_tail(&label));
    assert_eq!(BackupLabel::parse(text.as_bytes()), Ok(label));
}

/// A history file reads the same when its lines are written plainly.
pub fn backup_history(data: &[u8]) {
    let Ok(history) = BackupHistory::parse(data) else { return };
    let label = &history.label;
    let stop =
        format!("STOP WAL LOCATION: {} (file {})\n", history.stop_wal, history.stop_wal_file);
    let mut text = label_head(label, &stop) + &label_tail(label);
    let _ = writeln!(text, "STOP TIME: {}", history.stop_time);
    if let Some(timeline) = history.stop_timeline {
        let _ = writeln!(text, "STOP TIMELINE: {timeline}");
    }
    assert_eq!(BackupHistory::parse(text.as_bytes()), Ok(history));
}

fn label_head(label: &BackupLabel, stop: &str) -> String {
    format!(
        "START WAL LOCATION: {} (file {})\n{stop}CHECKPOINT LOCATION: {}\nBACKUP METHOD: {}\n\
         BACKUP FROM: {}\nSTART TIME: {}\nLABEL: {}\n",
        label.start_wal,
        label.start_wal_file,
        label.checkpoint,
        label.method,
        label.from,
        label.start_time,
        label.label
    )
}

fn label_tail(label: &BackupLabel) -> String {
    let mut text = String::new();
    if let Some(timeline) = label.start_timeline {
        let _ = writeln!(text, "START TIMELINE: {timeline}");
    }
    if let Some(from) = label.incremental_from {
        let _ = writeln!(text, "INCREMENTAL FROM LSN: {}", from.lsn);
        let _ = writeln!(text, "INCREMENTAL FROM TLI: {}", from.timeline);
    }
    text
}

/// Whatever a server reads from a map, we can write so that it reads the same.
pub fn tablespace_map(data: &[u8]) {
    for major in [13, 14] {
        let Ok(entries) = tablespace_map::parse(data, major) else { continue };
        let printed = tablespace_map::print(&entries, major).unwrap_or_default();
        assert_eq!(tablespace_map::parse(&printed, major), Ok(entries));
    }
}

/// A page with the checksum that was computed for it is valid.
pub fn page(data: &[u8]) {
    let whole = data.len() - data.len() % 128;
    for page in [data, data.get(..whole).unwrap_or_default()] {
        let PageState::Mismatch { stored, computed, lsn } = verify_page(page, 7) else { continue };
        assert_ne!(stored, computed);
        assert_ne!(computed, 0);
        assert_eq!(page_lsn(page), Some(lsn));
        let mut right = page.to_vec();
        for (to, from) in right.iter_mut().skip(8).zip(computed.to_le_bytes()) {
            *to = from;
        }
        assert_eq!(verify_page(&right, 7), PageState::Valid);
    }
}

/// A manifest reads the same in one piece and in many, and again when it is written anew.
pub fn manifest(data: &[u8]) {
    manifest_of(data);
    manifest_of(&with_checksum(data));
    let head = b"{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n\"Files\": [\n";
    let tail = b"\n],\n\"WAL-Ranges\": [\n],\n";
    manifest_of(&with_checksum(&[head, data, tail].concat()));
}

fn with_checksum(lines: &[u8]) -> Vec<u8> {
    let digest = text::to_hex(&Sha256::digest(lines));
    [lines, b"\"Manifest-Checksum\": \"", digest.as_bytes(), b"\"}\n"].concat()
}

fn manifest_of(bytes: &[u8]) {
    let mut files = Vec::new();
    let whole = manifest::parse(bytes, &mut |file| files.push(file));
    let (mut parser, mut same) = (ManifestParser::new(), Vec::new());
    let pushed =
        bytes.chunks(97).try_for_each(|piece| parser.push(piece, &mut |file| same.push(file)));
    assert_eq!(pushed.and_then(|()| parser.finish()), whole);
    assert_eq!(same, files);
    let Ok(summary) = whole else { return };

    let system = summary.system_identifier.unwrap_or(SystemIdentifier::new(0));
    let mut out = Vec::new();
    let mut writer = ManifestWriter::begin(summary.version, system, &mut out);
    for file in &mut files {
        let crc = match file.checksum {
            Some(FileChecksum::Crc32c(crc)) => Some(crc),
            // The writer has no other, so neither has the copy.
            _ => None,
        };
        file.checksum = crc.map(FileChecksum::Crc32c);
        writer.file(&mut out, &file.path, file.size, file.mtime, crc);
    }
    writer.finish(&mut out, &summary.ranges);
    let mut again = Vec::new();
    assert_eq!(manifest::parse(&out, &mut |file| again.push(file)), Ok(summary));
    assert_eq!(again, files);
}
