//! Reading some members of a volume: frames of which nothing is wanted are not read.

use super::members::Members;
use super::row::Row;
use super::rows::Rows;
use crate::storage::{Key, Storage};
use crate::stored;
use crate::unit::StoredVolume;
use errors::{Error, Result};
use std::io::{self, BufReader, Read};
use stream::FilePart;

/// Asks `wants` of each member of a volume, and calls `visit` for those that are wanted, with a
/// body that is checked while it is read.
///
/// What is not wanted is not read, and not checked: `verify` is for that. Rows are trusted only
/// once all have been read: what `wants` and `visit` did with them is to be thrown away when this
/// function fails.
///
/// # Errors
/// `checksum` or `manifest`, naming object and offset; or those of the two.
pub(crate) fn read_wanted(
    storage: &dyn Storage,
    stored: &StoredVolume,
    wants: &mut dyn FnMut(&FilePart) -> Result<bool>,
    visit: &mut dyn FnMut(&FilePart, &mut dyn Read) -> Result<()>,
) -> Result<()> {
    let key = stored::check_size(storage, &stored.volume)?;
    let mut rows = Rows::open(storage, stored)?;
    let mut open: Option<Frame> = None;
    while let Some(row) = rows.next()? {
        let part = row.file_part()?;
        if !wants(&part)? {
            continue;
        }
        let frame = match &mut open {
            Some(frame) if frame.is_before(&row) => frame,
            _ => open.insert(Frame::open(storage, &key, row.at.0)?),
        };
        frame.skip_to(row.at.1)?;
        frame.members.expect_header(&row.member()?)?;
        let body = &mut |body: &mut dyn Read| visit(&part, body);
        frame.members.read_body(&part.path, part.length, part.crc32c, body)?;
    }
    rows.finish()
}

/// A frame while it is read.
struct Frame {
    members: Members<Counted>,
}

impl Frame {
    fn open(storage: &dyn Storage, key: &Key, frame_at: u64) -> Result<Self> {
        let object = storage.open_at(key, frame_at)?.ok_or_else(|| stored::missing(key))?;
        let plain = zstd::Decoder::new(object)
            .map_err(|error| Error::io("start zstd", error))?
            .single_frame();
        let tar = Counted { plain, bytes: 0 };
        Ok(Self { members: Members { key: key.to_string(), tar, frame_at } })
    }

    /// Whether the member of a row lies in this frame, and was not passed yet.
    fn is_before(&self, row: &Row) -> bool {
        self.members.frame_at == row.at.0 && self.members.tar.bytes <= row.at.1
    }

    fn skip_to(&mut self, plain: u64) -> Result<()> {
        let skip = plain - self.members.tar.bytes;
        let skipped = io::copy(&mut (&mut self.members.tar).take(skip), &mut io::sink());
        if skipped.map_err(|error| self.members.damaged(&error))? != skip {
            return Err(self.members.damaged(&"a frame ends too early"));
        }
        Ok(())
    }
}

/// A frame's plain bytes, counted.
struct Counted {
    plain: zstd::Decoder<'static, BufReader<Box<dyn Read + Send>>>,
    bytes: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.plain.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}
