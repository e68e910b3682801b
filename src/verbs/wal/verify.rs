//! `seawall wal verify`: whether the archived log hangs together, record by record.

use crate::args::Stored;
use crate::context::Context;
use crate::human;
use crate::operations::{log, stored};
use crate::printer::Answer;
use crate::verbs::stored_request;
use errors::Result;
use serde_json::{Value, json};
use stream::{LogFinding, LogReport, Severity};

/// # Errors
/// The repository is missing or cannot be read. What is wrong with the log is told in the answer:
/// with the exit status of damage, or of a gap.
pub(crate) fn run(context: &Context, arguments: &Stored) -> Result<Answer> {
    let settings = context.settings(stored_request(arguments))?;
    let repository = settings.open_repository()?;
    let target = stored::target(&settings, &repository)?;
    let store = stored::store(&repository, &target, &arguments.units.patterns)?;
    let engine = stored::engine_of_log(&settings, &store)?;
    context.end_on_signal()?;
    context.printer.start("wal verify");
    let work = context.work();
    let reports = log::verify(&store, engine, &work)?;
    drop(work);
    let mut text = String::new();
    let mut items = Vec::new();
    let (mut exit, mut pieces, mut bytes) = (0, 0, 0);
    for (lineage, report) in &reports {
        pieces += report.pieces;
        bytes += report.bytes;
        text.push_str(&lines(lineage, report));
        items.extend(report.findings.iter().map(|finding| item(lineage, finding)));
        exit = exit.max(report.findings.iter().map(exit_of).max().unwrap_or(0));
    }
    let summary = json!({
        "segments": pieces, "bytes": bytes, "findings": items.len(),
        "peak_memory_bytes": system::peak_memory_bytes(),
    });
    let mut answer = Answer::new("seawall.wal-verify/1", text, summary).with_items(items);
    answer.exit = exit;
    Ok(answer)
}

fn lines(lineage: &str, report: &LogReport) -> String {
    let mut text = String::new();
    for LogFinding { diagnosis: finding, .. } in &report.findings {
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
    text.push_str(&format!("{lineage}: {} segment(s), {size}: {verdict}\n", report.pieces));
    text
}

fn item(lineage: &str, finding: &LogFinding) -> Value {
    let finding = &finding.diagnosis;
    json!({
        "lineage": lineage,
        "id": finding.rule.id(),
        "text": finding.text,
        "hints": finding.hints,
    })
}

fn exit_of(finding: &LogFinding) -> u8 {
    match finding.diagnosis.severity {
        Severity::Ok => 0,
        Severity::Warning => 1,
        Severity::Error => finding.kind.entry().exit,
    }
}
