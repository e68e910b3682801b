//! WAL files: which key one has, whether it is what its name says, and reading one that lies in a
//! directory.

use errors::{Context, Error, Kind, Result};
use formats::wal::{FirstPageError, SegmentFacts, SegmentScan};
use formats::{
    FirstPage, History, Lsn, SegmentName, SegmentSize, SystemIdentifier, TimelineId, WalFile,
};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use stream::{LogKey, Position};

/// The shard of history files; those of segments are named by eight digits.
pub(crate) const HISTORY_SHARD: &str = "history";
/// History files are some lines of text.
const HISTORY_BYTES_MAX: u64 = 1 << 20;

/// Where a file of `pg_wal` lies in the log.
pub(crate) fn key(file: &WalFile, system: SystemIdentifier) -> LogKey {
    let (timeline, shard) = match file {
        WalFile::History(timeline) => (*timeline, HISTORY_SHARD.to_owned()),
        WalFile::Segment(raw)
        | WalFile::Partial(raw)
        | WalFile::BackupHistory { segment: raw, .. } => (raw.timeline, format!("{:08X}", raw.log)),
    };
    LogKey { lineage: system.to_string(), lane: timeline.hex8(), shard, name: file.to_string() }
}

/// The LSN that a position of this engine stands for; the last of all where it is beyond.
pub(crate) fn lsn(position: Position) -> Lsn {
    Lsn(u64::try_from(position.value()).unwrap_or(u64::MAX))
}

/// The key of a segment.
///
/// # Errors
/// `bug`: a segment's name is always one.
pub(crate) fn segment_key(
    segment: &SegmentName,
    size: SegmentSize,
    system: SystemIdentifier,
) -> Result<LogKey> {
    let name = segment.name(size);
    let file = WalFile::parse(&name)
        .ok_or_else(|| Error::new(Kind::Bug, format!("{name} is no name of a segment")))?;
    Ok(key(&file, system))
}

/// Compares a complete segment with its name: exact size, right first page.
///
/// # Errors
/// `source-files`: it is another segment, or not complete; `system-identifier`.
pub(crate) fn check_segment(
    path: &Path,
    file: &WalFile,
    expected: Option<SystemIdentifier>,
) -> Result<FirstPage> {
    let (WalFile::Segment(raw) | WalFile::Partial(raw)) = file else {
        return Err(Error::new(Kind::Bug, format!("{file} is no segment")));
    };
    let shown = path.display();
    let opened = File::open(path).map_err(|error| unreadable(path, error))?;
    let size = opened.metadata().map_err(|error| unreadable(path, error))?.len();
    let mut head = Vec::new();
    opened.take(40).read_to_end(&mut head).map_err(|error| unreadable(path, error))?;
    let page = FirstPage::parse(&head)
        .or_kind(Kind::SourceFiles, || format!("{shown} is no WAL segment"))?;
    if size != page.segment_size.bytes() {
        let wanted = page.segment_size.bytes();
        return Err(Error::new(
            Kind::SourceFiles,
            format!("{shown} has {size} bytes, a complete segment has {wanted}"),
        ));
    }
    let name = raw.with_size(page.segment_size).ok_or_else(|| {
        Error::new(Kind::SourceFiles, format!("{shown}: no segment of this size has that name"))
    })?;
    if let Some(expected) = expected.filter(|expected| *expected != page.system_identifier) {
        return Err(Error::new(
            Kind::SystemIdentifier,
            format!("{shown} belongs to the cluster {}, not to {expected}", page.system_identifier),
        ));
    }
    page.check(&name, None)
        .or_kind(Kind::SourceFiles, || format!("{shown} is not what its name says"))?;
    Ok(page)
}

/// Reads a timeline's history.
///
/// # Errors
/// `source-files`: it is none.
pub(crate) fn check_history(path: &Path, timeline: TimelineId) -> Result<History> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(HISTORY_BYTES_MAX).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, error))?;
    History::parse(timeline, &bytes)
        .or_kind(Kind::SourceFiles, || format!("{} is no timeline history", path.display()))
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::io(format!("read {}", path.display()), error).with_kind(Kind::SourceFiles)
}

/// Bytes that are read at a time.
const CHUNK: usize = 1 << 20;

/// Gives a file's bytes to a function until that has enough.
///
/// # Errors
/// `source-files`; or the function's own.
pub(crate) fn read_segment(path: &Path, mut take: impl FnMut(&[u8]) -> Result<bool>) -> Result<()> {
    let failed =
        |error| Error::io(format!("read {}", path.display()), error).with_kind(Kind::SourceFiles);
    let mut file = File::open(path).map_err(failed)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = file.read(&mut chunk).map_err(failed)?;
        let more = length > 0 && take(chunk.get(..length).unwrap_or_default())?;
        if !more {
            return Ok(());
        }
    }
}

/// What a segment says of itself, or why it is none.
///
/// # Errors
/// `source-files`: it cannot be read.
pub(crate) fn scan_segment(path: &Path) -> Result<Result<SegmentFacts, FirstPageError>> {
    let mut scan = SegmentScan::new();
    read_segment(path, |bytes| {
        scan.feed(bytes);
        Ok(true)
    })?;
    Ok(scan.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str) -> String {
        key(&WalFile::parse(name).unwrap(), SystemIdentifier::new(7710)).path()
    }

    #[test]
    fn every_file_of_pg_wal_has_its_place() {
        let segment = "0000000200000001000000FE";
        assert_eq!(place(segment), format!("7710/00000002/00000001/{segment}"));
        assert_eq!(
            place("0000000200000001000000FE.partial"),
            format!("7710/00000002/00000001/{segment}.partial")
        );
        assert_eq!(
            place("0000000200000001000000FE.00000028.backup"),
            format!("7710/00000002/00000001/{segment}.00000028.backup")
        );
        assert_eq!(place("00000002.history"), "7710/00000002/history/00000002.history");
    }
}
