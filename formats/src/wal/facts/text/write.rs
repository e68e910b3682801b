//! Writing facts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

use super::{
    BEGIN, END, FINISHED, FIRST, FORKS, INCOMPLETE, LAST, MAJOR, MORE, NO_BYTES, OPENS, OVERWRITES,
    RECORDS, RESTORE_POINTS, SIZE, SYSTEM, TAIL, TIMELINES, TIMES, XIDS,
};
use crate::Lsn;
use crate::text::to_hex;
use crate::wal::facts::{Opening, Outcome, RestorePoint, SegmentEnd, SegmentFacts, Tail, TimeSpan};

impl SegmentFacts {
    /// The facts as names and values, of less than 56 KiB together.
    pub fn to_facts(&self) -> BTreeMap<String, String> {
        let mut facts = BTreeMap::new();
        let mut put = |key: &str, value: String| {
            if !value.is_empty() {
                facts.insert(key.to_owned(), value);
            }
        };
        put(BEGIN, self.begin.to_string());
        put(SIZE, self.size.bytes().to_string());
        put(SYSTEM, self.system_identifier.to_string());
        put(MAJOR, self.major.to_string());
        put(TIMELINES, format!("{} {}", self.timelines.0, self.timelines.1));
        put(RECORDS, count(self.records));
        put(FIRST, self.first.map(pair).unwrap_or_default());
        put(LAST, self.last.map(pair).unwrap_or_default());
        put(FINISHED, count(self.finished));
        put(TIMES, self.times.map(span).unwrap_or_default());
        put(XIDS, self.xids_text());
        put(RESTORE_POINTS, self.restore_points_text());
        let forks = self.forks.iter().map(|fork| format!("{} {} {}", fork.at, fork.from, fork.to));
        put(FORKS, forks.collect::<Vec<_>>().join("\n"));
        put(OVERWRITES, if self.overwrites { "yes".to_owned() } else { String::new() });
        put(OPENS, self.opens.as_ref().map(opening).unwrap_or_default());
        put(TAIL, self.tail.as_ref().map(tail).unwrap_or_default());
        put(END, end(&self.end));
        facts
    }

    fn xids_text(&self) -> String {
        let range = self.xids.map(|xids| format!("{} {}", xids.oldest, xids.newest));
        let incomplete = (!self.xids_complete).then(|| INCOMPLETE.to_owned());
        range.into_iter().chain(incomplete).collect::<Vec<_>>().join(" ")
    }

    fn restore_points_text(&self) -> String {
        let points = self.restore_points.iter().map(restore_point);
        let more = self.more_restore_points.then(|| MORE.to_owned());
        points.chain(more).collect::<Vec<_>>().join("\n")
    }
}

/// How long a restore point is in the list.
pub(in crate::wal::facts) fn restore_point_bytes(point: &RestorePoint) -> usize {
    restore_point(point).len() + 1
}

fn restore_point(point: &RestorePoint) -> String {
    let RestorePoint { begin, end, time: at, name } = point;
    let mut text = format!("{begin} {end} {} ", time(*at));
    for byte in name {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

pub(super) fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn count(count: u64) -> String {
    if count == 0 { String::new() } else { count.to_string() }
}

fn pair((one, other): (Lsn, Lsn)) -> String {
    format!("{one} {other}")
}

fn span(span: TimeSpan) -> String {
    format!("{} {}", time(span.earliest), time(span.latest))
}

fn opening(opening: &Opening) -> String {
    let Opening { length, here, crc, bytes, outcome } = opening;
    let outcome = match outcome {
        Outcome::Ends(end) => end.to_string(),
        Outcome::Passes => "passes".to_owned(),
        Outcome::Abandoned => "abandoned".to_owned(),
    };
    format!("{length} {here} {crc:08x} {outcome} {}", hex(bytes))
}

fn tail(tail: &Tail) -> String {
    let Tail { begin, length, here, crc, bytes } = tail;
    format!("{begin} {length} {here} {crc:08x} {}", hex(bytes))
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() { NO_BYTES.to_owned() } else { to_hex(bytes) }
}

fn end(end: &SegmentEnd) -> String {
    match end {
        SegmentEnd::Full => "full".to_owned(),
        SegmentEnd::Switch { at, end } => format!("switch {at} {end}"),
        SegmentEnd::Torn { at, reason } => format!("torn {at} {}", reason.word()),
    }
}
