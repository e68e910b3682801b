//! `seawall wal`: what `archive_command` and `restore_command` call, with their exact contracts.
//!
//! `push`: 0 only when the file is on disk in the repository; the identical file again is a
//! success; another file of the same name is refused. Never above 125, which the server would take
//! for a signal.
//!
//! `fetch`: 0 with the file in place; 14 when it is definitely absent, which ends recovery; 126 for
//! every trouble, which makes recovery stop instead of ending early with rows missing.

mod verify;

use crate::args::{Fetch, Push, Wal};
use crate::config::Request;
use crate::context::Context;
use crate::operations::log;
use crate::printer::Answer;
use errors::Result;
use repository::UnitStore;
use serde_json::json;
use stream::LogScope;

/// # Errors
/// The verb's own.
pub(crate) fn run(context: &Context, wal: &Wal) -> Result<Answer> {
    match wal {
        Wal::Push(push) => run_push(context, push),
        Wal::Fetch(fetch) => run_fetch(context, fetch),
        Wal::Verify(stored) => verify::run(context, stored),
    }
}

fn run_push(context: &Context, push: &Push) -> Result<Answer> {
    let store = open_unit(context, &push.target)?;
    let piece = log::piece(&push.path)?;
    log::refuse_other_lineage(&store, &piece.key.lineage)?;
    if push.dry_run {
        let text = format!("would keep {} as {}\n", piece.path.display(), piece.key);
        return Ok(Answer::new("seawall.wal-push/1", text, json!({"key": piece.key.path()})));
    }
    let key = piece.key.path();
    let appended = log::push(&store, piece)?;
    for finding in &appended.findings {
        tracing::warn!("{}", finding.text);
    }
    let summary = json!({"key": key, "stored": appended.stored});
    Ok(Answer::new("seawall.wal-push/1", "", summary))
}

fn run_fetch(context: &Context, fetch: &Fetch) -> Result<Answer> {
    let store = open_unit(context, &fetch.target)?;
    let key = log::key(&fetch.name, fetch.lineage.as_deref())?;
    log::fetch(&store.log(), &key, &fetch.target, &fetch.path)?;
    Ok(Answer::new("seawall.wal-fetch/1", "", json!({"key": key.path()})))
}

fn open_unit(context: &Context, target: &str) -> Result<UnitStore> {
    let target = Some(target.to_owned());
    let settings = context.settings(Request { target, ..Request::default() })?;
    let repository = settings.open_repository()?;
    Ok(repository.unit(&settings.target()?, None, LogScope::Target))
}
