//! The files that come through an archive command, told apart by name alone.

use std::fmt;

use crate::segment::{SegmentName, SegmentNumber, SegmentSize};
use crate::{TimelineId, text};

/// The three numbers in a segment's name, before the segment size gives them a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RawSegment {
    /// The timeline.
    pub timeline: TimelineId,
    /// Which 4 GiB of the log.
    pub log: u32,
    /// Which segment in those.
    pub seg: u32,
}

impl RawSegment {
    /// The segment, or `None` if segments of this size never have such a low part.
    pub fn with_size(self, size: SegmentSize) -> Option<SegmentName> {
        let (log, seg) = (u64::from(self.log), u64::from(self.seg));
        let per_xlogid = size.per_xlogid();
        // At most 2^32 times 2^12, so the product fits.
        let number = SegmentNumber(log * per_xlogid + seg);
        (seg < per_xlogid).then_some(SegmentName { timeline: self.timeline, number })
    }

    fn parse(name: &str) -> Option<Self> {
        let (timeline, rest) = name.split_at_checked(8)?;
        let (log, seg) = rest.split_at_checked(8)?;
        Some(Self {
            timeline: TimelineId::new(text::upper_hex8(timeline)?)?,
            log: text::upper_hex8(log)?,
            seg: text::upper_hex8(seg)?,
        })
    }
}

impl fmt::Display for RawSegment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:08X}{:08X}{:08X}", self.timeline.get(), self.log, self.seg)
    }
}

/// A file of pg_wal that servers archive. Its `Display` is the exact name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WalFile {
    /// A whole segment.
    Segment(RawSegment),
    /// The last segment of a timeline that was left (`.partial`). Recovery never asks for it.
    Partial(RawSegment),
    /// A timeline history file; the timeline is its own, not an ancestor.
    History(TimelineId),
    /// A backup history file (`.backup`).
    BackupHistory {
        /// The segment in which the backup started.
        segment: RawSegment,
        /// Where in that segment, in bytes.
        offset: u32,
    },
}

impl WalFile {
    /// Classifies a name as the server does, which takes upper-case digits only.
    pub fn parse(name: &str) -> Option<Self> {
        if let Some(timeline) = name.strip_suffix(".history") {
            return TimelineId::new(text::upper_hex8(timeline)?).map(Self::History);
        }
        if let Some(segment) = name.strip_suffix(".partial") {
            return RawSegment::parse(segment).map(Self::Partial);
        }
        if let Some(start) = name.strip_suffix(".backup") {
            let (segment, offset) = start.split_once('.')?;
            let (segment, offset) = (RawSegment::parse(segment)?, text::upper_hex8(offset)?);
            return Some(Self::BackupHistory { segment, offset });
        }
        RawSegment::parse(name).map(Self::Segment)
    }
}

impl fmt::Display for WalFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Segment(segment) => write!(formatter, "{segment}"),
            Self::Partial(segment) => write!(formatter, "{segment}.partial"),
            Self::History(timeline) => write!(formatter, "{}.history", timeline.hex8()),
            Self::BackupHistory { segment, offset } => {
                write!(formatter, "{segment}.{offset:08X}.backup")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_gives_its_name_back() {
        let segment = RawSegment { timeline: TimelineId::new(2).unwrap(), log: 10, seg: 0xAB };
        let (own, offset) = (TimelineId::new(3).unwrap(), 0x28);
        for (name, file) in [
            ("000000020000000A000000AB", WalFile::Segment(segment)),
            ("000000020000000A000000AB.partial", WalFile::Partial(segment)),
            ("00000003.history", WalFile::History(own)),
            (
                "000000020000000A000000AB.00000028.backup",
                WalFile::BackupHistory { segment, offset },
            ),
        ] {
            assert_eq!(WalFile::parse(name), Some(file), "{name}");
            assert_eq!(file.to_string(), name);
        }
    }

    #[test]
    fn other_names_are_none() {
        for name in [
            "",
            "000000020000000a000000AB",
            "000000000000000A000000AB",
            "000000020000000A000000A",
            "000000020000000A000000AB0",
            "000000020000000A000000AB.part",
            "000000020000000A000000AB.partial.partial",
            "000000020000000A000000AB.28.backup",
            "000000020000000A000000AB.backup",
            "00000003.HISTORY",
            "3.history",
            "00000000.history",
            "RECOVERYXLOG",
            "00000001000000000000000é",
        ] {
            assert_eq!(WalFile::parse(name), None, "{name}");
        }
    }
}
