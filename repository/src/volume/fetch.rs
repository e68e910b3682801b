//! Reading one member of a volume, without what lies before it.

use super::members::Members;
use super::row::Member;
use crate::storage::{Key, Storage};
use crate::stored;
use errors::{Error, Kind, Result};
use std::io::{self, BufReader, Read};
use zstd::zstd_safe::{DCtx, ResetDirective, get_error_name};

/// Where a member lies, and what its row promises.
pub(crate) struct Place<'a> {
    pub(crate) volume: &'a Key,
    /// As in the row: stored offset of the frame, plain offset of the header in it.
    pub(crate) at: (u64, u64),
    pub(crate) member: &'a Member,
    pub(crate) crc32c: u32,
}

/// Reads members, one after another. A frame begins at a tar header, so that nothing before a
/// member's frame is read.
pub(crate) struct Fetcher {
    context: DCtx<'static>,
}

impl Fetcher {
    pub(crate) fn new() -> Self {
        Self { context: DCtx::create() }
    }

    /// Makes `body` the member's body. After an error it holds nothing that can be trusted.
    ///
    /// # Errors
    /// `checksum` or `manifest`, naming object and offset.
    pub(crate) fn fetch(
        &mut self,
        storage: &dyn Storage,
        place: &Place<'_>,
        body: &mut Vec<u8>,
    ) -> Result<()> {
        let Place { volume, at: (frame_at, plain), member, crc32c } = *place;
        // The frame before was left where its member ended, perhaps in the middle.
        self.context
            .reset(ResetDirective::SessionOnly)
            .map_err(|code| Error::new(Kind::Bug, format!("zstd: {}", get_error_name(code))))?;
        let object = storage.open_at(volume, frame_at)?.ok_or_else(|| stored::missing(volume))?;
        let tar = zstd::Decoder::with_context(BufReader::new(object), &mut self.context);
        let mut members = Members { key: volume.to_string(), tar: tar.single_frame(), frame_at };

        let skipped = io::copy(&mut Read::take(&mut members.tar, plain), &mut io::sink());
        if skipped.map_err(|error| members.damaged(&error))? != plain {
            return Err(members.damaged(&"a frame ends too early"));
        }
        members.expect_header(member)?;
        let length = usize::try_from(member.size)
            .map_err(|_| Error::new(Kind::Bug, "a part larger than memory addresses"))?;
        body.resize(length, 0);
        members.read_body(&member.place.path, member.size, crc32c, &mut |bytes| {
            bytes.read_exact(body).map_err(|error| Error::io("read a part", error))
        })
    }
}
