//! Whether the archived log of a cluster hangs together: every record of every segment is read, and
//! every place where timelines part.

mod forks;
mod lane;

use crate::wal;
use errors::{Context, Kind, Result};
use formats::{FirstPage, SystemIdentifier, TimelineId, WalFile};
use stream::{Advice, LogKey, LogView, Progress, Severity};

/// What the log holds, and what is wrong with it.
#[derive(Debug, Default)]
pub struct LogReport {
    /// Segments that were read.
    pub segments: u64,
    /// Plain bytes of them.
    pub bytes: u64,
    /// Findings, each with an id.
    pub findings: Vec<Advice>,
}

impl LogReport {
    fn note(&mut self, id: &'static str, text: String) {
        self.findings.push(Advice { id, severity: Severity::Error, text, hints: Vec::new() });
    }

    fn warn(&mut self, id: &'static str, text: String) {
        self.findings.push(Advice { id, severity: Severity::Warning, text, hints: Vec::new() });
    }
}

/// What is looked at.
struct Scope<'a> {
    log: &'a dyn LogView,
    lineage: &'a str,
    system: SystemIdentifier,
    progress: &'a dyn Progress,
    is_cancelled: &'a dyn Fn() -> bool,
}

/// Reads the log of one cluster from its first segment to its last.
///
/// # Errors
/// The log cannot be read at all, or the work was cancelled. Damage is a finding.
pub fn verify_log(
    log: &dyn LogView,
    lineage: &str,
    progress: &dyn Progress,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<LogReport> {
    let system = lineage
        .parse::<SystemIdentifier>()
        .or_kind(Kind::Manifest, || format!("{lineage:?} is no system identifier"))?;
    let scope = Scope { log, lineage, system, progress, is_cancelled };
    let mut report = LogReport::default();
    let mut lanes = Vec::new();
    for name in log.lanes(lineage)? {
        match u32::from_str_radix(&name, 16).ok().and_then(TimelineId::new) {
            Some(timeline) => lanes.push(lane::read(&scope, timeline, &mut report)?),
            None => report.warn("wal-strange-name", format!("{lineage}/{name} is no timeline")),
        }
    }
    forks::check(&scope, &lanes, &mut report)?;
    Ok(report)
}

impl Scope<'_> {
    fn check_cancel(&self) -> Result<()> {
        if (self.is_cancelled)() {
            return Err(errors::Error::new(Kind::Interrupted, "the work was cancelled"));
        }
        Ok(())
    }

    fn key(&self, file: &WalFile) -> LogKey {
        wal::key(file, self.system)
    }

    /// The first page of a piece; `None` where it is absent or no segment.
    fn first_page(&self, key: &LogKey) -> Result<Option<FirstPage>> {
        let mut page = None;
        self.log.read(key, &mut |bytes| {
            page = page.or_else(|| FirstPage::parse(bytes).ok());
            Ok(())
        })?;
        Ok(page)
    }
}
