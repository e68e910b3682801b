//! Timelines: the branches of a cluster's history, one begun by every promotion; and their history
//! files (`NNNNNNNN.history`), which say where a timeline's ancestors were left.

use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::{Lsn, text};

/// A timeline's number (`TimeLineID`); the first is 1, and 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimelineId(NonZeroU32);

impl TimelineId {
    /// The timeline of that number, or `None` for 0.
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// Eight upper-case hexadecimal digits, as in the names of WAL files.
    pub fn hex8(self) -> String {
        format!("{:08X}", self.0)
    }
}

impl fmt::Display for TimelineId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// Largest history file read, in bytes: some ten thousand promotions.
const BYTES_MAX: usize = 1 << 20;

/// The ancestors of one timeline, oldest first; empty for a timeline without any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// One entry for every ancestor that was left.
    pub entries: Vec<HistoryEntry>,
}

/// One line of a history file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The ancestor.
    pub timeline: TimelineId,
    /// Where it was left: the first position that belongs to the next timeline.
    pub switch: Lsn,
    /// The server's remark, such as `at restore point "x"`; bytes that are not UTF-8 are replaced.
    pub reason: String,
}

/// The part of the log that one timeline contributes to a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineSpan {
    /// The timeline.
    pub timeline: TimelineId,
    /// First position on it; [`Lsn::INVALID`] on the oldest, which has no known beginning.
    pub begin: Lsn,
    /// First position past it; `None` on the newest, which goes on.
    pub end: Option<Lsn>,
}

/// Why a history file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// The file is larger than any server writes.
    #[error("a timeline history of {bytes} bytes is larger than {BYTES_MAX}")]
    TooLong {
        /// The file's length in bytes.
        bytes: usize,
    },
    /// The line does not begin with a timeline.
    #[error("line {line} of the timeline history does not begin with a timeline")]
    Timeline {
        /// Line number, from 1.
        line: usize,
    },
    /// The line has no position as its second field.
    #[error("line {line} of the timeline history has no switch point")]
    SwitchPoint {
        /// Line number, from 1.
        line: usize,
    },
    /// Timelines must increase and stay below the file's own.
    #[error("timeline {timeline} in line {line} of the timeline history is out of sequence")]
    Sequence {
        /// Line number, from 1.
        line: usize,
        /// The timeline in that line.
        timeline: TimelineId,
    },
    /// A timeline cannot have been left before it began.
    #[error("the switch point in line {line} of the timeline history lies before the previous one")]
    SwitchDecreases {
        /// Line number, from 1.
        line: usize,
    },
}

impl History {
    /// Reads the history file of timeline `own` as `readTimeLineHistory` does: blank lines and
    /// comments are skipped, everything after the switch point is a remark.
    ///
    /// # Errors
    ///
    /// As the server, where a line cannot be read or timelines do not increase up to `own`; unlike
    /// it, also where switch points decrease, because no chain of segments could follow them.
    pub fn parse(own: TimelineId, bytes: &[u8]) -> Result<Self, HistoryError> {
        if bytes.len() > BYTES_MAX {
            return Err(HistoryError::TooLong { bytes: bytes.len() });
        }
        let mut entries: Vec<HistoryEntry> = Vec::new();
        for (line, content) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
            let content = content.trim_ascii();
            if content.is_empty() || content.starts_with(b"#") {
                continue;
            }
            let entry = parse_line(line, content)?;
            let timeline = entry.timeline;
            let previous = entries.last();
            if timeline >= own || previous.is_some_and(|previous| timeline <= previous.timeline) {
                return Err(HistoryError::Sequence { line, timeline });
            }
            if previous.is_some_and(|previous| entry.switch < previous.switch) {
                return Err(HistoryError::SwitchDecreases { line });
            }
            entries.push(entry);
        }
        Ok(Self { entries })
    }

    /// The spans from the oldest ancestor to `own`, the timeline the history belongs to. Each ends
    /// where the next begins.
    pub fn path(&self, own: TimelineId) -> Vec<TimelineSpan> {
        let mut spans = Vec::with_capacity(self.entries.len().saturating_add(1));
        let mut begin = Lsn::INVALID;
        for entry in &self.entries {
            spans.push(TimelineSpan { timeline: entry.timeline, begin, end: Some(entry.switch) });
            begin = entry.switch;
        }
        spans.push(TimelineSpan { timeline: own, begin, end: None });
        spans
    }

    /// Where the ancestor `timeline` was left, or `None` if it is no ancestor.
    pub fn fork_of(&self, timeline: TimelineId) -> Option<Lsn> {
        self.entries.iter().find(|entry| entry.timeline == timeline).map(|entry| entry.switch)
    }
}

fn parse_line(line: usize, content: &[u8]) -> Result<HistoryEntry, HistoryError> {
    let content = String::from_utf8_lossy(content);
    let (first, rest) = split_field(&content);
    let timeline =
        text::decimal(first).and_then(TimelineId::new).ok_or(HistoryError::Timeline { line })?;
    let (second, reason) = split_field(rest);
    match second.parse::<Lsn>() {
        Ok(switch) if switch.is_valid() => {
            Ok(HistoryEntry { timeline, switch, reason: reason.to_owned() })
        }
        _ => Err(HistoryError::SwitchPoint { line }),
    }
}

/// The field up to white space, and what follows that space.
fn split_field(text: &str) -> (&str, &str) {
    match text.split_once(|character: char| character.is_ascii_whitespace()) {
        Some((field, rest)) => (field, rest.trim_ascii_start()),
        None => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn zero_is_no_timeline() {
        assert_eq!(TimelineId::new(0), None);
        assert!(serde_json::from_str::<TimelineId>("0").is_err());
    }

    #[test]
    fn prints_decimal_and_names_hexadecimal() {
        let timeline = TimelineId::new(31).unwrap();
        assert_eq!(timeline.to_string(), "31");
        assert_eq!(timeline.hex8(), "0000001F");
        assert_eq!(serde_json::to_string(&timeline).unwrap(), "31");
        assert_eq!(serde_json::from_str::<TimelineId>("31").unwrap(), timeline);
    }

    fn timeline(number: u32) -> TimelineId {
        TimelineId::new(number).unwrap()
    }

    fn error(text: &str) -> HistoryError {
        History::parse(timeline(5), text.as_bytes()).unwrap_err()
    }

    #[test]
    fn reads_what_a_server_wrote() {
        let bytes = fixture::read("15/timeline/00000003.history");
        let history = History::parse(timeline(3), &bytes).unwrap();
        let expected = [
            (timeline(1), Lsn(0x0300_6250), "at restore point \"switch one\""),
            (timeline(2), Lsn(0x0300_AB78), "after transaction 726"),
        ];
        let found = history.entries.iter();
        let found: Vec<_> = found.map(|e| (e.timeline, e.switch, e.reason.as_str())).collect();
        assert_eq!(found, expected);
        assert_eq!(history.fork_of(timeline(2)), Some(Lsn(0x0300_AB78)));
        assert_eq!(history.fork_of(timeline(3)), None);
        let spans = [
            (timeline(1), Lsn::INVALID, Some(Lsn(0x0300_6250))),
            (timeline(2), Lsn(0x0300_6250), Some(Lsn(0x0300_AB78))),
            (timeline(3), Lsn(0x0300_AB78), None),
        ]
        .map(|(timeline, begin, end)| TimelineSpan { timeline, begin, end });
        assert_eq!(history.path(timeline(3)), spans);
    }

    #[test]
    fn a_first_timeline_is_one_endless_span() {
        let spans = History::default().path(timeline(1));
        assert_eq!(spans, [TimelineSpan { timeline: timeline(1), begin: Lsn::INVALID, end: None }]);
    }

    #[test]
    fn skips_what_the_server_skips() {
        let text = "# a comment\n\n  \t\n 1 0/10\n2\t \t0/010\twhy  not \r\n4\t0/20";
        let history = History::parse(timeline(5), text.as_bytes()).unwrap();
        let reasons: Vec<_> = history.entries.iter().map(|entry| entry.reason.as_str()).collect();
        assert_eq!(reasons, ["", "why  not", ""]);
        assert_eq!(history.entries[1].switch, Lsn(16));
    }

    #[test]
    fn names_the_line_at_fault() {
        assert_eq!(error("\nx\t0/10"), HistoryError::Timeline { line: 2 });
        assert_eq!(error("0\t0/10"), HistoryError::Timeline { line: 1 });
        assert_eq!(error("1"), HistoryError::SwitchPoint { line: 1 });
        assert_eq!(error("1\t0/0"), HistoryError::SwitchPoint { line: 1 });
        assert_eq!(error("1\t0-10"), HistoryError::SwitchPoint { line: 1 });
        let sequence = |timeline, line| HistoryError::Sequence { line, timeline };
        assert_eq!(error("2\t0/10\n2\t0/20"), sequence(timeline(2), 2));
        assert_eq!(error("5\t0/10"), sequence(timeline(5), 1));
        assert_eq!(error("1\t0/20\n2\t0/10"), HistoryError::SwitchDecreases { line: 2 });
        assert!(History::parse(timeline(5), &vec![b'\n'; BYTES_MAX]).is_ok());
        let bytes = BYTES_MAX + 1;
        assert_eq!(error(&"\n".repeat(bytes)), HistoryError::TooLong { bytes });
    }
}
