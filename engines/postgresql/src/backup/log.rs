//! The log of a backup: every segment from its start to its stop, in the stream.

use super::Backup;
use crate::listing;
use crate::roots;
use crate::segment_tap::SegmentTap;
use crate::wal;
use errors::{Context, Error, Kind, Result};
use formats::{Lsn, SegmentName, SegmentNumber, WalFile};
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::PathBuf;
use stream::{Body, FileKind, FileSource, LogKey, LogReach, Receipt, RelPath, VirtualFile};

/// Where the server writes its log, below the data directory.
const WAL_DIR: &str = "pg_wal";

impl Backup<'_> {
    /// Puts the segments, and waits until they are kept.
    ///
    /// The stop has ended its own segment, so that all of them are complete.
    pub(super) fn log(&self, stop: Lsn) -> Result<LogReach> {
        self.job.progress.phase("copy log");
        let mut open = VecDeque::new();
        let mut pieces = Vec::new();
        for file in self.log_files(stop)? {
            self.job.check_cancel()?;
            let key = wal::key(&file, self.server.system_identifier);
            pieces.push(format!("{}/{}", key.shard, key.name));
            if let Some(receipt) = self.put_log(&file, key)? {
                open.push_back(receipt);
            }
            if open.len() > self.sink.lanes() {
                open.pop_front().map_or(Ok(()), redeem)?;
            }
        }
        open.into_iter().try_for_each(redeem)?;
        Ok(LogReach {
            lineage: self.server.system_identifier.to_string(),
            lane: self.control.timeline.hex8(),
            root: roots::data_root()?,
            directory: RelPath::new(WAL_DIR).or_kind(Kind::Bug, || "name pg_wal")?,
            pieces,
        })
    }

    /// The segments from start to stop, after the history of their timeline where it has one.
    fn log_files(&self, stop: Lsn) -> Result<Vec<WalFile>> {
        let size = self.control.segment_size;
        let timeline = self.control.timeline;
        let mut files = Vec::new();
        let history = WalFile::History(timeline);
        if self.wal_path(&history).exists() {
            wal::check_history(&self.wal_path(&history), timeline)?;
            files.push(history);
        }
        let mut number = SegmentNumber::of(self.start, size);
        // A stop exactly on a boundary needs nothing of the segment behind it.
        let last = SegmentNumber::of_last_byte(stop, size);
        while number <= last {
            let name = SegmentName { timeline, number }.name(size);
            files.push(WalFile::parse(&name).ok_or_else(|| Error::new(Kind::Bug, name))?);
            number = number.next();
        }
        Ok(files)
    }

    fn put_log(&self, file: &WalFile, key: LogKey) -> Result<Option<Receipt>> {
        let path = self.wal_path(file);
        let metadata = match fs::metadata(&path) {
            // Put even if a piece of that name is kept: one that differs must be noticed.
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Archived and recycled, or lost.
                return if self.is_kept(&key)? { Ok(None) } else { Err(gone(file)) };
            }
            Err(error) => return Err(Error::io(format!("look at {}", path.display()), error)),
        };
        let mut tap = None;
        if matches!(file, WalFile::Segment(_)) {
            wal::check_segment(&path, file, Some(self.server.system_identifier))?;
            tap = Some(SegmentTap::boxed(&path, false));
        }
        let (mode, owner) = self.owner()?;
        let name = format!("{WAL_DIR}/{file}");
        let receipt = self.sink.put(VirtualFile {
            root: roots::data_root()?,
            path: RelPath::new(name).or_kind(Kind::Bug, || "name a piece of log")?,
            kind: FileKind::Log(key),
            mode,
            owner,
            mtime: listing::mtime(&metadata),
            size: Some(metadata.len()),
            body: Body::File(FileSource { path, may_vanish: false }),
            tap,
        })?;
        Ok(Some(receipt))
    }

    fn is_kept(&self, key: &LogKey) -> Result<bool> {
        Ok(self.sink.has_log(std::slice::from_ref(key))?.first() == Some(&true))
    }

    fn wal_path(&self, file: &WalFile) -> PathBuf {
        self.data.path.join(WAL_DIR).join(file.to_string())
    }
}

fn redeem(receipt: Receipt) -> Result<()> {
    receipt.redeem().map(drop)
}

fn gone(file: &WalFile) -> Error {
    Error::new(
        Kind::LogGap,
        format!("the segment {file} is gone from pg_wal and was never archived here: the backup lacks it"),
    )
    .hint("Give the database user REPLICATION, so that a slot holds the log back, or raise wal_keep_size.")
}
