//! Packets of QuickLZ 1.5 at level 1, without a streaming buffer.
//!
//! ```text
//! header   flags: 0x01 packed, 0x02 long header, 0x0C level, 0x30 streaming buffer, 0x40 always;
//!          then packed length, header included, and plain length, of a byte or u32 each
//! packed   u32 control words, each before the things it tells apart from its lowest bit on, below a
//!          highest bit that marks its end: 0 a byte as it is, 1 a match
//! match    u16: 4 bits length - 2, 12 bits hash; length bits 0: a byte with the length follows
//! ```
//!
//! A match names no place but the hash of three bytes, and means the last place with that hash. So
//! unpacking keeps the table that packing kept: every position up to the third byte from the end
//! enters it, but of a match only the first. The last bytes of a packet are never matched.

use crate::bytes::{array_at, u8_at, u16_at, u32_at};

const TABLE_ENTRIES: usize = 1 << 12;

/// Bytes at the end that are plain whatever the control word says: `UNCONDITIONAL_MATCHLEN` 6,
/// `UNCOMPRESSED_END` 4 and 1.
const PLAIN_END_BYTES: usize = 11;

const CONTROL_BYTES: usize = 4;

/// The header of a packet.
#[derive(Clone, Copy)]
pub(super) struct Packet {
    pub(super) packed_bytes: usize,
    pub(super) plain_bytes: usize,
    header_bytes: usize,
    is_packed: bool,
}

/// Why bytes are no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuickLzError {
    /// The flags are those of another level or version.
    #[error("its flags are {flags:#04X}")]
    Flags {
        /// The flags.
        flags: u8,
    },
    /// The lengths cannot be.
    #[error("its lengths contradict each other")]
    Lengths,
    /// A match leads to a place where nothing is, or beyond the end.
    #[error("it repeats what it does not have")]
    Match,
    /// A control word has no mark at its end.
    #[error("it has a control word without an end")]
    Control,
    /// It ends inside what it says.
    #[error("it ends early")]
    Cut,
}

impl Packet {
    /// Bytes of the header, by the first of them.
    pub(super) fn header_bytes(packet: &[u8]) -> Result<usize, QuickLzError> {
        let flags = u8_at(packet, 0).ok_or(QuickLzError::Cut)?;
        // Level 1, no streaming buffer.
        if flags & 0xFC != 0x44 {
            return Err(QuickLzError::Flags { flags });
        }
        Ok(if flags & 2 == 0 { 3 } else { 9 })
    }

    /// The header; `None` while it is not whole.
    pub(super) fn read(packet: &[u8]) -> Option<Self> {
        let header_bytes = Self::header_bytes(packet).ok()?;
        let (packed, plain) = if header_bytes == 3 {
            (u32::from(u8_at(packet, 1)?), u32::from(u8_at(packet, 2)?))
        } else {
            (u32_at(packet, 1)?, u32_at(packet, 5)?)
        };
        Some(Self {
            packed_bytes: usize::try_from(packed).ok()?,
            plain_bytes: usize::try_from(plain).ok()?,
            header_bytes,
            is_packed: packet.first()? & 1 == 1,
        })
    }

    /// Puts the plain bytes in place of what `out` holds. It grows with what is unpacked, and not by
    /// the length that the header gives.
    pub(super) fn unpack(&self, packet: &[u8], out: &mut Vec<u8>) -> Result<(), QuickLzError> {
        out.clear();
        let body = packet.get(self.header_bytes..self.packed_bytes).ok_or(QuickLzError::Lengths)?;
        if !self.is_packed {
            if body.len() != self.plain_bytes {
                return Err(QuickLzError::Lengths);
            }
            out.extend_from_slice(body);
            return Ok(());
        }
        let table = vec![None; TABLE_ENTRIES];
        let mut unpacking =
            Unpacking { body, at: 0, control: 1, out, end: self.plain_bytes, table, hashed: 0 };
        unpacking.run()
    }
}

struct Unpacking<'a> {
    body: &'a [u8],
    /// Where in the body the next byte is.
    at: usize,
    /// What is left of the control word.
    control: u32,
    out: &'a mut Vec<u8>,
    /// Plain length.
    end: usize,
    /// The last position with each hash.
    table: Vec<Option<u32>>,
    /// Positions before this one are in the table, or never will be.
    hashed: usize,
}

impl Unpacking<'_> {
    fn run(&mut self) -> Result<(), QuickLzError> {
        while self.out.len() < self.end {
            if self.control == 1 {
                self.control = u32_at(self.body, self.at).ok_or(QuickLzError::Cut)?;
                self.at += CONTROL_BYTES;
            }
            if self.control == 0 {
                return Err(QuickLzError::Control);
            }
            if self.control & 1 == 1 {
                self.control >>= 1;
                self.repeat()?;
            } else if self.out.len() + PLAIN_END_BYTES < self.end {
                self.control >>= 1;
                self.plain()?;
                self.hash_before(self.out.len().saturating_sub(2));
            } else {
                return self.plain_end();
            }
        }
        Ok(())
    }

    fn plain(&mut self) -> Result<(), QuickLzError> {
        let byte = u8_at(self.body, self.at).ok_or(QuickLzError::Cut)?;
        self.at += 1;
        self.out.push(byte);
        Ok(())
    }

    /// The last bytes: control words still stand among them, and say nothing.
    fn plain_end(&mut self) -> Result<(), QuickLzError> {
        while self.out.len() < self.end {
            if self.control == 1 {
                self.at += CONTROL_BYTES;
                self.control = 1 << 31;
            }
            self.plain()?;
            self.control >>= 1;
        }
        Ok(())
    }

    fn repeat(&mut self) -> Result<(), QuickLzError> {
        let code = u16_at(self.body, self.at).ok_or(QuickLzError::Cut)?;
        let length = match usize::from(code & 0xF) {
            0 => {
                let length = u8_at(self.body, self.at + 2).ok_or(QuickLzError::Cut)?;
                self.at += 3;
                usize::from(length)
            }
            short => {
                self.at += 2;
                short + 2
            }
        };
        let place = self.table.get(usize::from(code >> 4)).copied().flatten();
        let place =
            place.and_then(|place| usize::try_from(place).ok()).ok_or(QuickLzError::Match)?;
        let begin = self.out.len();
        if length < 3 || length > self.end - begin {
            return Err(QuickLzError::Match);
        }
        // Byte by byte, because a match may reach into what it makes.
        for from in place..place + length {
            let byte = u8_at(self.out, from).ok_or(QuickLzError::Match)?;
            self.out.push(byte);
        }
        self.hash_before(begin + 1);
        self.hashed = self.out.len();
        Ok(())
    }

    /// Enters every position before `end` that is not in the table yet.
    fn hash_before(&mut self, end: usize) {
        while self.hashed < end {
            let Some([a, b, c]) = array_at::<3>(self.out, self.hashed) else { return };
            let bytes = u32::from_le_bytes([a, b, c, 0]);
            let hash = usize::try_from((bytes >> 12 ^ bytes) & 0xFFF).unwrap_or_default();
            if let Some(entry) = self.table.get_mut(hash) {
                *entry = u32::try_from(self.hashed).ok();
            }
            self.hashed += 1;
        }
    }
}
