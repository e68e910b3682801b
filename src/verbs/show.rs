//! `seawall show`: one backup, in full.

use super::stored_request;
use crate::args;
use crate::context::Context;
use crate::human;
use crate::operations::{list, stored};
use crate::printer::Answer;
use crate::registry;
use errors::{Context as _, Kind, Result};
use repository::{LinkDocument, UnitStore};
use serde_json::json;
use std::collections::BTreeMap;
use stream::{Engine, Window, exact_time, print_position};

/// # Errors
/// `not-found`, or the backup is damaged.
pub(crate) fn run(context: &Context, show: &args::Show) -> Result<Answer> {
    let settings = context.settings(stored_request(&show.stored))?;
    let repository = settings.open_repository()?;
    let target = stored::target(&settings, &repository)?;
    let store = stored::store(&repository, &target, &show.stored.units.patterns)?;
    let name = stored::find_backup(&store, show.backup.as_deref().unwrap_or("latest"))?;
    let document = store.link(&name)?;
    let engine = registry::by_name(&document.link.engine)?;
    let history = show.target_timeline.as_deref();
    if show.restore_points {
        return points(engine, &document, &store, history);
    }
    let window = list::window(&document, &store, history)?;
    let mut value = serde_json::to_value(&document).or_kind(Kind::Bug, || "print the link")?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("window".to_owned(), json!(window));
    }
    Ok(Answer::new("seawall.show/1", text(engine, &document, window.as_ref()), value))
}

/// The restore points that recovery from a backup can go to.
fn points(
    engine: &dyn Engine,
    document: &LinkDocument,
    store: &UnitStore,
    history: Option<&str>,
) -> Result<Answer> {
    let log = engine.log();
    let points = log.map(|log| log.named_points(&document.link, &store.log(), history));
    let points = points.transpose()?.unwrap_or_default();
    let mut rows = vec![["RESTORE POINT", "TIME", "LSN", "TIMELINE"].map(str::to_owned).to_vec()];
    for point in &points {
        rows.push(vec![
            point.name.clone(),
            exact_time(&point.time),
            print_position(engine, point.position),
            point.history.clone(),
        ]);
    }
    let text = match points.len() {
        0 => format!("no restore points after the backup {}\n", document.link.name()),
        _ => human::table(&rows),
    };
    let items = points.iter().map(|point| json!(point)).collect();
    let summary = json!({"backup": document.link.name().to_string()});
    Ok(Answer::new("seawall.restore-points/1", text, summary).with_items(items))
}

fn text(engine: &dyn Engine, document: &LinkDocument, window: Option<&Window>) -> String {
    let link = &document.link;
    let mut rows = vec![
        vec!["backup".to_owned(), link.name().to_string()],
        vec!["target".to_owned(), link.target.to_string()],
        vec!["engine".to_owned(), link.engine.clone()],
        vec!["level".to_owned(), link.level.to_string()],
        vec![
            "taken".to_owned(),
            format!("{} to {}", human::time(link.started_at), human::time(link.finished_at)),
        ],
        vec!["consistent".to_owned(), print_position(engine, link.to)],
    ];
    if let Some(unit) = &link.unit {
        rows.insert(2, vec!["unit".to_owned(), unit.to_string()]);
    }
    if let Some(earliest) = &link.earliest {
        rows.push(vec!["serves from".to_owned(), human::time(earliest.time)]);
    }
    rows.extend(window.map(|window| window_rows(engine, window)).unwrap_or_default());
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
    for excluded in &link.totals.excluded {
        let names = excluded.names;
        let matched = if names == 0 { "nothing".to_owned() } else { format!("{names} name(s)") };
        rows.push(vec!["excluded".to_owned(), format!("{}: {matched}", excluded.pattern)]);
    }
    for finding in &link.findings {
        rows.push(vec!["warning".to_owned(), finding.text.clone()]);
    }
    human::table(&rows)
}

/// How far recovery can go, and what is in the way.
fn window_rows(engine: &dyn Engine, window: &Window) -> Vec<Vec<String>> {
    let mut rows = vec![vec![
        "serves to".to_owned(),
        match window.latest {
            _ if !window.is_whole => "nothing: its own log is missing".to_owned(),
            Some(second) => human::time(second),
            None => "the end of the log: no transaction ended after it".to_owned(),
        },
    ]];
    if let Some(last) = window.last {
        rows.push(vec!["last transaction".to_owned(), exact_time(&last)]);
    }
    rows.push(vec![
        "log to".to_owned(),
        format!("{} on timeline {}", print_position(engine, window.to), window.history),
    ]);
    if let Some(gap) = &window.gap {
        let missing = format!("{} to {} ({} missing)", gap.first, gap.last, gap.pieces);
        rows.push(vec!["gap".to_owned(), missing]);
        let resumes = gap.resumes.map_or_else(|| "unknown".to_owned(), |time| exact_time(&time));
        rows.push(vec!["log goes on".to_owned(), resumes]);
    }
    rows
}
