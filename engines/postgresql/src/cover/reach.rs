//! How far the log reaches without a gap.

use super::timelines::Course;
use super::{first_segment, print_time};
use crate::state::State;
use crate::wal;
use chrono::{DateTime, Utc};
use errors::{Error, Kind, Result};
use formats::{Lsn, SegmentName, SegmentNumber, SegmentSize, TimelineId, WalFile};
use stream::{Link, LogSpan, LogView};

/// The log of a course, measured from a backup's first segment.
pub(super) struct Reach {
    size: SegmentSize,
    runs: Vec<Run>,
    /// The first segment that is missing.
    missing: SegmentName,
    /// Whether later segments of its timeline exist: then it is a gap, and not the end.
    is_gap: bool,
    /// When the server last wrote to the last segment that is there.
    time: Option<DateTime<Utc>>,
}

/// Segments of one timeline without a gap.
struct Run {
    timeline: TimelineId,
    first: SegmentNumber,
    /// The one after the last.
    end: SegmentNumber,
}

impl Reach {
    /// Follows the course segment by segment, by their names.
    ///
    /// # Errors
    /// The log cannot be read.
    pub(super) fn measure(log: &dyn LogView, state: &State, course: &Course) -> Result<Self> {
        let size = state.segment_size;
        let lineage = state.system_identifier.to_string();
        let mut names = Names { log, lineage: &lineage, size, shard: None };
        let mut next = first_segment(state);
        let mut runs = Vec::new();
        let mut missing = SegmentName { timeline: course.last, number: next };
        for leg in &course.legs {
            // The segment in which a timeline is left is read from the next timeline, which begins
            // with a copy of it.
            let until = leg.switch.map(|switch| SegmentNumber::of(switch, size));
            let first = next;
            let timeline = leg.timeline;
            while until.is_none_or(|until| next < until) && names.has(timeline, next)? {
                next = next.next();
            }
            if next > first {
                runs.push(Run { timeline, first, end: next });
            }
            missing = SegmentName { timeline, number: next };
            if until.is_none_or(|until| next < until) {
                break;
            }
        }
        let is_gap = names.has_later(missing)?;
        let mut reach = Self { size, runs, missing, is_gap, time: None };
        reach.time = reach.time_of_last(log, state)?;
        Ok(reach)
    }

    /// The first position that is not there.
    pub(super) fn end(&self) -> Lsn {
        self.missing.first_lsn(self.size)
    }

    /// When the server last wrote to the last segment.
    pub(super) fn time(&self) -> Option<DateTime<Utc>> {
        self.time
    }

    /// The log from a backup's start to its stop must be there.
    ///
    /// # Errors
    /// `log-gap`.
    pub(super) fn require_backup(&self, state: &State, link: &Link) -> Result<()> {
        if self.end() >= state.stop {
            return Ok(());
        }
        Err(Error::new(
            Kind::LogGap,
            format!(
                "the backup {} needs the log up to {}, and the segment {} is missing",
                link.name(),
                state.stop,
                self.missing.name(self.size)
            ),
        )
        .hint("`seawall verify` tells what is damaged; restore from another backup."))
    }

    /// # Errors
    /// `log-gap`, with what can be reached instead.
    pub(super) fn require_position(&self, lsn: Lsn) -> Result<()> {
        if lsn <= self.end() {
            return Ok(());
        }
        Err(self.refuse(&format!("the log does not reach LSN {lsn}")))
    }

    /// # Errors
    /// `log-gap`, with what can be reached instead.
    pub(super) fn require_time(&self, time: DateTime<Utc>) -> Result<()> {
        if self.time.is_some_and(|reached| time <= reached) {
            return Ok(());
        }
        Err(self.refuse(&format!("the log does not reach {}", print_time(time))))
    }

    fn refuse(&self, what: &str) -> Error {
        let name = self.missing.name(self.size);
        let why = if self.is_gap {
            format!("{what}: the segment {name} is missing, later ones are there")
        } else {
            format!("{what}: it ends before the segment {name}")
        };
        let time = self.time.map_or_else(|| "an unknown time".to_owned(), print_time);
        Error::new(Kind::LogGap, why)
            .hint(format!("It reaches LSN {} and about {time}.", self.end()))
            .hint("Without a target, recovery goes to the end of the log.")
    }

    /// What an operator should know although the target is reached.
    pub(super) fn note(&self) -> Option<String> {
        let name = self.missing.name(self.size);
        self.is_gap.then(|| format!("the segment {name} is missing, and later ones are there"))
    }

    /// The runs, as a plan prints them.
    pub(super) fn spans(&self, state: &State) -> Vec<LogSpan> {
        let name = |timeline, number| SegmentName { timeline, number }.name(self.size);
        let span = |run: &Run| LogSpan {
            lineage: state.system_identifier.to_string(),
            lane: run.timeline.hex8(),
            first: name(run.timeline, run.first),
            last: name(
                run.timeline,
                SegmentNumber::of_last_byte(run.end.first_lsn(self.size), self.size),
            ),
            pieces: run.end.get() - run.first.get(),
        };
        self.runs.iter().map(span).collect()
    }

    fn time_of_last(&self, log: &dyn LogView, state: &State) -> Result<Option<DateTime<Utc>>> {
        let Some(run) = self.runs.last() else { return Ok(None) };
        let number = SegmentNumber::of_last_byte(run.end.first_lsn(self.size), self.size);
        let segment = SegmentName { timeline: run.timeline, number };
        let key = wal::segment_key(&segment, self.size, state.system_identifier)?;
        Ok(log.info(&key)?.map(|info| info.written_at))
    }
}

/// The names of segments, one shard at a time.
struct Names<'a> {
    log: &'a dyn LogView,
    lineage: &'a str,
    size: SegmentSize,
    shard: Option<(TimelineId, String, Vec<String>)>,
}

impl Names<'_> {
    fn has(&mut self, timeline: TimelineId, number: SegmentNumber) -> Result<bool> {
        let name = SegmentName { timeline, number }.name(self.size);
        let shard = name.get(8..16).unwrap_or_default().to_owned();
        let known =
            self.shard.as_ref().is_some_and(|(of, held, _)| *of == timeline && *held == shard);
        if !known {
            let names = self.log.names(self.lineage, &timeline.hex8(), &shard)?;
            self.shard = Some((timeline, shard, names));
        }
        Ok(self.shard.as_ref().is_some_and(|(_, _, names)| names.binary_search(&name).is_ok()))
    }

    /// Whether a segment behind this one exists on its timeline.
    fn has_later(&self, missing: SegmentName) -> Result<bool> {
        let lane = missing.timeline.hex8();
        let name = missing.name(self.size);
        let shards = self.log.shards(self.lineage, &lane)?;
        let Some(shard) = shards.into_iter().rfind(|shard| shard != wal::HISTORY_SHARD) else {
            return Ok(false);
        };
        let is_segment = |name: &&String| matches!(WalFile::parse(name), Some(WalFile::Segment(_)));
        let names = self.log.names(self.lineage, &lane, &shard)?;
        Ok(names.iter().rev().find(is_segment).is_some_and(|last| *last > name))
    }
}
