//! `seawall list`: the backups of a repository.

use crate::args::Stored;
use crate::config::Request;
use crate::context::Context;
use crate::human;
use crate::printer::Answer;
use errors::Result;
use repository::LinkDocument;
use serde_json::{Value, json};

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
    let head = ["TARGET", "BACKUP", "LEVEL", "SERVES FROM", "SIZE", "STORED"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut items = Vec::new();
    let mut damaged = false;
    for target in targets {
        let store = repository.unit(&target, None);
        for name in store.link_names()? {
            match store.link(&name) {
                Ok(document) => {
                    rows.push(row(&document));
                    items.push(item(&document));
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
    let text = if rows.len() == 1 { "no backups yet\n".to_owned() } else { human::table(&rows) };
    let summary = json!({"repository": repository.info().id, "backups": items.len()});
    Ok(Answer::new("seawall.list/1", text, summary).with_items(items).with_warnings(damaged))
}

fn row(document: &LinkDocument) -> Vec<String> {
    let link = &document.link;
    let earliest = link.earliest.as_ref();
    vec![
        link.target.to_string(),
        link.name().to_string(),
        link.level.to_string(),
        earliest.map_or_else(|| "-".to_owned(), |earliest| human::time(earliest.time)),
        human::bytes(link.totals.bytes),
        human::bytes(document.stored_bytes()),
    ]
}

fn item(document: &LinkDocument) -> Value {
    let link = &document.link;
    json!({
        "target": link.target,
        "backup": link.name().to_string(),
        "engine": link.engine,
        "level": link.level,
        "earliest": link.earliest,
        "started_at": link.started_at,
        "finished_at": link.finished_at,
        "bytes": link.totals.bytes,
        "stored_bytes": document.stored_bytes(),
        "findings": link.findings.len(),
    })
}
