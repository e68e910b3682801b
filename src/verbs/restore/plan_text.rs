//! A plan, for people.

use crate::human;
use repository::LinkDocument;
use stream::{Engine, Layout, Plan, RecoveryTarget, Starting, exact_time};

/// Everything that will be done, a line each.
pub(super) fn print(
    engine: &dyn Engine,
    plan: &Plan,
    document: &LinkDocument,
    layout: &Layout,
    starting: Option<&Starting>,
) -> String {
    let link = &document.link;
    let mut rows = vec![
        vec!["backup".to_owned(), link.name().to_string()],
        vec!["size".to_owned(), human::bytes(link.totals.bytes)],
    ];
    for (root, path) in &layout.roots {
        rows.push(vec![root.to_string(), path.display().to_string()]);
    }
    for span in &plan.log {
        rows.push(vec![
            "log".to_owned(),
            format!("{} to {} ({})", span.first, span.last, span.pieces),
        ]);
    }
    for (name, value) in plan.settings.iter().filter(|(_, value)| !value.is_empty()) {
        rows.push(vec![name.replace('_', " "), value.clone()]);
    }
    let target = match &plan.target {
        RecoveryTarget::Latest => "the end of the log".to_owned(),
        RecoveryTarget::Immediate => "as soon as the data is consistent".to_owned(),
        RecoveryTarget::Time(time) => exact_time(time),
        RecoveryTarget::Position(position) => format!("LSN {}", engine.print_position(*position)),
        RecoveryTarget::Transaction(number) => format!("transaction {number}"),
        RecoveryTarget::Name(name) => format!("restore point {name:?}"),
    };
    let inclusive = if plan.inclusive { "inclusive" } else { "exclusive" };
    rows.push(vec!["target".to_owned(), format!("{target} ({inclusive})")]);
    rows.push(vec!["then".to_owned(), plan.action.to_string()]);
    if let Some(starting) = starting {
        rows.push(vec!["start".to_owned(), starting.command.clone()]);
    }
    let more = starting.map(|starting| starting.notes.as_slice()).unwrap_or_default();
    for note in plan.notes.iter().chain(more) {
        rows.push(vec!["note".to_owned(), note.clone()]);
    }
    human::table(&rows)
}
