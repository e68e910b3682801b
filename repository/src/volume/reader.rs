//! Reading a volume back: tar and rows in lockstep, every byte compared with what was written.

use super::members::Members;
use super::rows::{Rows, unpack};
use crate::storage::Storage;
use crate::unit::StoredVolume;
use errors::Result;
use std::io::Read;
use stream::FilePart;

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
    let mut rows = Rows::open(storage, stored)?;
    let tar = unpack(storage, &stored.volume)?;
    let mut members = Members { key: stored.volume.key.clone(), tar, frame_at: 0 };
    while let Some(row) = rows.next()? {
        members.frame_at = row.at.0;
        members.expect_header(&row.member()?)?;
        let part = row.file_part()?;
        members.read_body(&part.path, part.length, part.crc32c, &mut |body| visit(&part, body))?;
    }
    members.expect_end()?;
    members.tar.finish().into_inner().verify()?;
    rows.finish()
}
