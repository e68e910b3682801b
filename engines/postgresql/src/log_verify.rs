//! Whether the archived log of a cluster hangs together: every record of every segment is read, and
//! every place where timelines part.

pub(crate) mod catalogue;
mod forks;
mod lane;

use crate::wal;
use errors::{Context, Kind, Result, Rule};
use formats::{FirstPage, SystemIdentifier, TimelineId, WalFile};
use stream::{Cancel, Diagnosis, LogFinding, LogInspection, LogKey, LogReport, LogView, Progress};

/// Notes what is wrong, by the name of a catalogue's row.
trait Note {
    fn note(&mut self, rule: &'static Rule, text: String);
    fn warn(&mut self, rule: &'static Rule, text: String);
}

impl Note for LogReport {
    fn note(&mut self, rule: &'static Rule, text: String) {
        let kind = if *rule == catalogue::GAP { Kind::LogGap } else { Kind::Checksum };
        let diagnosis = Diagnosis::error(rule, text).hint(rule.remedy());
        self.findings.push(LogFinding { kind, diagnosis });
    }

    fn warn(&mut self, rule: &'static Rule, text: String) {
        let diagnosis = Diagnosis::warning(rule, text).hint(rule.remedy());
        self.findings.push(LogFinding { kind: Kind::Checksum, diagnosis });
    }
}

/// What is looked at.
struct Scope<'a> {
    log: &'a dyn LogView,
    lineage: &'a str,
    system: SystemIdentifier,
    progress: &'a dyn Progress,
    cancel: &'a Cancel,
}

/// Reads the log of one cluster from its first segment to its last.
///
/// # Errors
/// The log cannot be read at all, or the work was cancelled. Damage is a finding.
pub(crate) fn run(look: &LogInspection<'_>) -> Result<LogReport> {
    let LogInspection { log, lineage, progress, cancel } = *look;
    let system = lineage
        .parse::<SystemIdentifier>()
        .or_kind(Kind::Manifest, || format!("{lineage:?} is not a system identifier"))?;
    let scope = Scope { log, lineage, system, progress, cancel };
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
        stream::check_cancel(self.cancel, "the work was cancelled")
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
