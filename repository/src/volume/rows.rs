//! Reading the rows of a volume, one by one.

use super::members::damaged;
use super::row::Row;
use crate::storage::Storage;
use crate::stored::StoredObject;
use crate::stored::StoredReader;
use crate::unit::StoredVolume;
use errors::{Error, Kind, Result};
use std::io::{BufRead, BufReader, Read};

pub(super) type Unpacked = zstd::Decoder<'static, BufReader<StoredReader>>;

/// No row is longer: a path has at most 4096 bytes, percent-encoded three times as many, and the
/// ranges of a member take at most 43 KiB.
pub(super) const MAX_ROW_BYTES: u64 = 64 << 10;

/// The rows of one volume. Who trusts them before [`Rows::finish`] checks each of them otherwise.
pub(crate) struct Rows {
    key: String,
    lines: BufReader<Unpacked>,
    read: u64,
    wanted: u64,
}

impl Rows {
    pub(crate) fn open(storage: &dyn Storage, stored: &StoredVolume) -> Result<Self> {
        let lines = BufReader::new(unpack(storage, &stored.rows)?);
        Ok(Self { key: stored.rows.key.clone(), lines, read: 0, wanted: stored.members })
    }

    pub(crate) fn next(&mut self) -> Result<Option<Row>> {
        let mut line = Vec::new();
        (&mut self.lines)
            .take(MAX_ROW_BYTES)
            .read_until(b'\n', &mut line)
            .map_err(|error| damaged(&self.key, 0, &error))?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            return Err(damaged(&self.key, 0, &"a row has no end"));
        }
        self.read += 1;
        Row::parse(&line).map(Some).map_err(|error| error.context(&self.key))
    }

    /// After the last row: these were all rows that were written, byte for byte.
    pub(crate) fn finish(self) -> Result<()> {
        let Self { key, lines, read, wanted } = self;
        if read != wanted {
            let text = format!("{key} has {read} rows instead of {wanted}");
            return Err(Error::new(Kind::Manifest, text));
        }
        lines.into_inner().finish().into_inner().verify()
    }
}

pub(super) fn unpack(storage: &dyn Storage, object: &StoredObject) -> Result<Unpacked> {
    zstd::Decoder::new(StoredReader::open(storage, object)?)
        .map_err(|error| Error::io("start zstd", error))
}
