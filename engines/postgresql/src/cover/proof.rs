//! Proof that recovery will find its target: the record at which it stops, by the server's rules.
//!
//! The server stops at the first record, in the order of the log, that fits its target
//! (`recoveryStopsBefore`, `recoveryStopsAfter`). So the same order is followed here: by the facts in
//! the heads of the pieces, and record by record only where those say that it may be there.

use super::facts::Segments;
use chrono::{DateTime, Utc};
use errors::{Context, Kind, Result};
use formats::wal::{Event, FirstPage, Record, SegmentEnd, SegmentFacts, Summary, Walker, Xid};
use formats::{Lsn, SegmentName};
use stream::exact_time;

/// What recovery looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sought {
    /// The first end of a transaction after this time; with `or_at`, also one exactly then.
    Time { time: DateTime<Utc>, or_at: bool },
    /// The first record that begins here or later.
    Position(Lsn),
    /// The end of this transaction.
    Transaction(Xid),
    /// The first restore point of this name.
    Name(Vec<u8>),
}

/// A record that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stop {
    pub(super) begin: Lsn,
    /// What the record is, for people.
    pub(super) what: String,
}

/// What a search found.
#[derive(Debug, Clone, Default)]
pub(super) struct Proof {
    /// Where recovery stops; `None`: nothing fits in the log that there is.
    pub(super) stop: Option<Stop>,
    /// When the last transaction ended before that, or before the end of the log.
    pub(super) last: Option<DateTime<Utc>>,
    /// The latest end of a transaction that was seen.
    pub(super) latest: Option<DateTime<Utc>>,
    /// Why the log cannot be read on, although more of it is there.
    pub(super) broken: Option<String>,
}

impl Sought {
    fn may_be_in(&self, facts: &SegmentFacts) -> bool {
        match self {
            Self::Time { time, or_at } => facts
                .times
                .is_some_and(|span| span.latest > *time || (*or_at && span.latest == *time)),
            Self::Position(lsn) => facts.last.is_some_and(|(begin, _)| begin >= *lsn),
            Self::Transaction(xid) => {
                !facts.xids_complete || facts.xids.is_some_and(|range| range.contains(*xid))
            }
            Self::Name(name) => {
                facts.more_restore_points
                    || facts.restore_points.iter().any(|point| point.name == *name)
            }
        }
    }

    fn fits(&self, begin: Lsn, event: Option<&Event>) -> bool {
        match (self, event) {
            (Self::Position(lsn), _) => begin >= *lsn,
            (Self::Time { time, or_at }, Some(Event::Commit(end) | Event::Abort(end))) => {
                end.time > *time || (*or_at && end.time == *time)
            }
            (Self::Transaction(xid), Some(Event::Commit(end) | Event::Abort(end))) => {
                end.xid == Some(*xid)
            }
            (Self::Name(wanted), Some(Event::RestorePoint { name, .. })) => name == wanted,
            _ => false,
        }
    }
}

/// Looks for the target in segments that follow each other.
///
/// # Errors
/// A piece cannot be read. Log that does not hang together is no error: it ends there.
pub(super) fn search(
    segments: Segments<'_>,
    names: impl Iterator<Item = SegmentName>,
    sought: &Sought,
) -> Result<Proof> {
    let mut proof = Proof::default();
    let mut summary = Summary::new();
    let mut before = None;
    for name in names {
        let Some(facts) = segments.facts(&name)? else { break };
        let crossing = match summary.add(&facts) {
            Ok(crossing) => crossing,
            Err(error) => {
                proof.broken = Some(error.to_string());
                break;
            }
        };
        if let Some(record) = &crossing
            && sought.fits(record.begin, record.event.as_ref())
        {
            proof.stop = Some(stop(record.begin, record.event.as_ref()));
            break;
        }
        let is_unread = crossing.is_some_and(|record| summary.unread.contains(&record.begin));
        if sought.may_be_in(&facts) || is_unread {
            let first = before.filter(|_| is_unread).unwrap_or(name);
            if let Some(found) = walk(segments, first, name, sought, &mut proof.last)? {
                proof.stop = Some(found);
                break;
            }
        }
        proof.last = summary.times.map(|span| span.latest).or(proof.last);
        if let SegmentEnd::Torn { at, reason } = facts.end {
            proof.broken = Some(format!("the log ends at {at}: {reason}"));
            break;
        }
        before = Some(name);
    }
    proof.latest = summary.times.map(|span| span.latest);
    Ok(proof)
}

/// Reads one segment, or two that a record crosses, for the first record that fits.
fn walk(
    segments: Segments<'_>,
    first: SegmentName,
    last: SegmentName,
    sought: &Sought,
    before: &mut Option<DateTime<Utc>>,
) -> Result<Option<Stop>> {
    let mut found = None;
    let mut look = |record: &Record<'_>| {
        if found.is_some() {
            return;
        }
        let event = record.event().ok().flatten();
        if sought.fits(record.begin, event.as_ref()) {
            found = Some(stop(record.begin, event.as_ref()));
        } else if let Some(Event::Commit(end) | Event::Abort(end)) = event {
            *before = Some(end.time);
        }
    };
    let mut walker = None;
    let mut ended = false;
    for name in if first == last { vec![first] } else { vec![first, last] } {
        let key = segments.key(&name)?;
        segments.log.read(&key, &mut |bytes| {
            if walker.is_none() {
                let page = FirstPage::parse(bytes)
                    .or_kind(Kind::Manifest, || format!("{key} is no segment"))?;
                walker = Some(Walker::new(&page));
            }
            if let Some(walker) = walker.as_mut().filter(|_| !ended) {
                ended = walker.feed(bytes, &mut look).is_err();
            }
            Ok(())
        })?;
    }
    Ok(found)
}

fn stop(begin: Lsn, event: Option<&Event>) -> Stop {
    let what = match event {
        Some(Event::Commit(end)) => ended("commit", end.xid, end.time),
        Some(Event::Abort(end)) => ended("rollback", end.xid, end.time),
        Some(Event::RestorePoint { name, time }) => {
            format!("restore point {:?} of {}", String::from_utf8_lossy(name), exact_time(time))
        }
        _ => "record".to_owned(),
    };
    Stop { begin, what }
}

fn ended(how: &str, xid: Option<Xid>, time: DateTime<Utc>) -> String {
    let xid =
        xid.map_or_else(|| "a prepared transaction".to_owned(), |xid| format!("transaction {xid}"));
    format!("{how} of {xid} at {}", exact_time(&time))
}
