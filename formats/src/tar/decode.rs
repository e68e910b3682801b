//! From blocks to the header they say.

use super::pax::{Records, Time};
use super::ustar::Ustar;
use super::{BLOCK_BYTES, EntryKind, Header, PAX_BYTES_MAX, TarError, padding};
use crate::bytes::{all_zero, array_at};

/// What the next bytes of an archive turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// There are not enough bytes: decode again with at least this many, counted from the same
    /// beginning. It may take three times.
    Need(usize),
    /// An entry. Its body, and [`padding`] after that, follow the bytes consumed.
    Entry {
        /// What the entry is.
        header: Header,
        /// Bytes of the header, from the beginning of those given.
        consumed: usize,
    },
    /// The archive ends here.
    End {
        /// Bytes of the end mark.
        consumed: usize,
    },
}

/// Reads the header at the beginning of `bytes`.
///
/// Only what [`encode`](super::encode) writes is accepted; global pax records, sparse files and
/// devices are not.
///
/// # Errors
///
/// Where the bytes are damaged, or were written by something else.
pub fn decode(bytes: &[u8]) -> Result<Decoded, TarError> {
    let Some(block) = array_at::<BLOCK_BYTES>(bytes, 0) else {
        return Ok(Decoded::Need(BLOCK_BYTES));
    };
    if all_zero(&block) {
        let Some(second) = array_at::<BLOCK_BYTES>(bytes, BLOCK_BYTES) else {
            return Ok(Decoded::Need(2 * BLOCK_BYTES));
        };
        let end = Decoded::End { consumed: 2 * BLOCK_BYTES };
        return if all_zero(&second) { Ok(end) } else { Err(TarError::LoneZeroBlock) };
    }
    let first = Ustar::read(&block)?;
    if first.kind != b'x' {
        let header = join(&first, Records::default())?;
        return Ok(Decoded::Entry { header, consumed: BLOCK_BYTES });
    }
    let size = usize::try_from(first.size).ok().filter(|&size| size <= PAX_BYTES_MAX);
    let size = size.ok_or(TarError::RecordsTooLong { bytes: first.size })?;
    // At most a megabyte and two blocks.
    let records_end = BLOCK_BYTES + size;
    let block_begin = records_end + padding(first.size);
    let Some(block) = array_at::<BLOCK_BYTES>(bytes, block_begin) else {
        return Ok(Decoded::Need(block_begin + BLOCK_BYTES));
    };
    let records = Records::read(bytes.get(BLOCK_BYTES..records_end).unwrap_or_default())?;
    let header = join(&Ustar::read(&block)?, records)?;
    Ok(Decoded::Entry { header, consumed: block_begin + BLOCK_BYTES })
}

/// The block's values, and those of the records in their place.
fn join(block: &Ustar, records: Records) -> Result<Header, TarError> {
    let field = |field| TarError::Field { field };
    let target = records.linkpath.unwrap_or_else(|| block.link.clone());
    let kind = match block.kind {
        b'0' | 0 => EntryKind::File,
        b'1' => EntryKind::HardLink { target },
        b'2' => EntryKind::Symlink { target },
        b'5' => EntryKind::Directory,
        kind => return Err(TarError::Kind { kind }),
    };
    let mtime = match records.mtime {
        Some(mtime) => mtime,
        // Twelve octal digits at most, 36 bits.
        None => Time { secs: i64::try_from(block.mtime).unwrap_or_default(), nanos: 0 },
    };
    let uname = records.uname.unwrap_or_else(|| block.uname.clone());
    let gname = records.gname.unwrap_or_else(|| block.gname.clone());
    let partial = records.partial.map(String::from_utf8).transpose();
    let header = Header {
        path: records.path.unwrap_or_else(|| block.path()),
        kind,
        mode: u32::try_from(block.mode).map_err(|_| field("mode"))?,
        uid: records.uid.unwrap_or(block.uid),
        gid: records.gid.unwrap_or(block.gid),
        uname: String::from_utf8(uname).map_err(|_| field("owner name"))?,
        gname: String::from_utf8(gname).map_err(|_| field("group name"))?,
        size: records.size.unwrap_or(block.size),
        mtime_secs: mtime.secs,
        mtime_nanos: mtime.nanos,
        partial: partial.map_err(|_| field("mark of a partial file"))?,
    };
    header.check()?;
    Ok(header)
}
