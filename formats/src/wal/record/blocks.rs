//! The headers between a record's own header and its data (`DecodeXLogRecord`).

use crate::bytes::{u8_at, u16_at, u32_at};
use crate::wal::record::HEADER_BYTES;
use crate::wal::record::Malformed;
use crate::wal::xid::Xid;

/// `XLR_MAX_BLOCK_ID`.
const BLOCK_ID_MAX: u8 = 32;

/// `XLR_BLOCK_ID_DATA_SHORT`: main data, its length in one byte.
const DATA_SHORT: u8 = 255;

/// `XLR_BLOCK_ID_DATA_LONG`: main data, its length in four bytes.
const DATA_LONG: u8 = 254;

/// `XLR_BLOCK_ID_ORIGIN`: the replication origin, two bytes.
const ORIGIN: u8 = 253;

/// `XLR_BLOCK_ID_TOPLEVEL_XID`, from 14 on: four bytes.
const TOP_LEVEL_XID: u8 = 252;

/// `BKPBLOCK_FORK_MASK`.
const FORK: u8 = 0x0F;

/// `BKPBLOCK_HAS_IMAGE`.
const HAS_IMAGE: u8 = 0x10;

/// `BKPBLOCK_HAS_DATA`.
const HAS_DATA: u8 = 0x20;

/// `BKPBLOCK_SAME_REL`: the relation is that of the reference before.
const SAME_RELATION: u8 = 0x80;

/// `BKPIMAGE_HAS_HOLE`.
const IMAGE_HAS_HOLE: u8 = 0x01;

/// `BKPIMAGE_IS_COMPRESSED` of 10 to 14.
const IMAGE_COMPRESSED_10: u8 = 0x02;

/// `BKPIMAGE_COMPRESS_PGLZ`, `_LZ4` and `_ZSTD` of 15 and later, where 0x02 means "apply".
const IMAGE_COMPRESSED_15: u8 = 0x04 | 0x08 | 0x10;

/// A block that a record changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockReference {
    /// The record's own number for it.
    pub id: u8,
    /// Tablespace, by OID.
    pub tablespace: u32,
    /// Database, by OID; 0 for what all databases share.
    pub database: u32,
    /// The relation's file number.
    pub relation: u32,
    /// Fork: 0 main, 1 free space map, 2 visibility map, 3 init.
    pub fork: u8,
    /// Block number in the fork.
    pub block: u32,
    /// Bytes of the page image in the record, if it has one.
    pub image: Option<u16>,
}

/// What lies where in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Blocks, in the order of their ids; at most 33.
    pub blocks: Vec<BlockReference>,
    /// Replication origin (`RepOriginId`).
    pub origin: Option<u16>,
    /// The transaction above the one that wrote the record, where the record says so.
    pub top_level_xid: Option<Xid>,
    /// Offset of the main data, counted from the record's header; it reaches to the record's end.
    pub main_offset: u32,
    /// Bytes of main data.
    pub main_length: u32,
}

impl Parts {
    /// Reads the headers in a record's first bytes. The data behind them need not be there.
    pub(crate) fn read(bytes: &[u8], length: u32, major: u16) -> Result<Self, Malformed> {
        let mut reader = Reader { bytes, at: HEADER_BYTES, major, data: 0, relation: None };
        reader.parts(u64::from(length)).ok_or(Malformed)
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    major: u16,
    /// Bytes that the headers so far have promised to follow after all headers.
    data: u64,
    /// Tablespace, database and relation of the last reference.
    relation: Option<[u32; 3]>,
}

impl Reader<'_> {
    fn parts(&mut self, length: u64) -> Option<Parts> {
        let mut parts = Parts {
            blocks: Vec::new(),
            origin: None,
            top_level_xid: None,
            main_offset: 0,
            main_length: 0,
        };
        // Headers go on as long as there is more left than data; main data is the last of them.
        while length.checked_sub(self.at as u64)? > self.data {
            match self.u8()? {
                DATA_SHORT => {
                    parts.main_length = u32::from(self.u8()?);
                    break;
                }
                DATA_LONG => {
                    parts.main_length = self.u32()?;
                    break;
                }
                ORIGIN => parts.origin = Some(self.u16()?),
                TOP_LEVEL_XID if self.major >= 14 => parts.top_level_xid = Some(Xid(self.u32()?)),
                id if id <= BLOCK_ID_MAX && parts.blocks.last().is_none_or(|last| last.id < id) => {
                    let block = self.block(id)?;
                    parts.blocks.push(block);
                }
                _ => return None,
            }
        }
        let main = u64::from(parts.main_length);
        if self.at as u64 + self.data + main != length {
            return None;
        }
        parts.main_offset = u32::try_from(length - main).ok()?;
        Some(parts)
    }

    fn block(&mut self, id: u8) -> Option<BlockReference> {
        let flags = self.u8()?;
        let data = self.u16()?;
        if (flags & HAS_DATA != 0) != (data > 0) {
            return None;
        }
        self.data += u64::from(data);
        let image = if flags & HAS_IMAGE == 0 { None } else { Some(self.image()?) };
        if flags & SAME_RELATION == 0 {
            self.relation = Some([self.u32()?, self.u32()?, self.u32()?]);
        }
        let [tablespace, database, relation] = self.relation?;
        let fork = flags & FORK;
        Some(BlockReference { id, tablespace, database, relation, fork, block: self.u32()?, image })
    }

    /// Length of a page image, whose header has the hole's length only where the image is compressed:
    /// otherwise it follows from the image's.
    fn image(&mut self) -> Option<u16> {
        let length = self.u16()?;
        let _hole_offset = self.u16()?;
        let info = self.u8()?;
        let compressed = if self.major < 15 { IMAGE_COMPRESSED_10 } else { IMAGE_COMPRESSED_15 };
        if info & compressed != 0 && info & IMAGE_HAS_HOLE != 0 {
            let _hole_length = self.u16()?;
        }
        self.data += u64::from(length);
        Some(length)
    }

    fn u8(&mut self) -> Option<u8> {
        let value = u8_at(self.bytes, self.at)?;
        self.at += 1;
        Some(value)
    }

    fn u16(&mut self) -> Option<u16> {
        let value = u16_at(self.bytes, self.at)?;
        self.at += 2;
        Some(value)
    }

    fn u32(&mut self) -> Option<u32> {
        let value = u32_at(self.bytes, self.at)?;
        self.at += 4;
        Some(value)
    }
}

#[cfg(test)]
mod tests;
