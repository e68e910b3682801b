//! How a member of a backup is packed: the suffixes of its name, and the first bytes of its content.
//!
//! XtraBackup compresses first and encrypts then, so `t.ibd.qp.xbcrypt` is unpacked from the right.
//! `*_checkpoints` and `.meta` are neither compressed nor encrypted (measured with 2.4).

/// One layer of packing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// A qpress archive of one file: [`qpress`](crate::qpress).
    Qpress,
    /// LZ4 frames, one after another.
    Lz4,
    /// Zstandard frames, one after another.
    Zstd,
    /// Encrypted chunks: [`xbcrypt`](crate::xbcrypt).
    Xbcrypt,
}

/// Each with its suffix and the bytes with which its content begins; of xbcrypt's the last two are
/// its version. LZ4 and Zstandard: magic numbers 0x184D2204 and 0xFD2FB528, little-endian.
const ENCODINGS: [(Encoding, &[u8], &[u8]); 4] = [
    (Encoding::Qpress, b".qp", b"qpress10"),
    (Encoding::Lz4, b".lz4", b"\x04\x22\x4D\x18"),
    (Encoding::Zstd, b".zst", b"\x28\xB5\x2F\xFD"),
    (Encoding::Xbcrypt, b".xbcrypt", b"XBCRYP"),
];

/// Why bytes are not packed as a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the content does not begin as {expected:?} does")]
pub struct WrongEncoding {
    /// What the name says.
    pub expected: Encoding,
}

impl Encoding {
    /// What the content is packed with, by its first bytes; 8 are enough.
    pub fn of_content(bytes: &[u8]) -> Option<Self> {
        let found = ENCODINGS.iter().find(|(_, _, magic)| bytes.starts_with(magic));
        found.map(|&(encoding, ..)| encoding)
    }

    /// Whether the content is packed so, by its first bytes; 8 are enough.
    ///
    /// # Errors
    ///
    /// [`WrongEncoding`] where it is not: whoever goes on would give out packed bytes as plain ones.
    pub fn check(self, bytes: &[u8]) -> Result<(), WrongEncoding> {
        if Self::of_content(bytes) == Some(self) {
            return Ok(());
        }
        Err(WrongEncoding { expected: self })
    }

    /// The suffix, with its dot.
    pub fn suffix(self) -> &'static [u8] {
        let found = ENCODINGS.iter().find(|&&(encoding, ..)| encoding == self);
        found.map_or(b"", |(_, suffix, _)| suffix)
    }
}

/// The name without its last suffix, and what that suffix says; `None` for a name without one.
pub fn split_encoding(path: &[u8]) -> Option<(&[u8], Encoding)> {
    ENCODINGS.iter().find_map(|&(encoding, suffix, _)| {
        let rest = path.strip_suffix(suffix)?;
        let has_name = rest.last().is_some_and(|&byte| byte != b'/');
        has_name.then_some((rest, encoding))
    })
}

/// The name that the file has when it is unpacked.
pub fn plain_name(path: &[u8]) -> &[u8] {
    let mut plain = path;
    while let Some((rest, _)) = split_encoding(plain) {
        plain = rest;
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_come_off_from_the_right() {
        let encrypted = split_encoding(b"app/t.ibd.qp.xbcrypt");
        assert_eq!(encrypted, Some((&b"app/t.ibd.qp"[..], Encoding::Xbcrypt)));
        assert_eq!(split_encoding(b"app/t.ibd.qp"), Some((&b"app/t.ibd"[..], Encoding::Qpress)));
        assert_eq!(split_encoding(b"app/t.ibd"), None);
        assert_eq!(split_encoding(b"app/.qp"), None);
        assert_eq!(split_encoding(b".zst"), None);
        assert_eq!(plain_name(b"app/t.ibd.lz4.xbcrypt"), b"app/t.ibd");
        assert_eq!(plain_name(b"xtrabackup_info"), b"xtrabackup_info");
    }

    #[test]
    fn content_that_is_not_what_its_name_says_is_refused() {
        for (encoding, suffix, magic) in ENCODINGS {
            let content = [magic, b"03 and more"].concat();
            assert_eq!(Encoding::of_content(&content), Some(encoding));
            assert_eq!((encoding.check(&content), encoding.suffix()), (Ok(()), suffix));
            let expected = encoding;
            assert_eq!(encoding.check(b"plain"), Err(WrongEncoding { expected }));
            assert_eq!(encoding.check(&magic[..3]), Err(WrongEncoding { expected }));
        }
        assert_eq!(Encoding::of_content(b""), None);
    }
}
