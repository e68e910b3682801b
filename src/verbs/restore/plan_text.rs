//! A plan, for people.

use crate::human;
use crate::operations::restore::{Place, Prepared};
use errors::Result;
use stream::{Engine, RecoveryTarget, exact_time, print_position};

/// Everything that will be done, a line each.
pub(super) fn print(engine: &dyn Engine, prepared: &Prepared) -> Result<String> {
    let (plan, link) = (&prepared.plan, &prepared.newest()?.link);
    let mut rows = vec![
        vec!["backup".to_owned(), link.name().to_string()],
        vec!["size".to_owned(), human::bytes(link.totals.bytes)],
    ];
    if let Some(unit) = &link.unit {
        rows.insert(0, vec!["unit".to_owned(), unit.to_string()]);
    }
    if let Place::Directories { layout, .. } = &prepared.place {
        for (root, path) in &layout.roots {
            rows.push(vec![root.to_string(), path.display().to_string()]);
        }
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
        RecoveryTarget::Position(position) => format!("LSN {}", print_position(engine, *position)),
        RecoveryTarget::Transaction(text) => format!("transaction {text}"),
        RecoveryTarget::Name(name) => format!("restore point {name:?}"),
    };
    let inclusive = if plan.inclusive { "inclusive" } else { "exclusive" };
    rows.push(vec!["target".to_owned(), format!("{target} ({inclusive})")]);
    rows.push(vec!["then".to_owned(), plan.action.to_string()]);
    let more = match &prepared.place {
        Place::Directories { start: Some(start), .. } => {
            rows.push(vec!["start".to_owned(), start.command.clone()]);
            start.notes.as_slice()
        }
        Place::Directories { start: None, .. } => &[],
        Place::Elsewhere { notes } => notes,
    };
    for note in plan.notes.iter().chain(more) {
        rows.push(vec!["note".to_owned(), note.clone()]);
    }
    Ok(human::table(&rows))
}
