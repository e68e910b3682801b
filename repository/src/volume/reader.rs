//! Reading a volume back: tar and rows in lockstep, every byte compared with what was written.

use super::row::Row;
use crate::storage::Storage;
use crate::stored::StoredReader;
use crate::unit::{StoredObject, StoredVolume};
use errors::{Error, Kind, Result};
use formats::tar::{self, Decoded};
use std::io::{self, BufRead, BufReader, Read};
use stream::FilePart;

type Unpacked = zstd::Decoder<'static, BufReader<StoredReader>>;

/// No row is longer: a path has at most 4096 bytes, percent-encoded three times as many.
const MAX_ROW_BYTES: u64 = 64 << 10;

/// Calls `visit` for each member of a volume, with a body that is checked while it is read.
///
/// A body's checksum is known only after its last byte: what `visit` did with it is to be thrown
/// away when this function fails.
///
/// # Errors
/// `checksum` or `manifest`, naming object and offset; or `visit`'s own.
pub(crate) fn read_volume(
    storage: &dyn Storage,
    stored: &StoredVolume,
    visit: &mut dyn FnMut(&FilePart, &mut dyn Read) -> Result<()>,
) -> Result<()> {
    let mut rows = BufReader::new(open(storage, &stored.rows)?);
    let mut volume =
        Volume { key: stored.volume.key.clone(), tar: open(storage, &stored.volume)?, frame_at: 0 };
    let mut members = 0;
    while let Some(row) = next_row(&mut rows, &stored.rows.key)? {
        volume.frame_at = row.at.0;
        volume.expect_header(&row)?;
        volume.visit_body(&row.file_part()?, visit)?;
        members += 1;
    }
    volume.expect_end()?;
    if members != stored.members {
        let (key, wanted) = (&stored.rows.key, stored.members);
        return Err(Error::new(
            Kind::Manifest,
            format!("{key} has {members} rows instead of {wanted}"),
        ));
    }
    volume.tar.finish().into_inner().verify()?;
    rows.into_inner().finish().into_inner().verify()
}

fn open(storage: &dyn Storage, object: &StoredObject) -> Result<Unpacked> {
    zstd::Decoder::new(StoredReader::open(storage, object)?)
        .map_err(|error| Error::io("start zstd", error))
}

fn next_row(rows: &mut BufReader<Unpacked>, key: &str) -> Result<Option<Row>> {
    let mut line = Vec::new();
    rows.take(MAX_ROW_BYTES)
        .read_until(b'\n', &mut line)
        .map_err(|error| damaged(key, 0, &error))?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        return Err(damaged(key, 0, &"a row has no end"));
    }
    Row::parse(&line).map(Some).map_err(|error| error.context(key))
}

struct Volume {
    key: String,
    tar: Unpacked,
    /// Stored offset of the frame being read: where to look when something is wrong.
    frame_at: u64,
}

impl Volume {
    fn expect_header(&mut self, row: &Row) -> Result<()> {
        let wanted = row.member()?.tar_header();
        match self.next_header()? {
            Some(header) if header == wanted => Ok(()),
            _ => {
                let text = format!(
                    "{} near byte {}: the tar does not hold {} where its row says",
                    self.key,
                    self.frame_at,
                    String::from_utf8_lossy(&wanted.path)
                );
                Err(Error::new(Kind::Manifest, text))
            }
        }
    }

    fn next_header(&mut self) -> Result<Option<tar::Header>> {
        let mut bytes = Vec::new();
        loop {
            match tar::decode(&bytes).map_err(|error| self.damaged(&error))? {
                Decoded::Entry { header, .. } => return Ok(Some(header)),
                Decoded::End { .. } => return Ok(None),
                Decoded::Need(total) => {
                    let missing = total.saturating_sub(bytes.len()) as u64;
                    let read = Read::take(&mut self.tar, missing).read_to_end(&mut bytes);
                    if read.map_err(|error| self.damaged(&error))? == 0 {
                        return Err(self.damaged(&"it ends too early"));
                    }
                }
            }
        }
    }

    fn visit_body(
        &mut self,
        part: &FilePart,
        visit: &mut dyn FnMut(&FilePart, &mut dyn Read) -> Result<()>,
    ) -> Result<()> {
        let mut body = Body { tar: &mut self.tar, left: part.length, crc32c: 0, broken: None };
        let visited = visit(part, &mut body);
        if let Some(error) = body.broken.take() {
            // The visitor saw a read error, but cannot know which object it came from.
            return Err(self.damaged(&format!("{}: {error}", part.path)));
        }
        visited?;
        // What the visitor left unread belongs to the checksum too; `broken` keeps a failure.
        let _ = io::copy(&mut body, &mut io::sink());
        let (left, crc32c, broken) = (body.left, body.crc32c, body.broken.take());
        if left > 0 || broken.is_some() || crc32c != part.crc32c {
            return Err(self.damaged(&format!(
                "the checksum of {} is {crc32c:08x}, {:08x} was written",
                part.path, part.crc32c
            )));
        }
        let mut padding = [0; 512];
        let padding = &mut padding[..tar::padding(part.length)];
        self.tar.read_exact(padding).map_err(|error| self.damaged(&error))
    }

    fn expect_end(&mut self) -> Result<()> {
        if self.next_header()?.is_some() {
            return Err(self.damaged(&"it holds members without rows"));
        }
        let after = io::copy(&mut self.tar, &mut io::sink());
        match after.map_err(|error| self.damaged(&error))? {
            0 => Ok(()),
            _ => Err(self.damaged(&"bytes follow the end of the tar")),
        }
    }

    fn damaged(&self, why: &dyn std::fmt::Display) -> Error {
        damaged(&self.key, self.frame_at, why)
    }
}

/// A member's body. It remembers a read error, which the visitor may dress up as its own.
struct Body<'a> {
    tar: &'a mut Unpacked,
    left: u64,
    crc32c: u32,
    broken: Option<String>,
}

impl Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let read = self.tar.read(&mut buffer[..wanted]).and_then(|read| match read {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(read),
        });
        match read {
            Ok(read) => {
                self.crc32c = crc32c::crc32c_append(self.crc32c, &buffer[..read]);
                self.left -= read as u64;
                Ok(read)
            }
            Err(error) => {
                self.broken = Some(error.to_string());
                Err(error)
            }
        }
    }
}

fn damaged(key: &str, frame_at: u64, why: &dyn std::fmt::Display) -> Error {
    Error::new(Kind::Checksum, format!("{key} is damaged near byte {frame_at}: {why}"))
        .hint("`seawall verify` tells what else is damaged; restore from another backup.")
}
