//! `seawall accept`: another cluster continues a target. Without this word a backup and the log of
//! another cluster are refused: two histories under one name would be a mistake.

use crate::args;
use crate::config::Request;
use crate::context::Context;
use crate::printer::Answer;
use errors::{Error, Kind, Result};
use serde_json::json;

/// # Errors
/// The server cannot be asked, or the repository not be written.
pub(crate) fn run(context: &Context, arguments: args::Accept) -> Result<Answer> {
    let args::Source { place, target, sets } = arguments.source;
    let request = Request { place: Some(place), target, sets, ..Request::default() };
    let settings = context.settings(request)?;
    let target = settings.target.clone().ok_or_else(|| Error::new(Kind::Bug, "no target"))?;
    let repository = settings.open_repository()?;
    context.end_on_signal()?;
    let store = repository.unit(&target, None);
    let lineage = match arguments.lineage {
        Some(lineage) => checked(lineage)?,
        None => {
            let (engine, options) = settings.engine()?;
            engine.lineage(&context.job(target.clone(), options))?
        }
    };
    let is_new = !store.accepted_lineages()?.contains(&lineage);
    let text = match (is_new, arguments.dry_run) {
        (false, _) => format!("the cluster {lineage} was accepted for {target} before\n"),
        (true, true) => format!("would accept the cluster {lineage} for {target}\n"),
        (true, false) => {
            store.accept_lineage(&lineage)?;
            format!(
                "the cluster {lineage} may continue {target}: take a full backup now; the backups \
                 that are there stay restorable\n"
            )
        }
    };
    let summary = json!({"target": target, "lineage": lineage, "new": is_new});
    Ok(Answer::new("seawall.accept/1", text, summary))
}

/// It becomes the name of an object.
fn checked(lineage: String) -> Result<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !lineage.is_empty() && lineage.len() <= 64 && lineage.chars().all(is_plain) {
        return Ok(lineage);
    }
    Err(Error::new(Kind::Usage, format!("{lineage:?} is no identifier of a cluster"))
        .hint("`seawall list` shows those that are there."))
}
