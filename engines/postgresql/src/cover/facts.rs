//! What segments say of themselves: from the head of each piece, or from its bytes where the head
//! does not tell.

use crate::wal;
use errors::{Context, Kind, Result};
use formats::wal::{SegmentFacts, SegmentScan};
use formats::{SegmentName, SegmentSize, SystemIdentifier};
use stream::{LogKey, LogView};

/// The segments of one cluster's log.
#[derive(Clone, Copy)]
pub(crate) struct Segments<'a> {
    pub(crate) log: &'a dyn LogView,
    pub(crate) system: SystemIdentifier,
    pub(crate) size: SegmentSize,
}

impl Segments<'_> {
    pub(crate) fn key(&self, name: &SegmentName) -> Result<LogKey> {
        wal::segment_key(name, self.size, self.system)
    }

    /// The facts of a segment; `None` when it is absent.
    ///
    /// # Errors
    /// The piece cannot be read, or is no segment.
    pub(crate) fn facts(&self, name: &SegmentName) -> Result<Option<SegmentFacts>> {
        let key = self.key(name)?;
        let Some(info) = self.log.info(&key)? else { return Ok(None) };
        if let Ok(facts) = SegmentFacts::from_facts(&info.facts) {
            return Ok(Some(facts));
        }
        // Archived by another program, or by an older one.
        let mut scan = SegmentScan::new();
        let is_there = self.log.read(&key, &mut |bytes| {
            scan.feed(bytes);
            Ok(())
        })?;
        if !is_there {
            return Ok(None);
        }
        scan.finish().map(Some).or_kind(Kind::Manifest, || format!("{key} is no segment"))
    }
}
