//! `seawall list`: the backups of a repository.

use super::stored_request;
use crate::args::Stored;
use crate::context::Context;
use crate::human;
use crate::operations::list::{Content, Entry, entries};
use crate::operations::stored;
use crate::printer::Answer;
use errors::Result;
use repository::LinkDocument;
use serde_json::{Value, json};
use stream::{Gap, Window};

/// The role that is told: backups of primaries are the rule.
const STANDBY: &str = "standby";

/// # Errors
/// The repository is missing or cannot be read. A damaged backup is told, and is no error.
pub(crate) fn run(context: &Context, arguments: &Stored) -> Result<Answer> {
    let settings = context.settings(stored_request(arguments))?;
    let repository = settings.open_repository()?;
    let one = arguments.place.is_some() || arguments.target.is_some();
    let targets = match one || !arguments.units.patterns.is_empty() {
        true => vec![stored::target(&settings, &repository)?],
        false => repository.targets()?,
    };
    let mut found = Vec::new();
    for target in &targets {
        let stores = stored::stores(&repository, target, &arguments.units.patterns)?;
        found.extend(entries(&stores)?);
    }
    let has_units = found.iter().any(|entry| entry.unit.is_some());
    let head =
        ["TARGET", "UNIT", "BACKUP", "LEVEL", "SERVES FROM", "TO", "TIMELINE", "SIZE", "STORED"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let (mut items, mut remarks, mut damaged) = (Vec::new(), String::new(), false);
    for entry in &found {
        match &entry.content {
            Ok(content) => {
                if let Some(window) = &content.window {
                    remarks.push_str(&remark(&content.document, window));
                }
                rows.push(row(entry, content));
                items.push(item(entry, content));
            }
            Err(error) => {
                damaged = true;
                tracing::warn!("{}", error.line());
                rows.push(named(entry, ["damaged".to_owned()]));
                items.push(damaged_item(entry, error));
            }
        }
    }
    if !has_units {
        rows.iter_mut().for_each(|row| drop(row.remove(1)));
    }
    let text = match rows.len() {
        1 => "no backups yet\n".to_owned(),
        _ => human::table(&rows) + &remarks,
    };
    let summary = json!({"repository": repository.info().id, "backups": items.len()});
    Ok(Answer::new("seawall.list/1", text, summary).with_items(items).with_warnings(damaged))
}

/// What an operator must know of a window beside its ends.
fn remark(document: &LinkDocument, window: &Window) -> String {
    let name = document.link.name();
    let mut text = String::new();
    if !window.is_whole {
        text.push_str(&format!("{name} cannot be restored: its own log is missing\n"));
    }
    if let Some(gap) = &window.gap {
        let Gap { first, last, pieces, resumes } = gap;
        let resumes = resumes.map_or_else(
            || "the log goes on behind it".to_owned(),
            |time| format!("the log goes on at {}", human::time(time)),
        );
        text.push_str(&format!(
            "{name}: gap from {first} to {last} ({pieces} missing); {resumes}\n"
        ));
    }
    text
}

/// What the server was, where its engine tells.
fn role(document: &LinkDocument) -> Option<&str> {
    document.link.server.get("role").map(String::as_str)
}

/// A row: the backup's names, and the cells behind them.
fn named(entry: &Entry, cells: impl IntoIterator<Item = String>) -> Vec<String> {
    let unit = entry.unit.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    let mut row = vec![entry.target.to_string(), unit, entry.name.to_string()];
    row.extend(cells);
    row
}

fn row(entry: &Entry, content: &Content) -> Vec<String> {
    let Content { document, window } = content;
    let link = &document.link;
    let earliest = link.earliest.as_ref();
    let to = match window {
        None => "-".to_owned(),
        Some(window) if !window.is_whole => "nothing".to_owned(),
        Some(window) => window.latest.map_or_else(|| "end of log".to_owned(), human::time),
    };
    let level = match role(document) {
        Some(STANDBY) => format!("{}, {STANDBY}", link.level),
        _ => link.level.to_string(),
    };
    let cells = [
        level,
        earliest.map_or_else(|| "-".to_owned(), |earliest| human::time(earliest.time)),
        to,
        window.as_ref().map_or_else(|| "-".to_owned(), |window| window.history.clone()),
        human::bytes(link.totals.bytes),
        human::bytes(document.stored_bytes()),
    ];
    named(entry, cells)
}

fn item(entry: &Entry, content: &Content) -> Value {
    let Content { document, window } = content;
    let link = &document.link;
    json!({
        "target": entry.target,
        "unit": entry.unit,
        "backup": entry.name.to_string(),
        "engine": link.engine,
        "level": link.level,
        "role": role(document),
        "earliest": link.earliest,
        "window": window,
        "started_at": link.started_at,
        "finished_at": link.finished_at,
        "bytes": link.totals.bytes,
        "stored_bytes": document.stored_bytes(),
        "findings": link.findings.len(),
    })
}

fn damaged_item(entry: &Entry, error: &errors::Error) -> Value {
    json!({
        "target": entry.target,
        "unit": entry.unit,
        "backup": entry.name.to_string(),
        "damage": error.line(),
    })
}
