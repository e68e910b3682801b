//! Reading facts, which may have been written by a later version, or by anyone.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::{
    BEGIN, END, FINISHED, FIRST, FORKS, INCOMPLETE, LAST, MAJOR, MORE, NO_BYTES, OPENS, OVERWRITES,
    RECORDS, RESTORE_POINTS, SIZE, SYSTEM, TAIL, TIMELINES, TIMES, XIDS, write,
};
use crate::text::{decimal, from_hex, lower_hex_digest};
use crate::wal::facts::{
    FORKS_MAX, Fork, Opening, Outcome, RESTORE_POINTS_MAX, RestorePoint, SegmentEnd, SegmentFacts,
    Tail, TimeSpan,
};
use crate::wal::walk::StopReason;
use crate::wal::xid::{Xid, XidRange};
use crate::{Lsn, SegmentSize, TimelineId};

/// Facts that cannot be used: the segment has to be read again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// A fact that every segment has is not there, as with a piece that is no segment.
    #[error("the stored facts lack {key}")]
    Missing {
        /// Its name.
        key: &'static str,
    },
    /// A fact has no spelling that this version knows.
    #[error("the stored fact {key} is not valid")]
    Invalid {
        /// Its name.
        key: &'static str,
    },
}

impl SegmentFacts {
    /// Reads what [`SegmentFacts::to_facts`] wrote. Other keys are passed over.
    ///
    /// # Errors
    ///
    /// Where a fact is missing or is not valid.
    pub fn from_facts(facts: &BTreeMap<String, String>) -> Result<Self, FactsError> {
        let facts = Facts(facts);
        let restore_points = facts.optional(RESTORE_POINTS, restore_points)?;
        let (restore_points, more_restore_points) = restore_points.unwrap_or_default();
        let xids = facts.optional(XIDS, xids)?;
        let (xids, xids_complete) = xids.unwrap_or((None, true));
        let size = facts.required(SIZE, |text| SegmentSize::new(decimal(text)?))?;
        let is_begin = |lsn: &Lsn| lsn.0.is_multiple_of(size.bytes());
        let is_major = |major: &u16| (10..=18).contains(major);
        Ok(Self {
            begin: facts.required(BEGIN, |text| lsn(text).filter(is_begin))?,
            size,
            system_identifier: facts.required(SYSTEM, |text| text.parse().ok())?,
            major: facts.required(MAJOR, |text| decimal(text).filter(is_major))?,
            timelines: facts.required(TIMELINES, |text| two(text, timeline))?,
            records: facts.optional(RECORDS, decimal)?.unwrap_or(0),
            first: facts.optional(FIRST, |text| two(text, lsn))?,
            last: facts.optional(LAST, |text| two(text, lsn))?,
            finished: facts.optional(FINISHED, decimal)?.unwrap_or(0),
            times: facts.optional(TIMES, span)?,
            xids,
            xids_complete,
            restore_points,
            more_restore_points,
            forks: facts.optional(FORKS, forks)?.unwrap_or_default(),
            overwrites: facts.optional(OVERWRITES, |text| (text == "yes").then_some(true))?
                == Some(true),
            opens: facts.optional(OPENS, opening)?,
            tail: facts.optional(TAIL, tail)?,
            end: facts.required(END, end)?,
        })
    }
}

struct Facts<'a>(&'a BTreeMap<String, String>);

impl Facts<'_> {
    fn optional<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, FactsError> {
        let Some(text) = self.0.get(key) else { return Ok(None) };
        read(text).map(Some).ok_or(FactsError::Invalid { key })
    }

    fn required<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, FactsError> {
        self.optional(key, read)?.ok_or(FactsError::Missing { key })
    }
}

/// Exactly `N` words, parted by one space each.
fn words<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.split(' ').collect::<Vec<_>>().try_into().ok()
}

fn two<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<(T, T)> {
    let [one, other] = words(text)?;
    Some((read(one)?, read(other)?))
}

fn lsn(text: &str) -> Option<Lsn> {
    text.parse().ok()
}

fn timeline(text: &str) -> Option<TimelineId> {
    TimelineId::new(decimal(text)?)
}

/// RFC 3339 has many spellings of one time; only ours is read.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    (write::time(time) == text).then_some(time)
}

fn span(text: &str) -> Option<TimeSpan> {
    let (earliest, latest) = two(text, time)?;
    (earliest <= latest).then_some(TimeSpan { earliest, latest })
}

fn xids(text: &str) -> Option<(Option<XidRange>, bool)> {
    let range = |oldest: &str, newest: &str| {
        Some(Some(XidRange { oldest: xid(oldest)?, newest: xid(newest)? }))
    };
    match *text.split(' ').collect::<Vec<_>>() {
        [INCOMPLETE] => Some((None, false)),
        [oldest, newest] => Some((range(oldest, newest)?, true)),
        [oldest, newest, INCOMPLETE] => Some((range(oldest, newest)?, false)),
        _ => None,
    }
}

fn xid(text: &str) -> Option<Xid> {
    decimal(text).map(Xid)
}

fn restore_points(text: &str) -> Option<(Vec<RestorePoint>, bool)> {
    let (text, more) = match text.strip_suffix(MORE) {
        Some("") => return Some((Vec::new(), true)),
        Some(before) if before.ends_with('\n') => (before.strip_suffix('\n')?, true),
        _ => (text, false),
    };
    let points = text.split('\n').take(RESTORE_POINTS_MAX + 1).map(restore_point);
    let points: Vec<_> = points.collect::<Option<_>>()?;
    (points.len() <= RESTORE_POINTS_MAX).then_some((points, more))
}

fn restore_point(line: &str) -> Option<RestorePoint> {
    let [begin, end, at, name] = words(line)?;
    Some(RestorePoint { begin: lsn(begin)?, end: lsn(end)?, time: time(at)?, name: bytes(name)? })
}

/// The bytes of a percent-encoded name.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    let mut name = parts.next()?.as_bytes().to_vec();
    for part in parts {
        name.extend(from_hex(part.get(..2)?)?);
        name.extend(part.get(2..)?.bytes());
    }
    Some(name)
}

fn forks(text: &str) -> Option<Vec<Fork>> {
    let fork = |line: &str| {
        let [at, from, to] = words(line)?;
        Some(Fork { at: lsn(at)?, from: timeline(from)?, to: timeline(to)? })
    };
    let forks: Vec<_> = text.split('\n').take(FORKS_MAX + 1).map(fork).collect::<Option<_>>()?;
    (forks.len() <= FORKS_MAX).then_some(forks)
}

fn opening(text: &str) -> Option<Opening> {
    let [length, here, sum, outcome, kept] = words(text)?;
    let outcome = match outcome {
        "passes" => Outcome::Passes,
        "abandoned" => Outcome::Abandoned,
        end => Outcome::Ends(lsn(end)?),
    };
    let (length, here, crc) = (decimal(length)?, decimal(here)?, crc(sum)?);
    let fits = if matches!(outcome, Outcome::Ends(_)) { here == length } else { here < length };
    fits.then_some(Opening { length, here, crc, bytes: kept_of(kept, here)?, outcome })
}

fn tail(text: &str) -> Option<Tail> {
    let [begin, length, here, sum, kept] = words(text)?;
    let (length, here) = (decimal(length)?, decimal(here)?);
    let tail =
        Tail { begin: lsn(begin)?, length, here, crc: crc(sum)?, bytes: kept_of(kept, here)? };
    (here < length).then_some(tail)
}

fn crc(text: &str) -> Option<u32> {
    lower_hex_digest(text).map(u32::from_be_bytes)
}

/// Kept bytes, which are no more than there are.
fn kept_of(text: &str, here: u32) -> Option<Vec<u8>> {
    let bytes = if text == NO_BYTES { Vec::new() } else { from_hex(text)? };
    (bytes.len() as u64 <= u64::from(here)).then_some(bytes)
}

fn end(text: &str) -> Option<SegmentEnd> {
    match *text.split(' ').collect::<Vec<_>>() {
        ["full"] => Some(SegmentEnd::Full),
        ["switch", at, end] => Some(SegmentEnd::Switch { at: lsn(at)?, end: lsn(end)? }),
        ["torn", at, reason] => {
            let reason = StopReason::from_word(reason)?;
            Some(SegmentEnd::Torn { at: Lsn::from_str(at).ok()?, reason })
        }
        _ => None,
    }
}
