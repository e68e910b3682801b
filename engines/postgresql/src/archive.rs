//! What the server's archiver and its recovery ask for, one file at a time.

use crate::data_directory::DataDirectory;
use crate::listing::mtime;
use crate::log_stream::SegmentTap;
use crate::wal;
use errors::{Context, Error, Kind, Result};
use formats::{BackupHistory, SystemIdentifier, WalFile};
use std::fs;
use std::path::{Path, PathBuf};
use stream::{LogKey, LogPiece, LogSource, Plan};

/// What asks for log and gets none: all that there is lies where the server looks next.
const NO_MORE_LOG: &str = "false";

/// The piece that `archive_command` names with `%p`, checked: a complete segment of its name, or
/// a history. `data` is where the server runs the command: its data directory. `None`: no file of
/// `pg_wal` has that name.
///
/// # Errors
/// `source-files`; `system-identifier`.
pub(crate) fn pushed_piece(path: &Path, data: &Path) -> Result<Option<LogPiece>> {
    let path = data.join(path);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let Some(file) = WalFile::parse(name) else { return Ok(None) };
    let local = local_system(data);
    let system = match &file {
        WalFile::Segment(_) | WalFile::Partial(_) => {
            wal::check_segment(&path, &file, local)?.system_identifier
        }
        // Neither tells its cluster: only the data directory does.
        WalFile::History(timeline) => {
            wal::check_history(&path, *timeline)?;
            local.ok_or_else(|| no_data_directory(data))?
        }
        WalFile::BackupHistory { .. } => {
            let bytes = fs::read(&path).map_err(|error| {
                Error::io(format!("read {}", path.display()), error).with_kind(Kind::SourceFiles)
            })?;
            BackupHistory::parse(&bytes).or_kind(Kind::SourceFiles, || {
                format!("{} is no backup history", path.display())
            })?;
            local.ok_or_else(|| no_data_directory(data))?
        }
    };
    let metadata = fs::metadata(&path).map_err(|error| {
        Error::io(format!("look at {}", path.display()), error).with_kind(Kind::SourceFiles)
    })?;
    let key = wal::key(&file, system);
    let tap = match &file {
        WalFile::Segment(_) => Some(SegmentTap::boxed(&path, false)),
        WalFile::Partial(_) => Some(SegmentTap::boxed(&path, true)),
        WalFile::History(_) | WalFile::BackupHistory { .. } => None,
    };
    Ok(Some(LogPiece { key, path, written_at: mtime(&metadata), tap }))
}

/// The key of the piece that `restore_command` names with `%f`. Without a lineage, `data` tells
/// which cluster is being recovered. `None`: no file of `pg_wal` has that name.
///
/// # Errors
/// `usage`; `source-files`: there is neither lineage nor data directory.
pub(crate) fn wanted_key(name: &str, lineage: Option<&str>, data: &Path) -> Result<Option<LogKey>> {
    let Some(file) = WalFile::parse(name) else { return Ok(None) };
    let system = match lineage {
        Some(text) => text
            .parse::<SystemIdentifier>()
            .or_kind(Kind::Usage, || format!("{text:?} is not a system identifier"))?,
        None => local_system(data).ok_or_else(|| no_data_directory(data))?,
    };
    Ok(Some(wal::key(&file, system)))
}

/// How a restored server gets more log: from a repository, wherever the server is started.
pub(crate) fn fetch_command(source: &LogSource, plan: &Plan) -> Vec<String> {
    let LogSource::Repository { program, place, target, .. } = source else {
        return vec![NO_MORE_LOG.to_owned()];
    };
    let mut words = vec![program.display().to_string(), "wal".to_owned(), "fetch".to_owned()];
    words.extend(["--repo".to_owned(), place.clone()]);
    words.extend(["--target".to_owned(), target.to_string()]);
    if let Some(lineage) = plan.settings.get("lineage") {
        words.extend(["--lineage".to_owned(), lineage.clone()]);
    }
    words
}

/// The cluster of the data directory that the server runs its commands in.
fn local_system(data: &Path) -> Option<SystemIdentifier> {
    let directory = DataDirectory { path: PathBuf::from(data) };
    directory.control().ok().map(|(control, _)| control.system_identifier)
}

fn no_data_directory(data: &Path) -> Error {
    Error::new(Kind::SourceFiles, format!("{} is no data directory", data.display()))
        .hint("The server runs this command in its data directory; by hand, go there first or give --lineage.")
}
