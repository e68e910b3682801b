//! Log that is not whole yet: a standby cannot end the segment in which its backup ends, and a quiet
//! primary does not for hours. As much of it as there is travels among the backup's files, in
//! `pg_wal`, where recovery looks for what the archive does not have. Never under its name in the
//! log: that place is its primary's archiver's.

use super::Backup;
use crate::listing;
use crate::log_stream::{self, WAL_DIR};
use crate::roots;
use crate::state::Carried;
use crate::wal::{self, read_segment};
use errors::{Error, Kind, Result};
use formats::wal::{Record, SegmentEnd, Walker};
use formats::{FirstPage, Lsn, SegmentName, SegmentNumber, WalFile};
use std::fs;
use std::io;
use std::path::Path;
use stream::{Body, FileKind, VirtualFile};
use system::Spool;

/// Bytes that are written at a time.
const CHUNK: usize = 1 << 20;

/// How far a standby's log has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Come {
    pub(super) received: Option<Lsn>,
    pub(super) replayed: Lsn,
}

impl Come {
    /// Whether a segment that ends at `end`, and that has been read, will never change. After a
    /// switch replay is at the segment's end before the rest of it has been received, and until
    /// then the file holds old bytes there.
    fn is_whole(self, end: Lsn, how: SegmentEnd) -> bool {
        let received = self.received.is_some_and(|received| received >= end);
        match how {
            SegmentEnd::Full => received || self.replayed >= end,
            SegmentEnd::Switch { .. } => {
                received || (self.received.is_none() && self.replayed >= end)
            }
            SegmentEnd::Torn { .. } => false,
        }
    }
}

/// Whether a segment in a standby's `pg_wal` is what its primary will archive, byte for byte.
pub(super) fn is_whole(path: &Path, end: Lsn, come: Come) -> Result<bool> {
    if come.received.is_none_or(|received| received < end) && come.replayed < end {
        return Ok(false);
    }
    Ok(wal::scan_segment(path)?.is_ok_and(|facts| come.is_whole(end, facts.end)))
}

impl Backup<'_> {
    /// Puts what there is of a segment, with zeros for what is not, as a server would have begun it.
    /// Answers where its last whole record ends.
    ///
    /// # Errors
    /// `log-gap`: its records do not reach as far as the backup needs.
    pub(super) fn carry(&self, file: &WalFile, stop: Lsn) -> Result<Carried> {
        let path = self.wal_path(file);
        let page = wal::check_segment(&path, file, Some(self.server.system_identifier))?;
        let (from, size) = (page.page_address, page.segment_size.bytes());
        let end = Lsn(from.0 + size);
        let records = Records::of(&path, &page)?;
        let goes_on = records.is_open && stop > end;
        let to = if records.is_switched { end } else { records.to };
        if to < stop.min(end) && !goes_on {
            return Err(Error::new(
                Kind::LogGap,
                format!(
                    "the backup needs the log up to {stop}, and {} has whole records up to {} only",
                    path.display(),
                    to
                ),
            ));
        }
        // What follows the last record may be of an older segment: the server recycles files.
        let keep = if goes_on { size } else { records.to.0.min(end.0) - from.0 };
        self.put_carried(file, &path, keep, size)?;
        Ok(Carried { from, to })
    }

    /// Where the record begins that ends at a standby's stop. `None` where it cannot be told from
    /// the stop's segment and the one before, as they are in `pg_wal`.
    pub(super) fn last_record(&self, stop: Lsn) -> Option<Lsn> {
        let size = self.control.segment_size;
        let timeline = self.control.timeline;
        let last = SegmentNumber::of_last_byte(stop, size);
        let first = SegmentNumber::of(self.start, size);
        let before = Lsn(last.first_lsn(size).0.saturating_sub(size.bytes()));
        let mut number = SegmentNumber::of(before, size).max(first);
        let (mut walker, mut found) = (None, None);
        while self.server.in_recovery && number <= last {
            let name = SegmentName { timeline, number }.name(size);
            let path = self.data.path.join(WAL_DIR).join(name);
            let read = read_segment(&path, |bytes| {
                let page = || FirstPage::parse(bytes).ok().map(|page| Walker::new(&page));
                walker = walker.take().or_else(page);
                let Some(walker) = &mut walker else { return Ok(false) };
                let went_on = walker.feed(bytes, &mut |record: &Record<'_>| {
                    if found.is_none() && record.end >= stop {
                        found = Some(record.begin);
                    }
                });
                Ok(went_on.is_ok() && found.is_none())
            });
            if read.is_err() {
                walker = None;
            }
            number = number.next();
        }
        found
    }

    fn put_carried(&self, file: &WalFile, path: &Path, keep: u64, size: u64) -> Result<()> {
        let mut spool = Spool::new();
        let mut left = keep;
        read_segment(path, |bytes| {
            let part = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
            spool.write(bytes.get(..part).unwrap_or_default())?;
            left -= part as u64;
            Ok(left > 0)
        })?;
        let zeros = vec![0; CHUNK];
        while spool.length() < size {
            let part = usize::try_from(size - spool.length()).unwrap_or(CHUNK).min(CHUNK);
            spool.write(zeros.get(..part).unwrap_or_default())?;
        }
        let metadata = fs::metadata(path).map_err(|error| failed(path, error))?;
        let (mode, owner) = self.owner()?;
        self.sink
            .put(VirtualFile {
                root: roots::data_root()?,
                path: log_stream::place(file)?,
                kind: FileKind::File,
                mode,
                owner,
                mtime: listing::mtime(&metadata),
                size: Some(size),
                body: Body::Reader(spool.into_reader()?),
                partial: None,
                tap: None,
            })?
            .redeem()
            .map(drop)
    }
}

/// How far the records of a segment go.
struct Records {
    /// Where the last whole one ends.
    to: Lsn,
    /// Whether the last one goes on in the next segment.
    is_open: bool,
    is_switched: bool,
}

impl Records {
    fn of(path: &Path, page: &FirstPage) -> Result<Self> {
        let mut walker = Walker::new(page);
        let mut is_open = true;
        read_segment(path, |bytes| {
            is_open = walker.feed(bytes, &mut |_| ()).is_ok();
            Ok(is_open)
        })?;
        let is_switched = walker.is_switched();
        Ok(Self { to: walker.complete(), is_open: is_open && !is_switched, is_switched })
    }
}

fn failed(path: &Path, error: io::Error) -> Error {
    Error::io(format!("read {}", path.display()), error).with_kind(Kind::SourceFiles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_after_a_switch_counts_when_it_is_received() {
        let (end, switch) = (Lsn(200), SegmentEnd::Switch { at: Lsn(110), end: Lsn(120) });
        let come = |received: Option<u64>, replayed| Come {
            received: received.map(Lsn),
            replayed: Lsn(replayed),
        };
        for (come, full, switched) in [
            (come(Some(200), 150), true, true),
            (come(Some(120), 200), true, false),
            // Restored from an archive, as a whole.
            (come(None, 200), true, true),
            (come(Some(199), 199), false, false),
            (come(None, 199), false, false),
        ] {
            assert_eq!(come.is_whole(end, SegmentEnd::Full), full, "{come:?}");
            assert_eq!(come.is_whole(end, switch), switched, "{come:?}");
        }
    }
}
