//! How far the log reaches without a gap.

use super::first_segment;
use super::timelines::Course;
use crate::state::State;
use crate::wal;
use errors::{Error, Kind, Result};
use formats::{Lsn, SegmentName, SegmentNumber, SegmentSize, TimelineId, WalFile};
use stream::{Link, LogSpan, LogView};

/// The log of a course, measured from a backup's first segment.
pub(super) struct Reach {
    size: SegmentSize,
    runs: Vec<Run>,
    /// The first segment that is missing.
    missing: SegmentName,
    /// The next segment of its timeline that is there: then it is a gap, and not the end.
    resumes: Option<SegmentName>,
    /// Where the log ends that the backup has among its files, if that is what is missing.
    carried: Option<Lsn>,
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
        let resumes = names.next_after(missing)?;
        let carried = state.carried.filter(|carried| {
            let begin = missing.first_lsn(size);
            missing.timeline == state.timeline && carried.from <= begin && begin < carried.to
        });
        Ok(Self { size, runs, missing, resumes, carried: carried.map(|carried| carried.to) })
    }

    /// The first position that is not there.
    pub(super) fn end(&self) -> Lsn {
        self.carried.unwrap_or_else(|| self.missing.first_lsn(self.size))
    }

    /// All segments, in the order in which recovery reads them.
    pub(super) fn segments(&self) -> impl DoubleEndedIterator<Item = SegmentName> + '_ {
        self.runs.iter().flat_map(|run| {
            (run.first.get()..run.end.get()).map(|number| SegmentName {
                timeline: run.timeline,
                number: SegmentNumber::new(number),
            })
        })
    }

    /// The first segment that is missing, and the next one that is there.
    pub(super) fn gap(&self) -> Option<(SegmentName, SegmentName)> {
        self.resumes.map(|resumes| (self.missing, resumes))
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

    /// Where it ends, in words.
    pub(super) fn end_text(&self) -> String {
        let name = self.missing.name(self.size);
        match self.resumes {
            Some(_) => format!("the segment {name} is missing, later ones are there"),
            None if self.carried.is_some() => {
                format!("it ends inside the segment {name}, of which only the backup has a part")
            }
            None => format!("it ends before the segment {name}"),
        }
    }

    /// What an operator should know although the target is reached.
    pub(super) fn note(&self) -> Option<String> {
        let name = self.missing.name(self.size);
        self.resumes.map(|_| format!("the segment {name} is missing, and later ones are there"))
    }

    /// The runs, as a plan prints them.
    pub(super) fn spans(&self, state: &State) -> Vec<LogSpan> {
        let name = |timeline, number| SegmentName { timeline, number }.name(self.size);
        let span = |run: &Run| LogSpan {
            lineage: state.system_identifier.to_string(),
            lane: run.timeline.hex8(),
            first: name(run.timeline, run.first),
            last: name(run.timeline, run.end.previous()),
            pieces: run.end.get() - run.first.get(),
        };
        self.runs.iter().map(span).collect()
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

    /// The next segment of its timeline behind this one.
    fn next_after(&self, missing: SegmentName) -> Result<Option<SegmentName>> {
        let lane = missing.timeline.hex8();
        let name = missing.name(self.size);
        for shard in self.log.shards(self.lineage, &lane)? {
            if shard == wal::HISTORY_SHARD || Some(shard.as_str()) < name.get(8..16) {
                continue;
            }
            let names = self.log.names(self.lineage, &lane, &shard)?;
            let segment = |name: &String| match WalFile::parse(name) {
                Some(WalFile::Segment(raw)) => raw.with_size(self.size),
                _ => None,
            };
            let later = names.iter().filter(|other| **other > name).find_map(segment);
            if later.is_some() {
                return Ok(later);
            }
        }
        Ok(None)
    }
}
