//! The lines of a backup label, one key and one value each.

use std::borrow::Cow;

use super::BackupLabelError;
use crate::segment::WalFile;
use crate::{Lsn, TimelineId, text};

/// Largest label read, in bytes; a server's has less than 2 KiB, for a label of 1024 at most.
const BYTES_MAX: usize = 64 << 10;

const START_TIMELINE: &str = "START TIMELINE: ";
pub(super) const STOP_TIME: &str = "STOP TIME: ";
const STOP_TIMELINE: &str = "STOP TIMELINE: ";
pub(super) const INCREMENTAL_LSN: &str = "INCREMENTAL FROM LSN: ";
pub(super) const INCREMENTAL_TLI: &str = "INCREMENTAL FROM TLI: ";

/// The lines that have not been read yet.
pub(super) struct Lines<'a> {
    text: Cow<'a, str>,
    offset: usize,
    number: usize,
}

/// The lines after the label, which not every server prints.
#[derive(Default)]
pub(super) struct Tail {
    pub(super) start_timeline: Option<TimelineId>,
    pub(super) stop_time: Option<String>,
    pub(super) stop_timeline: Option<TimelineId>,
    pub(super) incremental_lsn: Option<Lsn>,
    pub(super) incremental_timeline: Option<TimelineId>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, BackupLabelError> {
        if bytes.len() > BYTES_MAX {
            return Err(BackupLabelError::TooLong { bytes: bytes.len() });
        }
        if !bytes.ends_with(b"\n") {
            return Err(BackupLabelError::Unterminated);
        }
        Ok(Self { text: String::from_utf8_lossy(bytes), offset: 0, number: 0 })
    }

    fn next(&mut self) -> Option<&str> {
        let rest = self.text.get(self.offset..)?;
        let (line, _) = rest.split_once('\n')?;
        self.offset = self.offset.saturating_add(line.len()).saturating_add(1);
        self.number = self.number.saturating_add(1);
        Some(line)
    }

    /// The next line's value; the line must have this key.
    pub(super) fn value(&mut self, key: &'static str) -> Result<String, BackupLabelError> {
        let value = self.next().and_then(|line| line.strip_prefix(key)).map(str::to_owned);
        value.ok_or(BackupLabelError::Missing { line: self.number, expected: key })
    }

    /// A position, as in `0/2000060`.
    pub(super) fn lsn(&mut self, key: &'static str) -> Result<Lsn, BackupLabelError> {
        valid_lsn(&self.value(key)?).ok_or(BackupLabelError::Value { key })
    }

    /// A position and its segment, as in `0/2000028 (file 000000010000000000000002)`.
    pub(super) fn location(
        &mut self,
        key: &'static str,
    ) -> Result<(Lsn, String), BackupLabelError> {
        let value = self.value(key)?;
        location(&value).ok_or(BackupLabelError::Value { key })
    }

    /// Whatever follows the label, in any order, each key at most once.
    pub(super) fn tail(&mut self) -> Result<Tail, BackupLabelError> {
        let mut tail = Tail::default();
        while let Some(line) = self.next() {
            if let Some(value) = line.strip_prefix(START_TIMELINE) {
                set(&mut tail.start_timeline, START_TIMELINE, valid_timeline(value))?;
            } else if let Some(value) = line.strip_prefix(STOP_TIMELINE) {
                set(&mut tail.stop_timeline, STOP_TIMELINE, valid_timeline(value))?;
            } else if let Some(value) = line.strip_prefix(STOP_TIME) {
                set(&mut tail.stop_time, STOP_TIME, Some(value.to_owned()))?;
            } else if let Some(value) = line.strip_prefix(INCREMENTAL_LSN) {
                set(&mut tail.incremental_lsn, INCREMENTAL_LSN, valid_lsn(value))?;
            } else if let Some(value) = line.strip_prefix(INCREMENTAL_TLI) {
                set(&mut tail.incremental_timeline, INCREMENTAL_TLI, valid_timeline(value))?;
            }
        }
        Ok(tail)
    }
}

fn set<T>(
    slot: &mut Option<T>,
    key: &'static str,
    value: Option<T>,
) -> Result<(), BackupLabelError> {
    let value = value.ok_or(BackupLabelError::Value { key })?;
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(BackupLabelError::Repeated { key }),
    }
}

fn valid_lsn(value: &str) -> Option<Lsn> {
    value.parse().ok().filter(|lsn: &Lsn| lsn.is_valid())
}

fn valid_timeline(value: &str) -> Option<TimelineId> {
    text::decimal(value).and_then(TimelineId::new)
}

fn location(value: &str) -> Option<(Lsn, String)> {
    let (lsn, file) = value.strip_suffix(')')?.split_once(" (file ")?;
    match WalFile::parse(file)? {
        WalFile::Segment(_) => Some((valid_lsn(lsn)?, file.to_owned())),
        _ => None,
    }
}

/// The timeline if it is there and is the segment's own.
pub(super) fn same_timeline(
    timeline: Option<TimelineId>,
    file: &str,
) -> Result<Option<TimelineId>, BackupLabelError> {
    match timeline {
        Some(timeline) if !file.starts_with(&timeline.hex8()) => {
            Err(BackupLabelError::Timeline { timeline, file: file.to_owned() })
        }
        timeline => Ok(timeline),
    }
}
