//! `seawall show`: one backup, in full.

use crate::args::One;
use crate::config::Request;
use crate::context::{Context, find_backup};
use crate::human;
use crate::printer::Answer;
use crate::registry;
use errors::{Context as _, Kind, Result};
use repository::LinkDocument;
use std::collections::BTreeMap;

/// # Errors
/// `not-found`, or the backup is damaged.
pub(crate) fn run(context: &Context, one: One) -> Result<Answer> {
    let (place, target) = (one.stored.place, one.stored.target);
    let settings = context.settings(Request { place, target, ..Request::default() })?;
    let repository = settings.open_repository()?;
    let store = settings.stored_unit(&repository)?;
    let name = find_backup(&store, one.backup.as_deref().unwrap_or("latest"))?;
    let document = store.link(&name)?;
    let value = serde_json::to_value(&document).or_kind(Kind::Bug, || "print the link")?;
    Ok(Answer::new("seawall.show/1", text(&document)?, value))
}

fn text(document: &LinkDocument) -> Result<String> {
    let link = &document.link;
    let engine = registry::by_name(&link.engine)?;
    let mut rows = vec![
        vec!["backup".to_owned(), link.name().to_string()],
        vec!["target".to_owned(), link.target.to_string()],
        vec!["engine".to_owned(), link.engine.clone()],
        vec!["level".to_owned(), link.level.to_string()],
        vec![
            "taken".to_owned(),
            format!("{} to {}", human::time(link.started_at), human::time(link.finished_at)),
        ],
        vec!["consistent".to_owned(), engine.print_position(link.to)],
    ];
    if let Some(earliest) = &link.earliest {
        rows.push(vec!["serves from".to_owned(), human::time(earliest.time)]);
    }
    // What stands in several of them stands there with the same value.
    let facts: BTreeMap<_, _> = link.server.iter().chain(&link.lineage).chain(&link.base).collect();
    for (name, value) in facts {
        rows.push(vec![name.replace('_', " "), value.clone()]);
    }
    for (root, info) in &link.roots {
        rows.push(vec![format!("root {root}"), info.path.clone()]);
    }
    let (files, size) = (link.totals.files, human::bytes(link.totals.bytes));
    rows.push(vec!["files".to_owned(), format!("{files} ({size})")]);
    let stored = human::bytes(document.stored_bytes());
    rows.push(vec![
        "stored".to_owned(),
        format!("{stored} in {} volume(s)", document.volumes.len()),
    ]);
    for reach in &link.log {
        let name = |piece: Option<&String>| {
            piece.and_then(|p| p.split('/').nth(1)).unwrap_or("-").to_owned()
        };
        let (first, last) = (name(reach.pieces.first()), name(reach.pieces.last()));
        rows.push(vec!["log".to_owned(), format!("{first} to {last}")]);
    }
    for finding in &link.findings {
        rows.push(vec!["warning".to_owned(), finding.text.clone()]);
    }
    Ok(human::table(&rows))
}
