//! One ustar block: fixed fields, numbers in octal text.

use super::{BLOCK_BYTES, TarError};

/// A field of the block: where it begins and how many bytes it has.
type Place = (usize, usize);

const NAME: Place = (0, 100);
const MODE: Place = (100, 8);
const UID: Place = (108, 8);
const GID: Place = (116, 8);
const SIZE: Place = (124, 12);
const MTIME: Place = (136, 12);
const CHECKSUM: Place = (148, 8);
const TYPE: Place = (156, 1);
const LINK: Place = (157, 100);
const MAGIC: Place = (257, 8);
const UNAME: Place = (265, 32);
const GNAME: Place = (297, 32);
const DEVICE_MAJOR: Place = (329, 8);
const DEVICE_MINOR: Place = (337, 8);
const PREFIX: Place = (345, 155);

/// `ustar`, NUL, and the version.
const MAGIC_VERSION: &[u8; 8] = b"ustar\x0000";

/// Largest value of an octal field: one byte ends the text.
pub(super) const ID_MAX: u64 = (1 << 21) - 1;
pub(super) const LONG_MAX: u64 = (1 << 33) - 1;

/// Longest owner or group name, which ends with a NUL.
pub(super) const OWNER_BYTES_MAX: usize = 31;

/// Longest link target.
pub(super) const LINK_BYTES_MAX: usize = LINK.1;

/// What a block holds. Values are those that fit; [`super::pax`] carries the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ustar {
    pub(super) prefix: Vec<u8>,
    pub(super) name: Vec<u8>,
    pub(super) mode: u64,
    pub(super) uid: u64,
    pub(super) gid: u64,
    pub(super) size: u64,
    pub(super) mtime: u64,
    pub(super) kind: u8,
    pub(super) link: Vec<u8>,
    pub(super) uname: Vec<u8>,
    pub(super) gname: Vec<u8>,
}

impl Ustar {
    pub(super) fn write(&self) -> [u8; BLOCK_BYTES] {
        let mut block = [0; BLOCK_BYTES];
        put(&mut block, NAME, &self.name);
        put_octal(&mut block, MODE, self.mode);
        put_octal(&mut block, UID, self.uid);
        put_octal(&mut block, GID, self.gid);
        put_octal(&mut block, SIZE, self.size);
        put_octal(&mut block, MTIME, self.mtime);
        put(&mut block, TYPE, &[self.kind]);
        put(&mut block, LINK, &self.link);
        put(&mut block, MAGIC, MAGIC_VERSION);
        put(&mut block, UNAME, &self.uname);
        put(&mut block, GNAME, &self.gname);
        put_octal(&mut block, DEVICE_MAJOR, 0);
        put_octal(&mut block, DEVICE_MINOR, 0);
        put(&mut block, PREFIX, &self.prefix);
        let sum = sum(&block);
        put(&mut block, CHECKSUM, format!("{sum:06o}\0 ").as_bytes());
        block
    }

    pub(super) fn read(block: &[u8; BLOCK_BYTES]) -> Result<Self, TarError> {
        if octal(block, CHECKSUM) != Some(sum(block)) {
            return Err(TarError::Checksum);
        }
        if get(block, MAGIC) != MAGIC_VERSION {
            return Err(TarError::Magic);
        }
        let number = |place, field| octal(block, place).ok_or(TarError::Field { field });
        Ok(Self {
            prefix: text(block, PREFIX),
            name: text(block, NAME),
            mode: number(MODE, "mode")?,
            uid: number(UID, "owner")?,
            gid: number(GID, "group")?,
            size: number(SIZE, "size")?,
            mtime: number(MTIME, "modification time")?,
            kind: get(block, TYPE).first().copied().unwrap_or_default(),
            link: text(block, LINK),
            uname: text(block, UNAME),
            gname: text(block, GNAME),
        })
    }

    /// The whole path: the prefix, a slash and the name, or the name alone.
    pub(super) fn path(&self) -> Vec<u8> {
        if self.prefix.is_empty() {
            return self.name.clone();
        }
        [&self.prefix, &b"/"[..], &self.name].concat()
    }
}

/// Prefix and name that together are the path, or `None` where it must go to a pax record.
pub(super) fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.len() <= NAME.1 {
        return Some((&[], path));
    }
    // The first slash that leaves a name short enough gives the shortest prefix.
    let earliest = path.len().checked_sub(NAME.1)?.checked_sub(1)?;
    let slash = path.iter().skip(earliest).position(|&byte| byte == b'/')?;
    let (prefix, name) = path.split_at_checked(earliest.checked_add(slash)?)?;
    let name = name.strip_prefix(b"/")?;
    let fits = !prefix.is_empty() && prefix.len() <= PREFIX.1 && !name.is_empty();
    fits.then_some((prefix, name))
}

/// The sum of all bytes, those of the checksum itself taken as spaces.
fn sum(block: &[u8; BLOCK_BYTES]) -> u64 {
    let all: u64 = block.iter().map(|&byte| u64::from(byte)).sum();
    let own: u64 = get(block, CHECKSUM).iter().map(|&byte| u64::from(byte)).sum();
    all - own + 8 * u64::from(b' ')
}

/// Copies as much of `value` as the field holds.
fn put(block: &mut [u8; BLOCK_BYTES], (begin, length): Place, value: &[u8]) {
    for (to, from) in block.iter_mut().skip(begin).take(length).zip(value) {
        *to = *from;
    }
}

/// Octal digits over the whole field but its last byte. Callers keep to the field's largest value.
fn put_octal(block: &mut [u8; BLOCK_BYTES], place: Place, value: u64) {
    let digits = place.1 - 1;
    put(block, place, format!("{value:0digits$o}").as_bytes());
}

fn get(block: &[u8; BLOCK_BYTES], (begin, length): Place) -> &[u8] {
    block.get(begin..begin + length).unwrap_or_default()
}

/// The bytes up to the first NUL, or all of them.
fn text(block: &[u8; BLOCK_BYTES], place: Place) -> Vec<u8> {
    get(block, place).iter().copied().take_while(|&byte| byte != 0).collect()
}

/// Octal digits that NULs or spaces end.
fn octal(block: &[u8; BLOCK_BYTES], place: Place) -> Option<u64> {
    let field = get(block, place);
    let length = field.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, end) = field.split_at_checked(length)?;
    if digits.is_empty() || !end.iter().all(|byte| matches!(byte, 0 | b' ')) {
        return None;
    }
    u64::from_str_radix(str::from_utf8(digits).ok()?, 8).ok()
}
