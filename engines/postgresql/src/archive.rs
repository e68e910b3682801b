//! What the server's archiver and its recovery ask for, one file at a time.

use crate::data_directory::DataDirectory;
use crate::listing::mtime;
use crate::log_stream::SegmentTap;
use crate::wal;
use errors::{Context, Error, Kind, Result};
use formats::{BackupHistory, SystemIdentifier, WalFile};
use std::fs;
use std::path::{Path, PathBuf};
use stream::{LogKey, LogPiece};

/// The piece that `archive_command` names with `%p`, checked: a complete segment of its name, or
/// a history. `data` is where the server runs the command: its data directory.
///
/// # Errors
/// `usage`: no file of `pg_wal` has that name; `source-files`; `system-identifier`.
pub fn pushed_piece(path: &Path, data: &Path) -> Result<LogPiece> {
    let path = data.join(path);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let file = parse(name)?;
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
    Ok(LogPiece { key, path, written_at: mtime(&metadata), tap })
}

/// The key of the piece that `restore_command` names with `%f`. Without a lineage, `data` tells
/// which cluster is being recovered.
///
/// # Errors
/// `usage`; `source-files`: there is neither lineage nor data directory.
pub fn wanted_key(name: &str, lineage: Option<&str>, data: &Path) -> Result<LogKey> {
    let file = parse(name)?;
    let system = match lineage {
        Some(text) => text
            .parse::<SystemIdentifier>()
            .or_kind(Kind::Usage, || format!("{text:?} is no system identifier"))?,
        None => local_system(data).ok_or_else(|| no_data_directory(data))?,
    };
    Ok(wal::key(&file, system))
}

fn parse(name: &str) -> Result<WalFile> {
    WalFile::parse(name)
        .ok_or_else(|| Error::new(Kind::Usage, format!("{name:?} is no name of a file in pg_wal")))
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
