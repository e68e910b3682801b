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
use crate::printer::Answer;
use errors::{Error, Kind, Result};
use repository::{LogStore, PieceReader, UnitStore};
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use stream::LogSink;
use system::durable;
use system::failpoint::FETCHED;

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
    let log = store.log();
    let piece = engine_postgresql::pushed_piece(&push.path, &working_directory()?)?;
    refuse_other_lineage(&store, &piece.key.lineage)?;
    if push.dry_run {
        let text = format!("would keep {} as {}\n", piece.path.display(), piece.key);
        return Ok(Answer::new("seawall.wal-push/1", text, json!({"key": piece.key.path()})));
    }
    let key = piece.key.path();
    let appended = log.append(piece)?;
    for finding in &appended.findings {
        tracing::warn!("{}", finding.text);
    }
    let summary = json!({"key": key, "stored": appended.stored});
    Ok(Answer::new("seawall.wal-push/1", "", summary))
}

/// A second cluster in a target would mix two histories under one name.
fn refuse_other_lineage(store: &UnitStore, lineage: &str) -> Result<()> {
    let lineages = store.log().lineages()?;
    let is_among = |known: &[String]| known.iter().any(|known| known == lineage);
    if lineages.is_empty() || is_among(&lineages) || is_among(&store.accepted_lineages()?) {
        return Ok(());
    }
    Err(Error::new(
        Kind::SystemIdentifier,
        format!(
            "the log of {} is of the cluster {}, this is the cluster {lineage}",
            store.target(),
            lineages.join(", ")
        ),
    )
    .hint("After initdb or pg_upgrade: `seawall accept` lets the new cluster continue this target.")
    .hint("If it is another server, use another target name: --target NAME."))
}

fn run_fetch(context: &Context, fetch: &Fetch) -> Result<Answer> {
    let log = open_unit(context, &fetch.target)?.log();
    let lineage = fetch.lineage.as_deref();
    let key = engine_postgresql::wanted_key(&fetch.name, lineage, &working_directory()?)?;
    let Some(piece) = log.open_piece(&key)? else {
        require_lineage(&log, &key.lineage, &fetch.target)?;
        // The repository was recognised, it holds log of this cluster, and this piece is not there.
        return Err(Error::new(Kind::NotFound, format!("{key} is not archived")));
    };
    place(piece, &fetch.path)?;
    Ok(Answer::new("seawall.wal-fetch/1", "", json!({"key": key.path()})))
}

/// Where there is no log of the cluster at all, nothing is said about a piece of it: the target may
/// be misspelt, and recovery must not end for that.
fn require_lineage(log: &LogStore, lineage: &str, target: &str) -> Result<()> {
    if log.lineages()?.iter().any(|known| known == lineage) {
        return Ok(());
    }
    Err(Error::new(
        Kind::LogGap,
        format!("the repository holds no log of the cluster {lineage} for the target {target}"),
    ))
}

/// Under a temporary name first: the server must never see half a file. It need not be synced, for
/// recovery fetches again after a crash.
fn place(mut piece: PieceReader, path: &Path) -> Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".seawall-tmp");
    let temporary = PathBuf::from(temporary);
    let failed = |error| Error::io(format!("write {}", path.display()), error);
    let mut write = || {
        let mut file = BufWriter::new(File::create(&temporary).map_err(failed)?);
        piece.copy_to(&mut file)?;
        file.flush().map_err(failed)?;
        durable::rename_over(&temporary, path, FETCHED).map_err(failed)
    };
    let written = write();
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

fn open_unit(context: &Context, target: &str) -> Result<UnitStore> {
    let target = Some(target.to_owned());
    let settings = context.settings(Request { target, ..Request::default() })?;
    let repository = settings.open_repository()?;
    let name = settings.target.ok_or_else(|| Error::new(Kind::Bug, "no target"))?;
    Ok(repository.unit(&name, None))
}

fn working_directory() -> Result<PathBuf> {
    std::env::current_dir().map_err(|error| Error::io("find the working directory", error))
}
