//! `seawall backup`: from a server into a repository.

use super::dry_run::DryRun;
use super::source_request;
use crate::args;
use crate::config::{Request, Settings};
use crate::context::Context;
use crate::human;
use crate::operations::backup::{BackupRequest, UnitOutcome, failure_of};
use crate::operations::label;
use crate::printer::Answer;
use errors::{Error, Kind, Result};
use repository::{LinkDocument, SinkOptions};
use serde_json::{Map, Value, json};
use stream::{Engine, Link, print_position};

/// # Errors
/// Whatever makes the backup unusable; then no link exists.
pub(crate) fn run(context: &Context, arguments: args::Backup) -> Result<Answer> {
    let args::Backup { source, units, level, workers, compression_level, dry_run } = arguments;
    let flags = [("workers", workers), ("compression_level", compression_level)];
    let flags = flags.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let settings = context.settings(Request { flags, ..source_request(source) })?;
    let (engine, options) = settings.engine()?;
    let repository = settings.open_repository()?;
    context.end_on_signal()?;
    context.printer.start("backup");
    let request = BackupRequest {
        engine,
        options,
        target: settings.target()?,
        level,
        patterns: &units.patterns,
        label: label(),
        repository: &repository,
        work: context.work(),
    };
    if dry_run {
        return look(&request);
    }
    let outcomes = request.run(sink_options(&settings))?;
    answer(engine, &request.target, &outcomes)
}

fn sink_options(settings: &Settings) -> SinkOptions {
    let defaults = SinkOptions::default();
    let level = settings.general.count("compression_level").and_then(|n| i32::try_from(n).ok());
    SinkOptions {
        workers: settings.workers(),
        level: level.unwrap_or(defaults.level),
        volume_bytes: settings.general.bytes("volume_size").unwrap_or(defaults.volume_bytes),
        ..defaults
    }
}

/// One backup is told in full; of several units each has a line, and what failed is said at the end.
fn answer(
    engine: &dyn Engine,
    target: &stream::TargetName,
    outcomes: &[UnitOutcome<LinkDocument>],
) -> Result<Answer> {
    if let [only] = outcomes {
        let document = only.result.as_ref().map_err(Error::repeat)?;
        let (text, summary) = one(engine, document, only);
        return Ok(Answer::new("seawall.backup/1", text, summary.into())
            .with_warnings(!document.link.findings.is_empty()));
    }
    if let Err(error) = failure_of(outcomes)
        && error.kind() == Kind::Interrupted
    {
        return Err(error);
    }
    let head = ["UNIT", "BACKUP", "LEVEL", "FILES", "SIZE", "STORED", "TIME"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let (mut items, mut remarks, mut warned) = (Vec::new(), String::new(), false);
    for outcome in outcomes {
        let unit = outcome.unit.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        match &outcome.result {
            Ok(document) => {
                warned |= !document.link.findings.is_empty();
                remarks.push_str(&warnings(&document.link));
                rows.push(row(unit, document, outcome));
                let (_, mut item) = one(engine, document, outcome);
                item.insert("unit".to_owned(), json!(outcome.unit));
                item.insert("result".to_owned(), "ok".into());
                items.push(Value::Object(item));
            }
            Err(error) => {
                rows.push(vec![unit, "failed".to_owned()]);
                items.push(failed_item(outcome, error));
            }
        }
    }
    let failed = outcomes.iter().filter(|outcome| outcome.result.is_err()).count();
    let mut text = human::table(&rows) + &remarks;
    for outcome in outcomes {
        if let (Some(unit), Err(error)) = (&outcome.unit, &outcome.result) {
            text.push_str(&format!("failed  {unit}: {}\n", error.line()));
            for hint in error.hints() {
                text.push_str(&format!("        hint: {hint}\n"));
            }
        }
    }
    let summary = json!({"target": target, "units": outcomes.len(), "failed": failed});
    let mut answer = Answer::new("seawall.backup-units/1", text, summary)
        .with_items(items)
        .with_warnings(warned);
    if failed > 0 {
        answer.exit = Kind::Incomplete.entry().exit;
    }
    Ok(answer)
}

fn failed_item<T>(outcome: &UnitOutcome<T>, error: &Error) -> Value {
    json!({
        "unit": outcome.unit,
        "result": "failed",
        "code": error.kind().entry().code,
        "message": error.line(),
        "hints": error.hints(),
        "exit_status": error.exit_status(),
    })
}

fn row<T>(unit: String, document: &LinkDocument, outcome: &UnitOutcome<T>) -> Vec<String> {
    let link = &document.link;
    vec![
        unit,
        link.name().to_string(),
        link.level.to_string(),
        link.totals.files.to_string(),
        human::bytes(link.totals.bytes),
        human::bytes(document.stored_bytes()),
        format!("{:.1} s", outcome.elapsed.as_secs_f64()),
    ]
}

/// One backup, for people and for programs.
fn one<T>(
    engine: &dyn Engine,
    document: &LinkDocument,
    outcome: &UnitOutcome<T>,
) -> (String, Map<String, Value>) {
    let link = &document.link;
    let elapsed = outcome.elapsed;
    let per_second = u128::from(link.totals.bytes) * 1000 / elapsed.as_millis().max(1);
    let rate = human::bytes(u64::try_from(per_second).unwrap_or(u64::MAX));
    let memory = system::peak_memory_bytes();
    let unit =
        outcome.unit.as_ref().map_or_else(String::new, |unit| format!("unit         {unit}\n"));
    let text = format!(
        "backup       {}\ntarget       {}\n{unit}level        {}\nconsistent   {}\nserves from  {}\n\
         files        {} ({})\nstored       {} in {} volume(s)\ntime         {:.1} s ({rate}/s)\npeak memory  {}\n{}",
        link.name(),
        link.target,
        link.level,
        print_position(engine, link.to),
        link.earliest
            .as_ref()
            .map_or_else(|| "-".to_owned(), |earliest| human::time(earliest.time)),
        link.totals.files,
        human::bytes(link.totals.bytes),
        human::bytes(document.stored_bytes()),
        document.volumes.len(),
        elapsed.as_secs_f64(),
        memory.map_or_else(|| "unknown".to_owned(), human::bytes),
        warnings(link),
    );
    let mut summary = Map::new();
    for (name, value) in [
        ("backup", link.name().to_string().into()),
        ("link", json!(link)),
        ("stored_bytes", document.stored_bytes().into()),
        ("volumes", document.volumes.len().into()),
        ("elapsed_ms", u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).into()),
        ("peak_memory_bytes", json!(memory)),
    ] {
        summary.insert(name.to_owned(), value);
    }
    (text, summary)
}

fn warnings(link: &Link) -> String {
    link.findings.iter().map(|finding| format!("warning      {}\n", finding.text)).collect()
}

/// What a backup would read.
fn look(request: &BackupRequest<'_>) -> Result<Answer> {
    let seen = DryRun::default();
    let outcomes = request.look(&|unit, file| seen.see(unit, file))?;
    failure_of(&outcomes)?;
    let links = || outcomes.iter().filter_map(|outcome| outcome.result.as_ref().ok());
    let files: u64 = links().map(|link| link.totals.files).sum();
    let bytes: u64 = links().map(|link| link.totals.bytes).sum();
    let (text, items) = seen.take();
    let totals = format!("{files} files, {}\n", human::bytes(bytes));
    let summary = json!({"files": files, "bytes": bytes, "level": request.level});
    Ok(Answer::new("seawall.backup-plan/1", text + &totals, summary).with_items(items))
}
