//! `backup_label` and backup history files: what a server says at the end of a backup.
//!
//! The text goes into a backup byte for byte as the server returned it; it is read here, not made.

use std::borrow::Cow;

use crate::segment::WalFile;
use crate::{Lsn, TimelineId, text};

/// What `backup_label` says about a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupLabel {
    /// Redo position of the backup's checkpoint: recovery starts here.
    pub start_wal: Lsn,
    /// Name of the segment that holds it, 24 hexadecimal digits.
    pub start_wal_file: String,
    /// Position of the backup's checkpoint record.
    pub checkpoint: Lsn,
    /// How the backup was taken; `streamed` makes recovery wait for the backup's end.
    pub method: String,
    /// `primary` (`master` from 10 to 13) or `standby`.
    pub from: String,
    /// Start time as printed, in the zone of the server's log.
    pub start_time: String,
    /// The label given at the start; bytes that are not UTF-8 are replaced.
    pub label: String,
    /// Timeline on which the backup started; 10 does not print it.
    pub start_timeline: Option<TimelineId>,
    /// Set in a server's own incremental backup, since 17. No server starts from one.
    pub incremental_from: Option<IncrementalFrom>,
}

/// The backup that a server's incremental backup builds on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncrementalFrom {
    /// Start position of that backup.
    pub lsn: Lsn,
    /// Its timeline.
    pub timeline: TimelineId,
}

/// What a backup history file (`….backup`) says: the label, and where the backup ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupHistory {
    /// The same as in `backup_label`.
    pub label: BackupLabel,
    /// First position after the backup's end; the log up to here is needed.
    pub stop_wal: Lsn,
    /// Name of the segment as the server printed it. On a boundary servers differ about which of two
    /// segments that is: use [`crate::SegmentNumber::of_last_byte`].
    pub stop_wal_file: String,
    /// Stop time as printed, in the zone of the server's log.
    pub stop_time: String,
    /// Timeline on which the backup ended; 10 does not print it.
    pub stop_timeline: Option<TimelineId>,
}

/// Why a backup label or a backup history file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupLabelError {
    /// The file is larger than any server writes.
    #[error("a backup label of {bytes} bytes is too large")]
    TooLong {
        /// The file's length in bytes.
        bytes: usize,
    },
    /// The last line has no end: the file was cut.
    #[error("the backup label does not end with a newline")]
    Unterminated,
    /// A line is not where every server prints it.
    #[error("line {line} of the backup label does not begin with {expected:?}")]
    Missing {
        /// Line number, from 1.
        line: usize,
        /// What the line must begin with.
        expected: &'static str,
    },
    /// A line's value cannot be read.
    #[error("the backup label has no valid value after {key:?}")]
    Value {
        /// What the line begins with.
        key: &'static str,
    },
    /// A line is there twice.
    #[error("the backup label has two lines {key:?}")]
    Repeated {
        /// What both lines begin with.
        key: &'static str,
    },
    /// The timeline differs from that of the segment's name, which recovery refuses.
    #[error("the backup label says timeline {timeline}, its segment is {file}")]
    Timeline {
        /// The timeline printed.
        timeline: TimelineId,
        /// The segment's name.
        file: String,
    },
}

impl BackupLabel {
    /// Reads the text of `backup_label`.
    ///
    /// Lines up to the label must be complete and in the server's order. `read_backup_label` does
    /// without some of them, and then forgets to wait for the backup's end. Unknown lines after the
    /// label are skipped, so that later servers may add some.
    ///
    /// # Errors
    ///
    /// Where the text is not a label that servers 10 to 18 recover from.
    pub fn parse(bytes: &[u8]) -> Result<Self, BackupLabelError> {
        let mut lines = Lines::new(bytes)?;
        let start = lines.location("START WAL LOCATION: ")?;
        let (label, _) = Self::rest(&mut lines, start)?;
        Ok(label)
    }

    /// Everything after the locations, which label and history file have in common.
    fn rest(
        lines: &mut Lines,
        (start_wal, start_wal_file): (Lsn, String),
    ) -> Result<(Self, Tail), BackupLabelError> {
        let mut label = Self {
            start_wal,
            start_wal_file,
            checkpoint: lines.lsn("CHECKPOINT LOCATION: ")?,
            method: lines.value("BACKUP METHOD: ")?,
            from: lines.value("BACKUP FROM: ")?,
            start_time: lines.value("START TIME: ")?,
            label: lines.value("LABEL: ")?,
            start_timeline: None,
            incremental_from: None,
        };
        let tail = lines.tail()?;
        label.start_timeline = same_timeline(tail.start_timeline, &label.start_wal_file)?;
        label.incremental_from = match (tail.incremental_lsn, tail.incremental_timeline) {
            (Some(lsn), Some(timeline)) => Some(IncrementalFrom { lsn, timeline }),
            (None, None) => None,
            (Some(_), None) => {
                return Err(BackupLabelError::Value { key: INCREMENTAL_TLI });
            }
            (None, Some(_)) => {
                return Err(BackupLabelError::Value { key: INCREMENTAL_LSN });
            }
        };
        Ok((label, tail))
    }
}

impl BackupHistory {
    /// Reads the text of a backup history file.
    ///
    /// # Errors
    ///
    /// As [`BackupLabel::parse`], and where the backup's end is not told.
    pub fn parse(bytes: &[u8]) -> Result<Self, BackupLabelError> {
        let mut lines = Lines::new(bytes)?;
        let start = lines.location("START WAL LOCATION: ")?;
        let (stop_wal, stop_wal_file) = lines.location("STOP WAL LOCATION: ")?;
        let (label, tail) = BackupLabel::rest(&mut lines, start)?;
        let stop_time = tail.stop_time.ok_or(BackupLabelError::Value { key: STOP_TIME })?;
        let stop_timeline = same_timeline(tail.stop_timeline, &stop_wal_file)?;
        Ok(Self { label, stop_wal, stop_wal_file, stop_time, stop_timeline })
    }
}

/// Largest label read, in bytes; a server's has less than 2 KiB, for a label of 1024 at most.
const BYTES_MAX: usize = 64 << 10;

const START_TIMELINE: &str = "START TIMELINE: ";
const STOP_TIME: &str = "STOP TIME: ";
const STOP_TIMELINE: &str = "STOP TIMELINE: ";
const INCREMENTAL_LSN: &str = "INCREMENTAL FROM LSN: ";
const INCREMENTAL_TLI: &str = "INCREMENTAL FROM TLI: ";

/// The lines that have not been read yet.
struct Lines<'a> {
    text: Cow<'a, str>,
    offset: usize,
    number: usize,
}

/// The lines after the label, which not every server prints.
#[derive(Default)]
struct Tail {
    start_timeline: Option<TimelineId>,
    stop_time: Option<String>,
    stop_timeline: Option<TimelineId>,
    incremental_lsn: Option<Lsn>,
    incremental_timeline: Option<TimelineId>,
}

impl<'a> Lines<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, BackupLabelError> {
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
    fn value(&mut self, key: &'static str) -> Result<String, BackupLabelError> {
        let value = self.next().and_then(|line| line.strip_prefix(key)).map(str::to_owned);
        value.ok_or(BackupLabelError::Missing { line: self.number, expected: key })
    }

    /// A position, as in `0/2000060`.
    fn lsn(&mut self, key: &'static str) -> Result<Lsn, BackupLabelError> {
        valid_lsn(&self.value(key)?).ok_or(BackupLabelError::Value { key })
    }

    /// A position and its segment, as in `0/2000028 (file 000000010000000000000002)`.
    fn location(&mut self, key: &'static str) -> Result<(Lsn, String), BackupLabelError> {
        let value = self.value(key)?;
        location(&value).ok_or(BackupLabelError::Value { key })
    }

    /// Whatever follows the label, in any order, each key at most once.
    fn tail(&mut self) -> Result<Tail, BackupLabelError> {
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
fn same_timeline(
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

#[cfg(test)]
mod tests;
