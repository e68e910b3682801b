//! `.lz4`: LZ4 frames, one after another. Numbers are little-endian:
//!
//! ```text
//! frame   0x184D2204, flags: 0xC0 version 1, 0x20 blocks stand alone, 0x10 blocks have checksums,
//!         0x08 length of the content, 0x04 checksum of it, 0x01 dictionary; longest block; [u64
//!         length of the content], a byte of the XXH32 since the flags
//! block   u32 length, highest bit: not packed; data; [u32 XXH32 of the data]
//! end     u32 0, [u32 XXH32 of the content]
//! ```
//!
//! That is `lz4_Frame_format.md`; frames of a stock `lz4` are tested. A block that does not stand
//! alone repeats bytes of up to 64 KiB before it.

use std::hash::Hasher;
use twox_hash::XxHash32;

/// What is wrong with the frames.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Lz4FrameError(String);

const MAGIC: [u8; 4] = [0x04, 0x22, 0x4D, 0x18];
const NOT_PACKED: u32 = 1 << 31;
const HISTORY_BYTES: usize = 64 << 10;
/// Magic, flags, longest block, and the byte that proves them.
const HEAD_BYTES: usize = 7;
const WORD_BYTES: usize = 4;

/// Unpacks frames as they come; it holds one block, packed and plain. An empty file has no frame.
pub struct Lz4FrameDecoder {
    part: Part,
    /// Bytes of the part so far.
    bytes: Vec<u8>,
    /// Bytes with which the part can be read further.
    need: usize,
    frame: Frame,
    /// What blocks may repeat, and then a block.
    plain: Vec<u8>,
    history: usize,
    end: usize,
}

/// What comes next.
#[derive(Clone, Copy)]
enum Part {
    Head,
    Length,
    Block { is_packed: bool, bytes: usize },
    Checksum,
}

/// What the head of a frame says, and what was found in it.
struct Frame {
    flags: u8,
    block_bytes_max: usize,
    expected: Option<u64>,
    bytes: u64,
    hash: XxHash32,
}

impl Frame {
    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

const STAND_ALONE: u8 = 0x20;
const BLOCK_CHECKSUMS: u8 = 0x10;
const CONTENT_LENGTH: u8 = 0x08;
const CONTENT_CHECKSUM: u8 = 0x04;

impl Default for Lz4FrameDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Lz4FrameDecoder {
    /// A decoder at the beginning of a file.
    #[must_use]
    pub fn new() -> Self {
        let hash = XxHash32::with_seed(0);
        Self {
            part: Part::Head,
            bytes: Vec::new(),
            need: HEAD_BYTES,
            frame: Frame { flags: 0, block_bytes_max: 0, expected: None, bytes: 0, hash },
            plain: Vec::new(),
            history: 0,
            end: 0,
        }
    }

    /// Takes bytes from the front of `input` and gives the next plain ones; `None` when it took them
    /// all and more are needed. Call it until then.
    ///
    /// # Errors
    /// Where the bytes are no frames; what was given of that frame is void.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<&[u8]>, Lz4FrameError> {
        loop {
            let missing = self.need.saturating_sub(self.bytes.len());
            let (taken, rest) = input.split_at(missing.min(input.len()));
            *input = rest;
            self.bytes.extend_from_slice(taken);
            if taken.len() < missing {
                return Ok(None);
            }
            match self.part {
                Part::Head => self.head()?,
                Part::Length => self.length()?,
                Part::Block { is_packed, bytes } => {
                    self.block(is_packed, bytes)?;
                    self.begin(Part::Length, WORD_BYTES);
                    return Ok(self.plain.get(self.history..self.end));
                }
                Part::Checksum => {
                    if self.word(0)? != self.frame.hash.finish_32() {
                        return Err(wrong("its content has another checksum"));
                    }
                    self.begin(Part::Head, HEAD_BYTES);
                }
            }
        }
    }

    /// Says that no more bytes come.
    ///
    /// # Errors
    /// They end inside a frame.
    pub fn finish(&self) -> Result<(), Lz4FrameError> {
        match self.part {
            Part::Head if self.bytes.is_empty() => Ok(()),
            _ => Err(wrong("it ends inside a frame")),
        }
    }

    fn begin(&mut self, part: Part, need: usize) {
        self.bytes.clear();
        (self.part, self.need) = (part, need);
    }

    /// The number at that place of the part.
    fn word(&self, at: usize) -> Result<u32, Lz4FrameError> {
        let bytes = self.bytes.get(at..at + WORD_BYTES).and_then(|bytes| bytes.try_into().ok());
        bytes.map(u32::from_le_bytes).ok_or_else(|| wrong("it is too short"))
    }

    fn head(&mut self) -> Result<(), Lz4FrameError> {
        let &[a, b, c, d, flags, longest, ..] = self.bytes.as_slice() else {
            return Err(wrong("it is too short"));
        };
        if [a, b, c, d] != MAGIC {
            return Err(wrong("it is no LZ4 frame"));
        }
        let has_length = flags & CONTENT_LENGTH != 0;
        self.need = if has_length { HEAD_BYTES + 8 } else { HEAD_BYTES };
        if self.bytes.len() < self.need {
            return Ok(());
        }
        // What else the flags may say is a dictionary, which no tool uses, or unknown.
        let block_bytes_max = match (flags & 0xC3, longest) {
            (0x40, 0x40) => 64 << 10,
            (0x40, 0x50) => 256 << 10,
            (0x40, 0x60) => 1 << 20,
            (0x40, 0x70) => 4 << 20,
            _ => return Err(wrong("its frame is of an unknown kind")),
        };
        let proven = self.bytes.get(MAGIC.len()..self.need - 1).unwrap_or_default();
        let [_, proof, ..] = XxHash32::oneshot(0, proven).to_le_bytes();
        if self.bytes.last() != Some(&proof) {
            return Err(wrong("the head of its frame is damaged"));
        }
        let length = self.bytes.get(6..14).filter(|_| has_length);
        let expected = length.and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
        let hash = XxHash32::with_seed(0);
        self.frame = Frame { flags, block_bytes_max, expected, bytes: 0, hash };
        self.plain.resize(HISTORY_BYTES + block_bytes_max, 0);
        (self.history, self.end) = (0, 0);
        self.begin(Part::Length, WORD_BYTES);
        Ok(())
    }

    fn length(&mut self) -> Result<(), Lz4FrameError> {
        let word = self.word(0)?;
        if word == 0 {
            if self.frame.expected.is_some_and(|bytes| bytes != self.frame.bytes) {
                return Err(wrong("its content has another length"));
            }
            if self.frame.has(CONTENT_CHECKSUM) {
                self.begin(Part::Checksum, WORD_BYTES);
            } else {
                self.begin(Part::Head, HEAD_BYTES);
            }
            return Ok(());
        }
        let bytes = usize::try_from(word & !NOT_PACKED).unwrap_or(usize::MAX);
        if bytes > self.frame.block_bytes_max {
            return Err(wrong("its block is longer than its frame allows"));
        }
        let checksum = if self.frame.has(BLOCK_CHECKSUMS) { WORD_BYTES } else { 0 };
        self.begin(Part::Block { is_packed: word & NOT_PACKED == 0, bytes }, bytes + checksum);
        Ok(())
    }

    fn block(&mut self, is_packed: bool, bytes: usize) -> Result<(), Lz4FrameError> {
        let data = self.bytes.get(..bytes).unwrap_or_default();
        if self.frame.has(BLOCK_CHECKSUMS) && self.word(bytes)? != XxHash32::oneshot(0, data) {
            return Err(wrong("its block has another checksum"));
        }
        // The end of what there is becomes the history of this block.
        let kept = if self.frame.has(STAND_ALONE) { 0 } else { self.end.min(HISTORY_BYTES) };
        self.plain.copy_within(self.end - kept..self.end, 0);
        self.history = kept;
        let (history, room) = self.plain.split_at_mut(kept);
        let room = room.get_mut(..self.frame.block_bytes_max).unwrap_or_default();
        let length = if is_packed {
            lz4_flex::block::decompress_into_with_dict(data, room, history)
                .map_err(|error| wrong(&format!("its block is damaged: {error}")))?
        } else {
            // Not longer than a block may be.
            room.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
            data.len()
        };
        self.end = kept + length;
        self.frame.bytes += length as u64;
        if self.frame.has(CONTENT_CHECKSUM) {
            self.frame.hash.write(room.get(..length).unwrap_or_default());
        }
        Ok(())
    }
}

fn wrong(what: &str) -> Lz4FrameError {
    Lz4FrameError(what.to_owned())
}
