//! Writing a volume and its rows.

use super::frames::Frames;
use super::{FRAME_BYTES, Member};
use crate::keys::UnitKeys;
use crate::storage::Storage;
use crate::stored::StoredWriter;
use crate::unit::StoredVolume;
use errors::{Context, Error, Kind, Result};
use formats::tar;
use std::io::Write;
use stream::JobId;
use system::failpoint::{ROWS, VOLUME};

/// Rows are text: a low level already makes a tenth of them.
const ROWS_LEVEL: i32 = 3;
/// A header with pax records for a path of 4096 bytes and for all ranges of a member takes less.
pub(super) const HEADER_BYTES_MAX: u64 = 64 << 10;

/// One volume while it is written.
pub(crate) struct VolumeWriter {
    number: u32,
    frames: Frames<StoredWriter>,
    rows: zstd::Encoder<'static, StoredWriter>,
    /// Stored offset of the frame that is being written.
    frame_at: u64,
    /// The member whose body is being written.
    open: Option<OpenMember>,
    members: u64,
    plain_bytes: u64,
}

struct OpenMember {
    member: Member,
    at: (u64, u64),
    written: u64,
    crc32c: u32,
}

impl VolumeWriter {
    pub(crate) fn create(
        storage: &dyn Storage,
        keys: &UnitKeys,
        job: JobId,
        number: u32,
        level: i32,
    ) -> Result<Self> {
        let volume = StoredWriter::create(storage, keys.volume(job, number), VOLUME)?;
        let rows = StoredWriter::create(storage, keys.rows(job, number), ROWS)?;
        let mut rows = zstd::Encoder::new(rows, ROWS_LEVEL).map_err(rows_failed)?;
        rows.include_checksum(true).map_err(rows_failed)?;
        let frames = Frames::new(volume, level)?;
        Ok(Self { number, frames, rows, frame_at: 0, open: None, members: 0, plain_bytes: 0 })
    }

    /// An upper bound of the stored size if a member of `size` bytes is added.
    pub(crate) fn bytes_with(&self, size: u64) -> u64 {
        let pending = self.frames.plain_in_frame() + size + HEADER_BYTES_MAX;
        // What cannot be compressed grows by less than a 128th, plus the frame's own bytes.
        self.frames.out().bytes() + pending + pending / 128 + (128 << 10)
    }

    /// Begins a member of exactly `member.size` bytes.
    pub(crate) fn begin(&mut self, member: Member) -> Result<()> {
        let frame_is_full = self.frames.plain_in_frame() + member.size > FRAME_BYTES;
        if frame_is_full {
            self.frames.end_frame()?;
        }
        let plain = self.frames.plain_in_frame();
        if plain == 0 {
            // Between two frames everything is in the output: here the next one begins.
            self.frame_at = self.frames.out().bytes();
        }
        let at = (self.frame_at, plain);
        let header = tar::encode(&member.tar_header())
            .or_kind(Kind::SourceFiles, || format!("describe {}", member.place.path))?;
        self.frames.write(&header)?;
        self.open = Some(OpenMember { member, at, written: 0, crc32c: 0 });
        Ok(())
    }

    /// The next bytes of the member's body.
    pub(crate) fn body(&mut self, bytes: &[u8]) -> Result<()> {
        let open = self.open.as_mut().ok_or_else(no_member)?;
        open.written += bytes.len() as u64;
        open.crc32c = crc32c::crc32c_append(open.crc32c, bytes);
        self.frames.write(bytes)
    }

    /// Ends the member; answers the CRC-32C of its body.
    pub(crate) fn end(&mut self) -> Result<u32> {
        let OpenMember { member, at, written, crc32c } = self.open.take().ok_or_else(no_member)?;
        if written != member.size {
            let place = &member.place.path;
            return Err(Error::new(
                Kind::Bug,
                format!("{place}: {written} bytes came, {} were promised", member.size),
            ));
        }
        self.frames.write(&[0; tar::BLOCK_BYTES][..tar::padding(written)])?;
        if self.frames.plain_in_frame() >= FRAME_BYTES {
            self.frames.end_frame()?;
        }
        let mut line =
            serde_json::to_vec(&member.row(crc32c, at)).or_kind(Kind::Bug, || "print a row")?;
        line.push(b'\n');
        self.rows.write_all(&line).map_err(rows_failed)?;
        self.members += 1;
        self.plain_bytes += written;
        Ok(crc32c)
    }

    /// Ends volume and rows and makes them durable.
    pub(crate) fn finish(mut self) -> Result<StoredVolume> {
        self.frames.end_frame()?;
        self.frames.write(&tar::END)?;
        let volume = self.frames.into_out()?.finish_new()?;
        let rows = self.rows.finish().map_err(rows_failed)?.finish_new()?;
        Ok(StoredVolume {
            number: self.number,
            members: self.members,
            plain_bytes: self.plain_bytes,
            volume,
            rows,
        })
    }
}

fn no_member() -> Error {
    Error::new(Kind::Bug, "a body without a member")
}

fn rows_failed(error: std::io::Error) -> Error {
    Error::io("write rows", error)
}
