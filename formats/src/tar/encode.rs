//! From a header to its blocks.

use super::pax::{Records, Time};
use super::ustar::{self, Ustar};
use super::{BLOCK_BYTES, EntryKind, Header, PAX_BYTES_MAX, TarError, padding};

/// Name of the blocks that hold pax records; readers that know them never show it.
const PAX_NAME: &[u8] = b"PaxHeaders/entry";

/// The header's blocks: one, or pax records and then one.
///
/// # Errors
///
/// [`TarError::Field`] where the header says what no archive can hold, and
/// [`TarError::RecordsTooLong`] for names of about a megabyte.
pub fn encode(header: &Header) -> Result<Vec<u8>, TarError> {
    header.check()?;
    let (block, records) = divide(header);
    let records = records.write();
    if records.len() > PAX_BYTES_MAX {
        return Err(TarError::RecordsTooLong { bytes: records.len() as u64 });
    }
    let mut out = Vec::with_capacity(BLOCK_BYTES);
    if !records.is_empty() {
        let size = records.len() as u64;
        let name = PAX_NAME.to_vec();
        let pax = Ustar { name, mode: 0o644, size, kind: b'x', ..Ustar::default() };
        out.extend(pax.write());
        out.extend(&records);
        out.resize(out.len().saturating_add(padding(size)), 0);
    }
    out.extend(block.write());
    Ok(out)
}

/// What goes into the block, and what must go into records.
fn divide(header: &Header) -> (Ustar, Records) {
    let mut records = Records::default();
    let (kind, target) = match &header.kind {
        EntryKind::File => (b'0', None),
        EntryKind::HardLink { target } => (b'1', Some(target)),
        EntryKind::Symlink { target } => (b'2', Some(target)),
        EntryKind::Directory => (b'5', None),
    };
    // Where a record holds a text, the block holds its beginning, for readers without pax.
    let (prefix, name) = ustar::split(&header.path).unwrap_or_else(|| {
        records.path = Some(header.path.clone());
        (&[], &header.path)
    });
    let link = target.map(Vec::as_slice).unwrap_or_default();
    if link.len() > ustar::LINK_BYTES_MAX {
        records.linkpath = Some(link.to_vec());
    }
    let mtime = u64::try_from(header.mtime_secs).ok().filter(|&secs| secs <= ustar::LONG_MAX);
    if mtime.is_none() || header.mtime_nanos != 0 {
        records.mtime = Some(Time { secs: header.mtime_secs, nanos: header.mtime_nanos });
    }
    records.partial = header.partial.as_ref().map(|text| text.as_bytes().to_vec());
    let block = Ustar {
        prefix: prefix.to_vec(),
        name: name.to_vec(),
        mode: u64::from(header.mode),
        uid: fitting(header.uid, ustar::ID_MAX, &mut records.uid),
        gid: fitting(header.gid, ustar::ID_MAX, &mut records.gid),
        size: fitting(header.size, ustar::LONG_MAX, &mut records.size),
        mtime: mtime.unwrap_or_default(),
        kind,
        link: link.to_vec(),
        uname: owner(&header.uname, &mut records.uname),
        gname: owner(&header.gname, &mut records.gname),
    };
    (block, records)
}

/// The number for the block; a larger one goes to the record and leaves 0.
fn fitting(value: u64, max: u64, record: &mut Option<u64>) -> u64 {
    if value <= max {
        return value;
    }
    *record = Some(value);
    0
}

fn owner(name: &str, record: &mut Option<Vec<u8>>) -> Vec<u8> {
    if name.len() <= ustar::OWNER_BYTES_MAX {
        return name.as_bytes().to_vec();
    }
    *record = Some(name.as_bytes().to_vec());
    Vec::new()
}
