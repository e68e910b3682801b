//! The header in front of every record (`XLogRecord`, the same in 10 to 18).

use std::fmt;

use crate::Lsn;
use crate::bytes::{u8_at, u32_at, u64_at};
use crate::wal::xid::Xid;

/// Bytes of `XLogRecord`.
pub(crate) const HEADER_BYTES: usize = 24;

/// The bytes of it before the checksum, which covers them.
pub(crate) const CHECKED_BYTES: usize = 20;

/// `XLR_INFO_MASK`: the flags that do not belong to the resource manager.
const COMMON_FLAGS: u8 = 0x0F;

/// What every record says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHeader {
    /// Bytes of the whole record, headers included.
    pub length: u32,
    /// The transaction that wrote it; 0 for none. Of a prepared transaction's end this is the
    /// ending session's, not the transaction that ends.
    pub xid: Xid,
    /// Where the record before it begins.
    pub prev: Lsn,
    /// Kind of record and flags, as stored.
    pub info: u8,
    /// Who wrote it and can replay it.
    pub rmgr: Rmgr,
    /// CRC-32C of all bytes after the header, then of the header before this field.
    pub crc: u32,
}

impl RecordHeader {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            length: u32_at(bytes, 0)?,
            xid: Xid(u32_at(bytes, 4)?),
            prev: Lsn(u64_at(bytes, 8)?),
            info: u8_at(bytes, 16)?,
            rmgr: Rmgr(u8_at(bytes, 17)?),
            crc: u32_at(bytes, CHECKED_BYTES)?,
        })
    }

    /// The kind of record, whose meaning depends on the resource manager.
    pub const fn kind(&self) -> u8 {
        self.info & !COMMON_FLAGS
    }
}

/// A resource manager: the part of the server that wrote a record (`RmgrId`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rmgr(pub u8);

/// Names in `pg_waldump`, by number: the same in 10 to 18 (`rmgrlist.h`).
const NAMES: [&str; 22] = [
    "XLOG",
    "Transaction",
    "Storage",
    "CLOG",
    "Database",
    "Tablespace",
    "MultiXact",
    "RelMap",
    "Standby",
    "Heap2",
    "Heap",
    "Btree",
    "Hash",
    "Gin",
    "Gist",
    "Sequence",
    "SPGist",
    "BRIN",
    "CommitTs",
    "ReplicationOrigin",
    "Generic",
    "LogicalMessage",
];

/// `RM_MIN_CUSTOM_ID`: from here on extensions have their own, from 15 on.
const CUSTOM: u8 = 128;

impl Rmgr {
    /// The log itself: checkpoints, switches, restore points.
    pub const XLOG: Self = Self(0);

    /// Ends of transactions.
    pub const TRANSACTION: Self = Self(1);

    /// Whether a server of that major has such a one.
    pub(crate) fn exists(self, major: u16) -> bool {
        usize::from(self.0) < NAMES.len() || (major >= 15 && self.0 >= CUSTOM)
    }
}

impl fmt::Display for Rmgr {
    /// The name `pg_waldump` prints.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.get(usize::from(self.0)) {
            Some(name) => formatter.write_str(name),
            None => write!(formatter, "custom{:03}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_have_resource_managers_from_15_on() {
        let exist = |major| (0..=u8::MAX).filter(|&number| Rmgr(number).exists(major)).count();
        assert_eq!(exist(14), 22);
        assert_eq!(exist(15), 22 + 128);
        assert!(Rmgr(21).exists(10) && !Rmgr(22).exists(18) && !Rmgr(127).exists(18));
        assert_eq!(Rmgr(21).to_string(), "LogicalMessage");
        assert_eq!(Rmgr(128).to_string(), "custom128");
    }

    #[test]
    fn the_header_ends_with_its_bytes() {
        let bytes: Vec<u8> = (1..=24).collect();
        let header = RecordHeader::read(&bytes).unwrap();
        assert_eq!(header.length, 0x0403_0201);
        assert_eq!(header.xid, Xid(0x0807_0605));
        assert_eq!(header.prev, Lsn(0x100F_0E0D_0C0B_0A09));
        assert_eq!((header.info, header.kind(), header.rmgr), (0x11, 0x10, Rmgr(0x12)));
        assert_eq!(header.crc, 0x1817_1615);
        assert_eq!(RecordHeader::read(&bytes[..23]), None);
    }
}
