//! `seawall accept`: another cluster continues a target. Without this word a backup and the log of
//! another cluster are refused: two histories under one name would be a mistake.

use super::source_request;
use crate::args;
use crate::context::Context;
use crate::operations::accept;
use crate::printer::Answer;
use errors::Result;
use serde_json::json;
use stream::LogScope;

/// # Errors
/// The server cannot be asked, or the repository not be written.
pub(crate) fn run(context: &Context, arguments: args::Accept) -> Result<Answer> {
    let settings = context.settings(source_request(arguments.source))?;
    let target = settings.target()?;
    let repository = settings.open_repository()?;
    context.end_on_signal()?;
    let store = repository.unit(&target, None, LogScope::Target);
    let lineage = match arguments.lineage {
        Some(lineage) => accept::checked(lineage)?,
        None => {
            let (engine, options) = settings.engine()?;
            accept::lineage_of_server(engine, &context.job(target.clone(), options))?
        }
    };
    let is_new = accept::accept(&store, &lineage, arguments.dry_run)?;
    let text = match (is_new, arguments.dry_run) {
        (false, _) => format!("the cluster {lineage} was accepted for {target} before\n"),
        (true, true) => format!("would accept the cluster {lineage} for {target}\n"),
        (true, false) => format!(
            "the cluster {lineage} may continue {target}: take a full backup now; the backups that \
             are there stay restorable\n"
        ),
    };
    let summary = json!({"target": target, "lineage": lineage, "new": is_new});
    Ok(Answer::new("seawall.accept/1", text, summary))
}
