//! Where a segment's bytes are: kept already, in the directory that the archiver fills, or still in
//! `pg_wal`.

use crate::data_directory::DataDirectory;
use crate::log_stream::{self, WAL_DIR};
use crate::server::Server;
use crate::wal;
use errors::{Error, Kind, Result};
use formats::wal::SegmentEnd;
use formats::{SegmentName, SegmentSize, SystemIdentifier, TimelineId, WalFile};
use std::path::{Path, PathBuf};
use stream::{Job, Sink};

/// The places.
pub(super) struct Source<'a> {
    sink: &'a dyn Sink,
    pub(super) system: SystemIdentifier,
    /// What `archive_command` fills.
    archive: Option<PathBuf>,
    pg_wal: PathBuf,
}

/// A complete segment.
pub(super) enum Found {
    /// The sink has it.
    Kept,
    File(PathBuf),
}

impl<'a> Source<'a> {
    pub(super) fn new(
        job: &Job,
        data: &DataDirectory,
        server: &Server,
        sink: &'a dyn Sink,
    ) -> Self {
        Self {
            sink,
            system: server.system_identifier,
            archive: job.options.text("wal_archive_dir").map(PathBuf::from),
            pg_wal: data.path.join(WAL_DIR),
        }
    }

    pub(super) fn is_kept(&self, file: &WalFile) -> Result<bool> {
        log_stream::is_kept(self.sink, &wal::key(file, self.system))
    }

    /// Where a timeline's history is.
    pub(super) fn history(&self, timeline: TimelineId) -> Option<PathBuf> {
        let name = WalFile::History(timeline).to_string();
        self.places().map(|place| place.join(&name)).find(|path| path.exists())
    }

    fn places(&self) -> impl Iterator<Item = &PathBuf> {
        self.archive.iter().chain(std::iter::once(&self.pg_wal))
    }

    /// A segment must be somewhere; whether it is complete is seen when it is taken.
    ///
    /// # Errors
    /// `log-gap`: it is nowhere.
    pub(super) fn require(&self, name: &SegmentName, size: SegmentSize) -> Result<()> {
        let text = name.name(size);
        let file = WalFile::parse(&text);
        let is_kept = || file.as_ref().map_or(Ok(false), |file| self.is_kept(file));
        if self.places().any(|place| place.join(&text).exists()) || is_kept()? {
            return Ok(());
        }
        Err(self.missing(format!("the segment {text} is nowhere")))
    }

    /// A segment that the server has ended.
    ///
    /// # Errors
    /// `log-gap`: it is nowhere, or nowhere complete.
    pub(super) fn segment(
        &self,
        name: &SegmentName,
        size: SegmentSize,
    ) -> Result<(WalFile, Found)> {
        let text = name.name(size);
        let file = WalFile::parse(&text)
            .ok_or_else(|| Error::new(Kind::Bug, format!("{text} is no name of a segment")))?;
        if self.is_kept(&file)? {
            return Ok((file, Found::Kept));
        }
        let mut incomplete = Vec::new();
        for place in self.places() {
            let path = place.join(&text);
            if !path.exists() {
                continue;
            }
            match self.why_incomplete(&path, &file)? {
                None => return Ok((file, Found::File(path))),
                Some(why) => incomplete.push(why),
            }
        }
        let missing = match incomplete.as_slice() {
            [] => format!("the segment {text} is nowhere"),
            whys => format!("the segment {text} is nowhere complete: {}", whys.join("; ")),
        };
        Err(self.missing(missing))
    }

    fn missing(&self, what: String) -> Error {
        let places: Vec<_> = self.places().map(|place| place.display().to_string()).collect();
        Error::new(Kind::LogGap, what)
            .hint(format!("Looked at the repository and at {}.", places.join(" and ")))
            .hint("If it is lost, a full backup begins anew: --level full.")
    }

    /// Size and first page alone prove nothing: a copy that has just begun may have both. Its records
    /// must go up to its end.
    fn why_incomplete(&self, path: &Path, file: &WalFile) -> Result<Option<String>> {
        match wal::check_segment(path, file, Some(self.system)) {
            Ok(_) => {}
            Err(error) if error.kind() == Kind::SourceFiles => return Ok(Some(error.line())),
            Err(error) => return Err(error),
        }
        Ok(match wal::scan_segment(path)? {
            Err(error) => Some(format!("{}: {error}", path.display())),
            Ok(facts) => match facts.end {
                SegmentEnd::Torn { at, reason } => {
                    Some(format!("{}: the log ends at {at}, where {reason}", path.display()))
                }
                SegmentEnd::Full | SegmentEnd::Switch { .. } => None,
            },
        })
    }
}
