//! `.qp`: qpress archives of one file, as mariadb-backup and XtraBackup write them.
//!
//! Numbers are little-endian:
//!
//! ```text
//! head    "qpress10", u64 largest plain length of a block
//! file    'F', u32 length of the name, name, NUL
//! block   "NEWBNEWB", u64 where the block's plain bytes begin, u32 Adler-32 of the packet, packet
//! end     "ENDSENDS", u64 0
//! ```
//!
//! A packet is one of QuickLZ 1.5, level 1, and says its own lengths. The checksum covers the packed
//! bytes. The layout is that of `ds_compress.c`, and was measured on every member of the stream in
//! `fixtures/mysql` that is packed so.

mod quicklz;

use crate::bytes::{array_at, u32_at, u64_at};
use crate::checksum::adler32;
use quicklz::Packet;

pub use quicklz::QuickLzError;

/// Longest block, plain, in bytes; the tools' default is 64 KiB (`--compress-chunk-size`).
pub const BLOCK_BYTES_MAX: u64 = 16 << 20;

/// What QuickLZ adds to a block at most.
const PACKED_EXTRA_BYTES: usize = 400;

/// Longest name; the tools put the file's own into a buffer of `FN_REFLEN`.
const NAME_BYTES_MAX: usize = 511;

/// Unpacks an archive that comes in pieces of any size. It holds one block, packed and plain.
pub struct QpressDecoder {
    part: Part,
    /// Bytes of the part so far.
    bytes: Vec<u8>,
    /// Bytes with which the part can be read further.
    need: usize,
    block_bytes_max: usize,
    /// Plain bytes so far.
    plain_bytes: u64,
    plain: Vec<u8>,
    position: u64,
    failed: Option<QpressError>,
}

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Head,
    File,
    Block,
    End,
}

/// What a part's bytes turned out to be.
enum Step {
    Need(usize),
    Next(Part),
    /// There are plain bytes.
    Plain,
}

const HEAD_BYTES: usize = 16;
const FILE_BYTES: usize = 5;
const END_BYTES: usize = 16;
/// Bytes of a block before its packet.
const BLOCK_HEADER_BYTES: usize = 20;

impl Default for QpressDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl QpressDecoder {
    /// A decoder at the beginning of an archive.
    pub fn new() -> Self {
        Self {
            part: Part::Head,
            bytes: Vec::new(),
            need: HEAD_BYTES,
            block_bytes_max: 0,
            plain_bytes: 0,
            plain: Vec::new(),
            position: 0,
            failed: None,
        }
    }

    /// Takes bytes from the front of `input`, up to the end of a block, and gives out the block's
    /// plain bytes; `None` when it took them all and more are needed. Call it until then.
    ///
    /// # Errors
    ///
    /// Where the archive is wrong; from then on the same error for ever.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<&[u8]>, QpressError> {
        loop {
            if let Some(error) = self.failed {
                return Err(error);
            }
            if self.part == Part::End && !input.is_empty() {
                self.fail(QpressProblem::Trailing);
                continue;
            }
            let missing = self.need.saturating_sub(self.bytes.len());
            let (taken, rest) = input.split_at(missing.min(input.len()));
            *input = rest;
            self.bytes.extend_from_slice(taken);
            self.position += taken.len() as u64;
            if taken.len() < missing || self.part == Part::End {
                return Ok(None);
            }
            match self.step() {
                Ok(Step::Need(need)) => self.need = need,
                Ok(Step::Next(part)) => self.begin(part),
                Ok(Step::Plain) => {
                    self.begin(Part::Block);
                    return Ok(Some(&self.plain));
                }
                Err(problem) => self.fail(problem),
            }
        }
    }

    /// Says that no more bytes come, and how many plain bytes there were.
    ///
    /// # Errors
    ///
    /// [`QpressProblem::Cut`] before the end, and the error that there was.
    pub fn finish(&self) -> Result<u64, QpressError> {
        match self.failed {
            Some(error) => Err(error),
            None if self.part == Part::End => Ok(self.plain_bytes),
            None => Err(QpressError { at: self.position, problem: QpressProblem::Cut }),
        }
    }

    fn fail(&mut self, problem: QpressProblem) {
        let at = self.position - self.bytes.len() as u64;
        self.failed = Some(QpressError { at, problem });
    }

    fn begin(&mut self, part: Part) {
        self.bytes.clear();
        self.part = part;
        self.need = match part {
            Part::Head => HEAD_BYTES,
            Part::File => FILE_BYTES,
            // The end is as long as this, and a block longer.
            Part::Block => END_BYTES,
            Part::End => 0,
        };
    }

    fn step(&mut self) -> Result<Step, QpressProblem> {
        match self.part {
            Part::Head => self.head(),
            Part::File => self.file(),
            Part::Block => self.block(),
            Part::End => Ok(Step::Need(0)),
        }
    }

    fn head(&mut self) -> Result<Step, QpressProblem> {
        if array_at::<8>(&self.bytes, 0) != Some(*b"qpress10") {
            return Err(QpressProblem::Magic);
        }
        let bytes = u64_at(&self.bytes, 8).ok_or(QpressProblem::Cut)?;
        let fitting = usize::try_from(bytes).ok().filter(|_| bytes <= BLOCK_BYTES_MAX);
        self.block_bytes_max = fitting.ok_or(QpressProblem::BlockTooLong { bytes })?;
        Ok(Step::Next(Part::File))
    }

    /// The name is that of the member without its directory, and not used.
    fn file(&mut self) -> Result<Step, QpressProblem> {
        let length = u32_at(&self.bytes, 1).and_then(|length| usize::try_from(length).ok());
        let length = length.filter(|&length| length <= NAME_BYTES_MAX);
        let length = length.ok_or(QpressProblem::File)?;
        if !self.bytes.starts_with(b"F") {
            return Err(QpressProblem::File);
        }
        let whole = FILE_BYTES + length + 1;
        if self.bytes.len() < whole {
            return Ok(Step::Need(whole));
        }
        if self.bytes.last() != Some(&0) {
            return Err(QpressProblem::File);
        }
        Ok(Step::Next(Part::Block))
    }

    fn block(&mut self) -> Result<Step, QpressProblem> {
        let found = u64_at(&self.bytes, 8).ok_or(QpressProblem::Cut)?;
        match array_at::<8>(&self.bytes, 0).as_ref() {
            Some(b"ENDSENDS") if found == 0 => return Ok(Step::Next(Part::End)),
            Some(b"NEWBNEWB") => {}
            _ => return Err(QpressProblem::Block),
        }
        let expected = self.plain_bytes;
        if found != expected {
            return Err(QpressProblem::Order { found, expected });
        }
        let header = self.bytes.get(BLOCK_HEADER_BYTES..).filter(|bytes| !bytes.is_empty());
        let Some(packed) = header else { return Ok(Step::Need(BLOCK_HEADER_BYTES + 1)) };
        let header_bytes = Packet::header_bytes(packed).map_err(QpressProblem::Packet)?;
        let Some(packet) = Packet::read(packed) else {
            return Ok(Step::Need(BLOCK_HEADER_BYTES + header_bytes));
        };
        let packed_max = self.block_bytes_max + PACKED_EXTRA_BYTES;
        if packet.plain_bytes > self.block_bytes_max || packet.packed_bytes > packed_max {
            let bytes = packet.plain_bytes.max(packet.packed_bytes) as u64;
            return Err(QpressProblem::BlockTooLong { bytes });
        }
        if packed.len() < packet.packed_bytes {
            return Ok(Step::Need(BLOCK_HEADER_BYTES + packet.packed_bytes));
        }
        if u32_at(&self.bytes, 16) != Some(adler32(packed)) {
            return Err(QpressProblem::Checksum);
        }
        packet.unpack(packed, &mut self.plain).map_err(QpressProblem::Packet)?;
        self.plain_bytes += self.plain.len() as u64;
        Ok(Step::Plain)
    }
}

/// What is wrong with an archive, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the qpress archive at byte {at}: {problem}")]
pub struct QpressError {
    /// Where the part of the archive begins, in bytes.
    pub at: u64,
    /// What is wrong with it.
    pub problem: QpressProblem,
}

/// What can be wrong with an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QpressProblem {
    /// It begins with something else.
    #[error("it is no qpress archive")]
    Magic,
    /// Blocks are longer than any that is written.
    #[error("its blocks have {bytes} bytes, more than {BLOCK_BYTES_MAX}")]
    BlockTooLong {
        /// Their length in bytes.
        bytes: u64,
    },
    /// What follows the head is no file, or one with an impossible name.
    #[error("it holds no file, or one with an impossible name")]
    File,
    /// A block begins elsewhere than where the last one ended.
    #[error("its block goes on at byte {found} instead of {expected}")]
    Order {
        /// Where the block says that it begins.
        found: u64,
        /// Plain bytes so far.
        expected: u64,
    },
    /// What should be a block or the end is neither.
    #[error("it goes on with neither a block nor the end")]
    Block,
    /// A block is damaged.
    #[error("its block does not match its checksum")]
    Checksum,
    /// A block cannot be unpacked.
    #[error("its block is no packet of QuickLZ level 1: {0}")]
    Packet(QuickLzError),
    /// Bytes are missing.
    #[error("it ends early")]
    Cut,
    /// Bytes follow the end.
    #[error("it goes on after its end")]
    Trailing,
}

#[cfg(test)]
mod tests;
