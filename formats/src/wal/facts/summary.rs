//! The facts of segments that follow each other, together.

use super::crossing::{Crossing, Opening, Outcome, Pending};
use super::{JoinError, RestorePoint, SegmentEnd, SegmentFacts, TimeSpan, span_with};
use crate::wal::event::{Event, Finish};
use crate::wal::walk::StopReason;
use crate::wal::xid::{Xid, XidRange};
use crate::{Lsn, SegmentSize, SystemIdentifier, TimelineId};

/// What a stretch of log says: the window of recovery, and where to look for a target.
///
/// Segments are added in the order of the log, each once. Where timelines part, the way of one
/// history is added.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// First and last time at which a transaction ended.
    pub times: Option<TimeSpan>,
    /// Transactions that ended.
    pub finished: u64,
    /// Which numbers ended in which segment; segments without any are not listed.
    pub xids: Vec<SegmentXids>,
    /// Restore points, in the order of the log.
    pub restore_points: Vec<RestorePoint>,
    /// Whether some segment has more of them than are listed.
    pub more_restore_points: bool,
    /// Transaction ends and restore points that cross segments and of which too little was kept, by
    /// the position of their records: those whose clock stood outside of the years 2009 to 2106.
    pub unread: Vec<Lsn>,
    state: Option<Joined>,
}

/// The transactions that ended in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentXids {
    /// Position of the segment's first byte.
    pub segment: Lsn,
    /// Their range; `None` where no number is known.
    pub range: Option<XidRange>,
    /// Whether others may have ended there as well.
    pub complete: bool,
}

impl SegmentXids {
    /// Whether `xid` may be one of them.
    pub fn may_contain(&self, xid: Xid) -> bool {
        !self.complete || self.range.is_some_and(|range| range.contains(xid))
    }
}

/// What the next segment must fit.
#[derive(Clone, Debug)]
struct Joined {
    identity: (SystemIdentifier, SegmentSize, u16),
    begin: Lsn,
    next: Lsn,
    timeline: TimelineId,
    /// Begin of the last record that is there as a whole.
    last: Option<Lsn>,
    pending: Option<Pending>,
    /// Bytes still to come of a record that began before the first segment.
    foreign: u32,
    /// Where the log is complete up to.
    complete: Lsn,
    is_torn: bool,
}

impl Summary {
    /// A summary of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// From where to where the log is there: the first segment's begin, and the end of the last
    /// record that is there as a whole.
    pub fn range(&self) -> Option<(Lsn, Lsn)> {
        self.state.as_ref().map(|state| (state.begin, state.complete))
    }

    /// Adds the next segment, and says what became of the record that crosses into it. What began
    /// before the first segment is passed over.
    ///
    /// # Errors
    ///
    /// Where the segment does not follow the ones before; the summary stays as it was.
    pub fn add(&mut self, facts: &SegmentFacts) -> Result<Option<Crossing>, JoinError> {
        if let Some(before) = &self.state {
            before.fits(facts)?;
        }
        let mut pending = self.state.as_ref().and_then(|before| before.pending.clone());
        let before = self.state.as_ref().and_then(|before| before.last);
        let mut crossing = None;
        match (&mut pending, &facts.opens) {
            (Some(record), Some(opening)) => {
                if record.left() != opening.length {
                    return Err(JoinError::Continuation { at: record.begin });
                }
                record.add(opening);
                crossing = record.ended(opening, before, facts.major)?;
                if opening.outcome != Outcome::Passes {
                    pending = None;
                }
            }
            (Some(_), None) if facts.overwrites => pending = None,
            (Some(record), None) => return Err(JoinError::Continuation { at: record.begin }),
            (None, opening) => {
                let expected = self.state.as_ref().map(|before| before.foreign);
                let found = opening.as_ref().map_or(0, |opening| opening.length);
                if expected.is_some_and(|left| left != found && !(facts.overwrites && found == 0)) {
                    return Err(JoinError::Continuation { at: facts.begin });
                }
            }
        }
        let last = crossing.as_ref().map(|record| record.begin).or(before);
        if let (Some((at, found)), Some(expected)) = (facts.first, last)
            && found != expected
        {
            return Err(JoinError::Previous { at, found, expected });
        }
        self.take(facts, crossing.as_ref());
        let is_switch = crossing.as_ref().is_some_and(|record| record.event == Some(Event::Switch));
        let pending = facts.tail.as_ref().map(Pending::of).or(pending);
        self.join(facts, facts.last.map(|(begin, _)| begin).or(last), pending, is_switch);
        Ok(crossing)
    }

    fn join(
        &mut self,
        facts: &SegmentFacts,
        last: Option<Lsn>,
        pending: Option<Pending>,
        is_switch: bool,
    ) {
        let next = Lsn(facts.begin.0.saturating_add(facts.size.bytes()));
        // A segment that begins with the rest of a switch looks as if nothing followed.
        let zeros = matches!(facts.end, SegmentEnd::Torn { reason: StopReason::Zeros, .. });
        let is_switch = is_switch && zeros && facts.records == 0;
        let passes = facts.opens.as_ref().filter(|opening| opening.outcome == Outcome::Passes);
        let foreign = match &pending {
            Some(_) => 0,
            None => passes.map_or(0, |opening| opening.length.saturating_sub(opening.here)),
        };
        let (complete, is_torn) = match (facts.end, &pending) {
            (SegmentEnd::Torn { .. }, Some(record)) => (record.begin, true),
            (SegmentEnd::Torn { at, .. }, None) if !is_switch => (at, true),
            (_, Some(record)) => (record.begin, false),
            (_, None) if passes.is_some() => (facts.begin, false),
            (_, None) => (next, false),
        };
        self.state = Some(Joined {
            identity: identity(facts),
            begin: self.state.as_ref().map_or(facts.begin, |state| state.begin),
            next,
            timeline: facts.timelines.1,
            last,
            pending,
            foreign,
            complete,
            is_torn,
        });
    }

    fn take(&mut self, facts: &SegmentFacts, crossing: Option<&Crossing>) {
        let mut xids =
            SegmentXids { segment: facts.begin, range: facts.xids, complete: facts.xids_complete };
        self.finished = self.finished.saturating_add(facts.finished);
        for time in facts.times.iter().flat_map(|span| [span.earliest, span.latest]) {
            self.times = Some(span_with(self.times, time));
        }
        if let Some(record) = crossing {
            match &record.event {
                Some(Event::Commit(finish) | Event::Abort(finish)) => {
                    self.finish(finish, &mut xids);
                }
                Some(Event::RestorePoint { name, time }) => {
                    let (begin, end, time, name) = (record.begin, record.end, *time, name.clone());
                    self.restore_points.push(RestorePoint { begin, end, time, name });
                }
                Some(_) => {}
                None if record.is_unread() => {
                    self.unread.push(record.begin);
                    xids.complete = false;
                }
                None => {}
            }
        }
        self.restore_points.extend(facts.restore_points.iter().cloned());
        self.more_restore_points |= facts.more_restore_points;
        if xids.range.is_some() || !xids.complete {
            self.xids.push(xids);
        }
    }

    fn finish(&mut self, finish: &Finish, xids: &mut SegmentXids) {
        self.finished = self.finished.saturating_add(1);
        self.times = Some(span_with(self.times, finish.time));
        match finish.xid.filter(|xid| xid.is_valid()) {
            Some(xid) => xids.range = Some(xids.range.unwrap_or(XidRange::of(xid)).with(xid)),
            None => xids.complete = false,
        }
    }
}

fn identity(facts: &SegmentFacts) -> (SystemIdentifier, SegmentSize, u16) {
    (facts.system_identifier, facts.size, facts.major)
}

impl Joined {
    /// Whether the segment is the next one, as far as can be said without looking at its records.
    fn fits(&self, facts: &SegmentFacts) -> Result<(), JoinError> {
        if self.is_torn {
            return Err(JoinError::Ended { at: self.complete });
        }
        if identity(facts) != self.identity {
            return Err(JoinError::Identity { at: facts.begin });
        }
        if facts.begin != self.next {
            return Err(JoinError::Gap { expected: self.next, found: facts.begin });
        }
        let (found, before) = (facts.timelines.0, self.timeline);
        if found < before { Err(JoinError::Timeline { found, before }) } else { Ok(()) }
    }
}

impl Pending {
    /// The record, if it ends in the segment that has this of it.
    fn ended(
        &self,
        opening: &Opening,
        last: Option<Lsn>,
        major: u16,
    ) -> Result<Option<Crossing>, JoinError> {
        match opening.outcome {
            Outcome::Ends(end) => self.crossing(end, last, major).map(Some),
            Outcome::Passes | Outcome::Abandoned => Ok(None),
        }
    }
}
