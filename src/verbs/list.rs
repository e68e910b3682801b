//! `seawall list`: the backups of a repository.

use crate::args::Stored;
use crate::config::Request;
use crate::context::Context;
use crate::human;
use crate::printer::Answer;
use crate::registry;
use errors::Result;
use repository::{LinkDocument, UnitStore};
use serde_json::{Value, json};
use stream::{Gap, Window};

/// The role that is told: backups of primaries are the rule.
const STANDBY: &str = "standby";

/// # Errors
/// The repository is missing or cannot be read. A damaged backup is told, and is no error.
pub(crate) fn run(context: &Context, stored: Stored) -> Result<Answer> {
    let Stored { place, target } = stored;
    let one = place.is_some() || target.is_some();
    let settings = context.settings(Request { place, target, ..Request::default() })?;
    let repository = settings.open_repository()?;
    let targets = if one {
        vec![settings.stored_unit(&repository)?.target().clone()]
    } else {
        repository.targets()?
    };
    let head = ["TARGET", "BACKUP", "LEVEL", "SERVES FROM", "TO", "TIMELINE", "SIZE", "STORED"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let (mut items, mut remarks) = (Vec::new(), String::new());
    let mut damaged = false;
    for target in targets {
        let store = repository.unit(&target, None);
        for name in store.link_names()? {
            match store.link(&name) {
                Ok(document) => {
                    let window = window(&document, &store)?;
                    if let Some(window) = &window {
                        remarks.push_str(&remark(&document, window));
                    }
                    rows.push(row(&document, window.as_ref()));
                    items.push(item(&document, window.as_ref()));
                }
                Err(error) => {
                    damaged = true;
                    tracing::warn!("{}", error.line());
                    rows.push(vec![target.to_string(), name.to_string(), "damaged".to_owned()]);
                    items.push(json!({"target": target, "backup": name.to_string(), "damage": error.line()}));
                }
            }
        }
    }
    let text = match rows.len() {
        1 => "no backups yet\n".to_owned(),
        _ => human::table(&rows) + &remarks,
    };
    let summary = json!({"repository": repository.info().id, "backups": items.len()});
    Ok(Answer::new("seawall.list/1", text, summary).with_items(items).with_warnings(damaged))
}

/// How far recovery from a backup can go; nothing for links that serve none alone.
fn window(document: &LinkDocument, store: &UnitStore) -> Result<Option<Window>> {
    let link = &document.link;
    if link.earliest.is_none() {
        return Ok(None);
    }
    registry::by_name(&link.engine)?.window(link, &store.log(), None).map(Some)
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

fn row(document: &LinkDocument, window: Option<&Window>) -> Vec<String> {
    let link = &document.link;
    let earliest = link.earliest.as_ref();
    let to = match window {
        None => "-".to_owned(),
        Some(window) if !window.is_whole => "nothing".to_owned(),
        Some(window) => window.latest.map_or_else(|| "end of log".to_owned(), human::time),
    };
    vec![
        link.target.to_string(),
        link.name().to_string(),
        match role(document) {
            Some(STANDBY) => format!("{}, {STANDBY}", link.level),
            _ => link.level.to_string(),
        },
        earliest.map_or_else(|| "-".to_owned(), |earliest| human::time(earliest.time)),
        to,
        window.map_or_else(|| "-".to_owned(), |window| window.history.clone()),
        human::bytes(link.totals.bytes),
        human::bytes(document.stored_bytes()),
    ]
}

fn item(document: &LinkDocument, window: Option<&Window>) -> Value {
    let link = &document.link;
    json!({
        "target": link.target,
        "backup": link.name().to_string(),
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
