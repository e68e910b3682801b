//! `seawall wal verify`: whether the archived log hangs together, record by record.

use crate::args::Stored;
use crate::config::Request;
use crate::context::Context;
use crate::human;
use crate::printer::Answer;
use engine_postgresql::LogReport;
use errors::{Error, Kind, Result};
use serde_json::{Value, json};
use stream::{Diagnosis, Severity};

/// # Errors
/// The repository is missing or cannot be read. What is wrong with the log is told in the answer:
/// with the exit status of damage, or of a gap.
pub(crate) fn run(context: &Context, stored: &Stored) -> Result<Answer> {
    let (place, target) = (stored.place.clone(), stored.target.clone());
    let settings = context.settings(Request { place, target, ..Request::default() })?;
    let repository = settings.open_repository()?;
    let store = settings.stored_unit(&repository)?;
    context.end_on_signal()?;
    context.printer.start("wal verify");
    let log = store.log();
    let progress = context.progress();
    let lineages = log.lineages()?;
    if lineages.is_empty() {
        let text = format!("the repository holds no log of {}", store.target());
        return Err(Error::new(Kind::NotFound, text));
    }
    let mut text = String::new();
    let mut items = Vec::new();
    let mut exit = 0;
    let (mut segments, mut bytes) = (0, 0);
    for lineage in lineages {
        progress.phase(&format!("verify the log of {lineage}"));
        let is_cancelled = || context.cancel.is_cancelled();
        let report =
            engine_postgresql::verify_log(&log, &lineage, progress.as_ref(), &is_cancelled)?;
        segments += report.segments;
        bytes += report.bytes;
        text.push_str(&lines(&lineage, &report));
        items.extend(report.findings.iter().map(|finding| item(&lineage, finding)));
        exit = exit.max(report.findings.iter().map(exit_of).max().unwrap_or(0));
    }
    drop(progress);
    let summary = json!({
        "segments": segments, "bytes": bytes, "findings": items.len(),
        "peak_memory_bytes": system::peak_memory_bytes(),
    });
    let mut answer = Answer::new("seawall.wal-verify/1", text, summary).with_items(items);
    answer.exit = exit;
    Ok(answer)
}

fn lines(lineage: &str, report: &LogReport) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let how = if finding.severity == Severity::Error { "wrong" } else { "warning" };
        text.push_str(&format!("{how}  {}  {}\n", finding.rule.id(), finding.text));
        for hint in &finding.hints {
            text.push_str(&format!("  hint: {hint}\n"));
        }
    }
    let size = human::bytes(report.bytes);
    let verdict = match report.findings.len() {
        0 => "every record follows the one before it".to_owned(),
        count => format!("{count} finding(s)"),
    };
    text.push_str(&format!("{lineage}: {} segment(s), {size}: {verdict}\n", report.segments));
    text
}

fn item(lineage: &str, finding: &Diagnosis) -> Value {
    json!({
        "lineage": lineage,
        "id": finding.rule.id(),
        "text": finding.text,
        "hints": finding.hints,
    })
}

fn exit_of(finding: &Diagnosis) -> u8 {
    match finding.severity {
        Severity::Ok => 0,
        Severity::Warning => 1,
        Severity::Error if finding.rule == &engine_postgresql::LOG_GAP => Kind::LogGap.entry().exit,
        Severity::Error => Kind::Checksum.entry().exit,
    }
}
