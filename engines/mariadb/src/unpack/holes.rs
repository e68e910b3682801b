//! Tables of MariaDB with compressed pages: each page is as long as a plain one, and zeros fill it.
//! The server makes holes of these zeros, and so must whoever writes such a table anew.

/// Where page 0 has the flags of its file: `FIL_PAGE_DATA` 38 and `FSP_SPACE_FLAGS` 16.
const FLAGS_AT: u64 = 54;

/// `FSP_FLAGS_FCRC32_MASK_MARKER`: the flags are those of `full_crc32`.
const FULL_CRC32: u32 = 1 << 4;

/// `FSP_FLAGS_FCRC32_POS_COMPRESSED_ALGO`, three bits.
const ALGORITHM: u32 = 7 << 5;

/// `FSP_FLAGS_POS_PAGE_COMPRESSION`, in the flags before `full_crc32`.
const PAGE_COMPRESSION: u32 = 1 << 16;

/// The grain of holes: file systems keep no smaller ones.
const GRAIN: usize = 4096;

/// Finds out whether zeros of a file are to become holes.
#[derive(Default)]
pub(super) struct Holes {
    flags: [u8; 4],
}

impl Holes {
    /// Looks at bytes of the file as they pass, whose place that is.
    pub(super) fn look(&mut self, offset: u64, bytes: &[u8]) {
        if offset > FLAGS_AT + 3 {
            return;
        }
        for (at, kept) in (FLAGS_AT..).zip(&mut self.flags) {
            let index = at.checked_sub(offset).and_then(|index| usize::try_from(index).ok());
            if let Some(&byte) = index.and_then(|index| bytes.get(index)) {
                *kept = byte;
            }
        }
    }

    /// Whether the file has compressed pages, as far as is known.
    pub(super) fn are_wanted(&self) -> bool {
        let flags = u32::from_be_bytes(self.flags);
        if flags & FULL_CRC32 != 0 { flags & ALGORITHM != 0 } else { flags & PAGE_COMPRESSION != 0 }
    }
}

/// The parts of `bytes` that are to be written, each with its place; what is left out is zeros.
pub(super) fn solid_parts(offset: u64, bytes: &[u8]) -> Vec<(u64, &[u8])> {
    let grain = GRAIN as u64;
    let to_grain = usize::try_from((grain - offset % grain) % grain).unwrap_or_default();
    let (first, rest) = bytes.split_at(to_grain.min(bytes.len()));
    let mut parts = Vec::new();
    let mut begin = 0;
    let mut at = first.len();
    for block in rest.chunks(GRAIN) {
        if block.len() == GRAIN && is_zero(block) {
            parts.push((offset + begin as u64, bytes.get(begin..at).unwrap_or_default()));
            begin = at + GRAIN;
        }
        at += block.len();
    }
    parts.push((offset + begin as u64, bytes.get(begin..).unwrap_or_default()));
    parts.retain(|(_, part)| !part.is_empty());
    parts
}

fn is_zero(block: &[u8]) -> bool {
    let (words, rest) = block.as_chunks::<16>();
    words.iter().all(|&word| u128::from_ne_bytes(word) == 0) && rest.iter().all(|&byte| byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_found_wherever_the_pieces_end() {
        for (flags, expected) in [
            (0x0000_0000, false),
            (0x0000_0021, false),
            (0x0001_0021, true),
            // full_crc32, 16 KiB pages, without and with zlib.
            (0x0000_0015, false),
            (0x0000_0035, true),
        ] {
            let mut page = vec![0; 16_384];
            page[54..58].copy_from_slice(&u32::to_be_bytes(flags));
            for piece in [1, 3, 55, 57, 16_384] {
                let mut holes = Holes::default();
                let mut at = 0;
                for bytes in page.chunks(piece) {
                    holes.look(at, bytes);
                    at += bytes.len() as u64;
                }
                assert_eq!(holes.are_wanted(), expected, "{flags:x} by {piece}");
            }
        }
    }

    #[test]
    fn only_whole_grains_of_zeros_are_left_out() {
        let mut bytes = vec![0_u8; 5 * GRAIN];
        bytes[GRAIN + 7] = 1;
        let lengths = |parts: Vec<(u64, &[u8])>| -> Vec<(u64, usize)> {
            parts.into_iter().map(|(at, part)| (at, part.len())).collect()
        };
        assert_eq!(lengths(solid_parts(0, &bytes)), [(4096, GRAIN)]);
        // Seven bytes before the grain, and what is left of it at the end.
        let shifted = lengths(solid_parts(4096 * 9 - 7, &bytes));
        assert_eq!(shifted, [(4096 * 9 - 7, 7), (4096 * 10, GRAIN), (4096 * 13, GRAIN - 7)]);
        assert_eq!(lengths(solid_parts(0, &bytes[..100])), [(0, 100)]);
        assert_eq!(lengths(solid_parts(0, b"")), []);
    }
}
