//! What a segment says of itself, read while it is archived.

use formats::wal::{SegmentEnd, SegmentFacts, SegmentScan};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use stream::{Finding, Tap};

/// Walks over the records of a segment as its bytes pass.
pub(crate) struct SegmentTap {
    path: PathBuf,
    /// The last segment of a timeline that was left ends early, and that is no finding.
    is_partial: bool,
    scan: SegmentScan,
    facts: Option<SegmentFacts>,
}

impl SegmentTap {
    pub(crate) fn boxed(path: &Path, is_partial: bool) -> Box<dyn Tap> {
        let (path, scan) = (path.to_owned(), SegmentScan::new());
        Box::new(Self { path, is_partial, scan, facts: None })
    }
}

impl Tap for SegmentTap {
    fn bytes(&mut self, _offset: u64, bytes: &[u8]) {
        self.scan.feed(bytes);
    }

    fn facts(&mut self) -> BTreeMap<String, String> {
        self.facts = std::mem::take(&mut self.scan).finish().ok();
        self.facts.as_ref().map(SegmentFacts::to_facts).unwrap_or_default()
    }

    /// A segment that ends early is kept nevertheless: a server whose archiver is refused fills its
    /// disk, and what is there may still be needed.
    fn findings(self: Box<Self>) -> Vec<Finding> {
        match self.facts.map(|facts| facts.end) {
            Some(SegmentEnd::Torn { at, reason }) if !self.is_partial => vec![Finding {
                id: "wal-torn".to_owned(),
                offset: 0,
                text: format!("{}: the log ends at {at}, where {reason}", self.path.display()),
            }],
            _ => Vec::new(),
        }
    }

    fn fork(&self) -> Option<Box<dyn Tap>> {
        None
    }
}
