//! The log of a backup: every segment from its start to its stop, in the stream.

use super::Backup;
use super::carried::{self, Come};
use crate::data_directory::DataDirectory;
use crate::log_stream::{self, Rights, SegmentTap, WAL_DIR};
use crate::server::parse_lsn;
use crate::session::Session;
use crate::standby;
use crate::state::Carried;
use crate::wal;
use errors::{Error, Kind, Result};
use formats::{Lsn, SegmentName, SegmentNumber, WalFile};
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use stream::{Job, LogKey, LogReach, Receipt, Sink};

/// How often an archive is asked for what is not there yet.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// Where a piece of log belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is put into the log.
    Log,
    /// It is not whole here, and whole in the log.
    Kept,
    /// It is not whole anywhere.
    Files,
}

impl Backup<'_> {
    /// Puts the segments, and waits until they are kept.
    ///
    /// A primary's stop has ended its own segment, so that all of them are complete. A standby's
    /// has not: from the first one that is not complete on, they are carried among the files.
    pub(super) fn log(&self, stop: Lsn) -> Result<(LogReach, Option<Carried>)> {
        self.job.progress.phase("copy log");
        let mut open = VecDeque::new();
        let mut pieces = Vec::new();
        let mut carried: Option<Carried> = None;
        for file in self.log_files(stop)? {
            self.job.check_cancel()?;
            let key = wal::key(&file, self.server.system_identifier);
            let place = if carried.is_some() { Place::Files } else { self.place(&file, &key)? };
            if place == Place::Files {
                let more = self.carry(&file, stop)?;
                let from = carried.map_or(more.from, |carried| carried.from);
                carried = Some(Carried { from, to: more.to });
                continue;
            }
            pieces.push(log_stream::name(&key));
            if place == Place::Log
                && let Some(receipt) = self.put_log(&file, key)?
            {
                open.push_back(receipt);
            }
            if open.len() > self.sink.lanes() {
                open.pop_front().map_or(Ok(()), redeem)?;
            }
        }
        open.into_iter().try_for_each(redeem)?;
        let system = self.server.system_identifier;
        Ok((log_stream::reach(system, self.control.timeline, pieces)?, carried))
    }

    /// Where a piece belongs; only on a standby this is a question.
    fn place(&self, file: &WalFile, key: &LogKey) -> Result<Place> {
        let WalFile::Segment(raw) = file else { return Ok(Place::Log) };
        if !self.server.in_recovery {
            return Ok(Place::Log);
        }
        let path = self.wal_path(file);
        self.wait_for_either(file, key)?;
        if !path.exists() {
            return Ok(Place::Log);
        }
        let size = self.control.segment_size;
        let name = raw.with_size(size).ok_or_else(|| Error::new(Kind::Bug, file.to_string()))?;
        let sql = "SELECT pg_last_wal_receive_lsn()::text, pg_last_wal_replay_lsn()::text";
        let row = self.session.ask(sql, &[])?;
        let received: Option<&str> = row.get(0);
        let replayed: Option<&str> = row.get(1);
        let come = Come {
            received: received.map(parse_lsn).transpose()?,
            replayed: replayed.map_or(Ok(Lsn::INVALID), parse_lsn)?,
        };
        let end = Lsn(name.first_lsn(size).0 + size.bytes());
        Ok(match carried::is_whole(&path, end, come)? {
            true => Place::Log,
            false if log_stream::is_kept(self.sink, key)? => Place::Kept,
            false => Place::Files,
        })
    }

    /// A standby drops log that its primary may archive later: that is waited for, but not for ever.
    fn wait_for_either(&self, file: &WalFile, key: &LogKey) -> Result<()> {
        let secs = self.job.options.seconds("archive_timeout_secs").unwrap_or(60);
        let deadline = Instant::now() + Duration::from_secs(secs);
        let mut told = false;
        while !self.wal_path(file).exists() && !log_stream::is_kept(self.sink, key)? {
            if Instant::now() >= deadline {
                return Err(gone(file).hint("The primary may archive it later: raise archive_timeout_secs, or SELECT pg_switch_wal() on the primary."));
            }
            if !told {
                self.job.progress.phase(&format!("wait until the primary archives {file}"));
                told = true;
            }
            self.job.check_cancel()?;
            self.session.check_alive()?;
            std::thread::sleep(ASK_EVERY);
        }
        Ok(())
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
                return if log_stream::is_kept(self.sink, &key)? {
                    Ok(None)
                } else {
                    Err(gone(file))
                };
            }
            Err(error) => return Err(Error::io(format!("look at {}", path.display()), error)),
        };
        let mut tap = None;
        if matches!(file, WalFile::Segment(_)) {
            wal::check_segment(&path, file, Some(self.server.system_identifier))?;
            tap = Some(SegmentTap::boxed(&path, false));
        }
        let (mode, owner) = self.owner()?;
        let rights = Rights { mode, owner };
        let piece = log_stream::piece(file, key, path, &metadata, rights, tap)?;
        Ok(Some(self.sink.put(piece)?))
    }

    pub(super) fn wal_path(&self, file: &WalFile) -> PathBuf {
        self.data.path.join(WAL_DIR).join(file.to_string())
    }
}

/// Whether the repository has young log of a standby's cluster that no backup put there.
pub(super) fn others_archive(
    job: &Job,
    sink: &dyn Sink,
    session: &Session,
    data: &DataDirectory,
) -> Result<bool> {
    let control = data.control()?.0;
    let newest: Option<String> = session.ask(standby::NEWEST_LSN, &[])?.get(0);
    let newest = newest.map_or(Ok(control.checkpoint), |text| parse_lsn(&text))?;
    let size = control.segment_size;
    let last = SegmentNumber::of(newest, size);
    let first = last.get().saturating_sub(standby::LOOK_BACK_SEGMENTS);
    let reaches = || job.links.iter().flat_map(|link| &link.log);
    let mut keys = Vec::new();
    for number in first..=last.get() {
        let number = SegmentNumber::new(number);
        let name = SegmentName { timeline: control.timeline, number };
        let key = wal::segment_key(&name, size, control.system_identifier)?;
        if !reaches().any(|reach| reach.keys().any(|of_backup| of_backup.as_ref() == Some(&key))) {
            keys.push(key);
        }
    }
    Ok(sink.has_log(&keys)?.contains(&true))
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
