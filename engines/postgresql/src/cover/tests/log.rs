//! A log in memory: pieces with facts, and bytes where there are any.

use super::{SEGMENT, SYSTEM, at};
use crate::wal;
use chrono::{DateTime, Utc};
use errors::Result;
use formats::wal::{SegmentEnd, SegmentFacts, TimeSpan, Xid, XidRange};
use formats::{Lsn, SegmentSize, SystemIdentifier, TimelineId, WalFile};
use std::collections::BTreeMap;
use stream::{LogKey, LogView, PieceInfo};

#[derive(Default)]
pub(super) struct Log(BTreeMap<LogKey, Piece>);

pub(super) struct Piece {
    pub(super) facts: BTreeMap<String, String>,
    pub(super) bytes: Vec<u8>,
}

fn segment(system: SystemIdentifier, timeline: u32, number: u64) -> LogKey {
    let name = format!("{timeline:08X}{:08X}{:08X}", number / 256, number % 256);
    wal::key(&WalFile::parse(&name).unwrap(), system)
}

/// A segment in which one transaction ends, at second number × 10.
fn facts(system: SystemIdentifier, timeline: u32, number: u64) -> SegmentFacts {
    let begin = number * SEGMENT;
    let timeline = TimelineId::new(timeline).unwrap();
    let time: DateTime<Utc> = at(i64::try_from(number).unwrap() * 10);
    // Numbers of records follow each other over all segments.
    let last = |number: u64| Lsn(number * SEGMENT + 0x100);
    SegmentFacts {
        begin: Lsn(begin),
        size: SegmentSize::new(SEGMENT).unwrap(),
        system_identifier: system,
        major: 15,
        timelines: (timeline, timeline),
        records: 1,
        first: Some((last(number), last(number - 1))),
        last: Some((last(number), Lsn(begin + 0x140))),
        finished: 1,
        times: Some(TimeSpan { earliest: time, latest: time }),
        xids: Some(XidRange::of(Xid(u32::try_from(100 + number).unwrap()))),
        xids_complete: true,
        restore_points: Vec::new(),
        more_restore_points: false,
        forks: Vec::new(),
        overwrites: false,
        opens: None,
        tail: None,
        end: SegmentEnd::Full,
    }
}

impl Log {
    /// Segments of a timeline.
    pub(super) fn with(self, timeline: u32, numbers: impl Iterator<Item = u64>) -> Self {
        self.with_cluster(SYSTEM, timeline, numbers)
    }

    /// The same of another cluster.
    pub(super) fn with_other(
        self,
        system: u64,
        timeline: u32,
        numbers: impl Iterator<Item = u64>,
    ) -> Self {
        self.with_cluster(SystemIdentifier::new(system), timeline, numbers)
    }

    fn with_cluster(
        mut self,
        system: SystemIdentifier,
        timeline: u32,
        numbers: impl Iterator<Item = u64>,
    ) -> Self {
        for number in numbers {
            let facts = facts(system, timeline, number).to_facts();
            let piece = Piece { facts, bytes: Vec::new() };
            self.0.insert(segment(system, timeline, number), piece);
        }
        self
    }

    pub(super) fn with_history(mut self, timeline: u32, text: &str) -> Self {
        let file = WalFile::History(TimelineId::new(timeline).unwrap());
        let piece = Piece { facts: BTreeMap::new(), bytes: text.as_bytes().to_vec() };
        self.0.insert(wal::key(&file, SYSTEM), piece);
        self
    }

    pub(super) fn with_piece(mut self, key: LogKey, piece: Piece) -> Self {
        self.0.insert(key, piece);
        self
    }

    fn part(&self, part: impl Fn(&LogKey) -> Option<&String>) -> Vec<String> {
        let mut parts: Vec<String> = self.0.keys().filter_map(|key| part(key).cloned()).collect();
        parts.sort();
        parts.dedup();
        parts
    }
}

impl LogView for Log {
    fn lanes(&self, lineage: &str) -> Result<Vec<String>> {
        Ok(self.part(|key| (key.lineage == lineage).then_some(&key.lane)))
    }

    fn shards(&self, lineage: &str, lane: &str) -> Result<Vec<String>> {
        Ok(self.part(|key| (key.lineage == lineage && key.lane == lane).then_some(&key.shard)))
    }

    fn names(&self, lineage: &str, lane: &str, shard: &str) -> Result<Vec<String>> {
        let is_there =
            |key: &LogKey| key.lineage == lineage && key.lane == lane && key.shard == shard;
        Ok(self.part(|key| is_there(key).then_some(&key.name)))
    }

    fn info(&self, key: &LogKey) -> Result<Option<PieceInfo>> {
        let info = |piece: &Piece| PieceInfo {
            length: SEGMENT,
            written_at: at(0),
            facts: piece.facts.clone(),
        };
        Ok(self.0.get(key).map(info))
    }

    fn read(&self, key: &LogKey, act: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        let Some(piece) = self.0.get(key) else { return Ok(false) };
        piece.bytes.chunks(100_000).try_for_each(act)?;
        Ok(true)
    }
}
