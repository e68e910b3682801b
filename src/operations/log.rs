//! The archived log: what a server's archiver and its recovery call, with their exact contracts, and
//! the proof that it hangs together.

use super::Work;
use crate::registry;
use errors::{Error, Kind, Result};
use repository::{LogStore, PieceReader, UnitStore};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use stream::{Appended, Engine, Log, LogInspection, LogKey, LogPiece, LogReport, LogSink};
use system::durable;
use system::failpoint::FETCHED;

/// The piece that a file is, by the engine to whose log it belongs.
///
/// # Errors
/// `usage`: no engine's log has a file of that name; the engine's own.
pub(crate) fn piece(path: &Path) -> Result<LogPiece> {
    let dir = working_dir()?;
    for log in logs() {
        if let Some(piece) = log.piece(path, &dir)? {
            return Ok(piece);
        }
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Err(unknown(&name))
}

/// The key of the piece that a server asks for by name.
///
/// # Errors
/// As [`piece`].
pub(crate) fn key(name: &str, lineage: Option<&str>) -> Result<LogKey> {
    let dir = working_dir()?;
    for log in logs() {
        if let Some(key) = log.key(name, lineage, &dir)? {
            return Ok(key);
        }
    }
    Err(unknown(name))
}

fn logs() -> impl Iterator<Item = &'static dyn Log> {
    registry::all().iter().filter_map(|engine| engine.log())
}

fn unknown(name: &str) -> Error {
    Error::new(Kind::Usage, format!("{name:?} is not the name of a file of any server's log"))
        .hint("PostgreSQL names them in pg_wal: 000000010000000000000001, 00000002.history.")
}

fn working_dir() -> Result<PathBuf> {
    std::env::current_dir().map_err(|error| Error::io("find the working directory", error))
}

/// Keeps a piece so that it survives a power cut.
///
/// # Errors
/// `system-identifier`: the target's log is another server's; the repository cannot be written.
pub(crate) fn push(store: &UnitStore, piece: LogPiece) -> Result<Appended> {
    store.log().append(piece)
}

/// A second cluster in a target would mix two histories under one name.
///
/// # Errors
/// `system-identifier`.
pub(crate) fn refuse_other_lineage(store: &UnitStore, lineage: &str) -> Result<()> {
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

/// Puts a piece where the server wants it.
///
/// # Errors
/// `not-found`: it is definitely absent; `log-gap`: nothing can be said about it; the rest is
/// trouble.
pub(crate) fn fetch(log: &LogStore, key: &LogKey, target: &str, path: &Path) -> Result<()> {
    let Some(piece) = log.open_piece(key)? else {
        require_lineage(log, &key.lineage, target)?;
        // The repository was recognised, it holds log of this cluster, and this piece is not there.
        return Err(Error::new(Kind::NotFound, format!("{key} is not archived")));
    };
    place(piece, path)
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

/// What is wrong with each lineage of a unit's log.
///
/// # Errors
/// `not-found`: there is no log; it cannot be read at all; the work was cancelled.
pub(crate) fn verify(
    store: &UnitStore,
    engine: &dyn Engine,
    work: &Work,
) -> Result<Vec<(String, LogReport)>> {
    let (log, of_engine) = (store.log(), engine.log());
    let lineages = log.lineages()?;
    let (Some(of_engine), false) = (of_engine, lineages.is_empty()) else {
        let text = format!("the repository holds no log of {}", store.target());
        return Err(Error::new(Kind::NotFound, text));
    };
    let mut reports = Vec::new();
    for lineage in lineages {
        work.progress.phase(&format!("verify the log of {lineage}"));
        let report = of_engine.verify(&LogInspection {
            log: &log,
            lineage: &lineage,
            progress: work.progress.as_ref(),
            cancel: &work.cancel,
        })?;
        reports.push((lineage, report));
    }
    Ok(reports)
}
