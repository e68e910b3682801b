//! Reading segments that lie in a directory.

use errors::{Error, Kind, Result};
use formats::wal::{FirstPageError, SegmentFacts, SegmentScan};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes that are read at a time.
const CHUNK: usize = 1 << 20;

/// Gives a file's bytes to a function until that has enough.
///
/// # Errors
/// `source-files`; or the function's own.
pub(crate) fn read(path: &Path, mut take: impl FnMut(&[u8]) -> Result<bool>) -> Result<()> {
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
pub(crate) fn scan(path: &Path) -> Result<Result<SegmentFacts, FirstPageError>> {
    let mut scan = SegmentScan::new();
    read(path, |bytes| {
        scan.feed(bytes);
        Ok(true)
    })?;
    Ok(scan.finish())
}
