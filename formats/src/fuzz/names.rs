//! Names and numbers: what was read prints as it stood.

use crate::relation::{RelationFile, is_temporary};
use crate::{Lsn, SegmentName, SegmentNumber, SegmentSize, SystemIdentifier, WalFile};

/// A position prints as another spelling of the same position.
pub fn lsn(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(lsn) = text.parse::<Lsn>() else { return };
    assert_eq!(lsn.to_string().parse(), Ok(lsn));
    let zeros = |half: &str| half.trim_start_matches('0').to_ascii_uppercase();
    let halves = |text: &str| text.split_once('/').map(|(high, low)| (zeros(high), zeros(low)));
    assert_eq!(halves(&lsn.to_string()), halves(text));
    assert_eq!(lsn.position20().len(), 20);
    let json = serde_json::to_string(&lsn).unwrap_or_default();
    assert_eq!(serde_json::from_str::<Lsn>(&json).ok(), Some(lsn));
}

/// A system identifier has one spelling.
pub fn system_identifier(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(identifier) = text.parse::<SystemIdentifier>() {
        assert_eq!(identifier.to_string(), text);
    }
}

/// An archived file has one name, and a segment the same one by way of its number.
pub fn wal_file(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Some(file) = WalFile::parse(text) else { return };
    assert_eq!(file.to_string(), text);
    let WalFile::Segment(raw) = file else { return };
    for size in (20..=30).filter_map(|shift| SegmentSize::new(1 << shift)) {
        let segment = raw.with_size(size);
        assert_eq!(SegmentName::parse(text, size), segment);
        let Some(segment) = segment else { continue };
        assert_eq!(segment.name(size), text);
        assert_eq!(SegmentNumber::of(segment.first_lsn(size), size), segment.number);
    }
}

/// A relation file has one name, and with a backend in front it is a temporary one.
pub fn relation(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let temporary = is_temporary(text);
    if let Some(file) = RelationFile::parse(text) {
        assert_eq!(file.to_string(), text);
        assert!(!temporary);
        assert!(is_temporary(&format!("t3_{text}")));
    }
    assert!(!temporary || text.starts_with('t'));
}
