//! Whether the archived log of a cluster hangs together: every record of every segment is read, and
//! every place where timelines part.

pub(crate) mod catalogue;
mod forks;
mod lane;

use crate::wal;
use errors::{Context, Kind, Result, Rule};
use formats::{FirstPage, SystemIdentifier, TimelineId, WalFile};
use stream::{Diagnosis, LogKey, LogView, Progress};

/// What the log holds, and what is wrong with it.
#[derive(Debug, Default)]
pub struct LogReport {
    /// Segments that were read.
    pub segments: u64,
    /// Plain bytes of them.
    pub bytes: u64,
    /// What is wrong, each with the name of a catalogue's row.
    pub findings: Vec<Diagnosis>,
}

impl LogReport {
    fn note(&mut self, rule: &'static Rule, text: String) {
        self.findings.push(Diagnosis::error(rule, text).hint(rule.remedy()));
    }

    fn warn(&mut self, rule: &'static Rule, text: String) {
        self.findings.push(Diagnosis::warning(rule, text).hint(rule.remedy()));
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
            None => {
                report.warn(&catalogue::STRANGE_NAME, format!("{lineage}/{name} is no timeline"));
            }
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
