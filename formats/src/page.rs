//! Data pages: their checksum, and what a page that fails it may be.

use crate::Lsn;
use crate::bytes::{all_zero, u16_at, u32_at};

/// Columns that the checksum sums separately, 32 bits each (`N_SUMS`).
const LANES: usize = 32;

/// Bytes in one row of all columns; page sizes are multiples of it.
const ROW_BYTES: usize = LANES * size_of::<u32>();

/// The multiplier of the 32-bit Fowler/Noll/Vo hash.
const FNV_PRIME: u32 = 16_777_619;

/// Where each column starts (`checksumBaseOffsets`): arbitrary numbers, part of the format.
#[rustfmt::skip]
const BASE_OFFSETS: [u32; LANES] = [
    0x5B1F_36E9, 0xB852_5960, 0x02AB_50AA, 0x1DE6_6D2A,
    0x79FF_467A, 0x9BB9_F8A3, 0x217E_7CD2, 0x83E1_3D2C,
    0xF8D4_474F, 0xE39E_B970, 0x42C6_AE16, 0x9932_16FA,
    0x7B09_3B5D, 0x98DA_FF3C, 0xF718_902A, 0x0B1C_9CDB,
    0xE58F_764B, 0x1876_36BC, 0x5D7B_3BB1, 0xE73D_E7DE,
    0x92BE_C979, 0xCCA6_C0B2, 0x304A_0979, 0x85AA_43D4,
    0x7831_25BB, 0x6CA8_EAA2, 0xE407_EAC6, 0x4B5C_FC3E,
    0x9FBF_8C76, 0x15CA_20BE, 0xF2CA_9FD3, 0x959B_D756,
];

/// What a page turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageState {
    /// Every byte is zero: a page that was added and not used yet.
    Zero,
    /// The checksum fits page and block number.
    Valid,
    /// The checksum does not fit. On a running server the page may have been read while it was
    /// written: read it again, and let the log decide about a page newer than the backup's start.
    Mismatch {
        /// The checksum in the page (`pd_checksum`).
        stored: u16,
        /// The checksum of its bytes at that block number.
        computed: u16,
        /// The position in the page (`pd_lsn`); damage may have reached it.
        lsn: Lsn,
    },
    /// `pd_upper` is zero, as in a new page, yet other bytes are not: damage. Servers refuse to read
    /// such a page, while their checksum tools pass over it as new.
    NewButNotZero,
    /// The length is that of no page, so nothing was checked.
    WrongLength,
}

/// Checks one whole page of a cluster with data checksums.
///
/// `block` counts from the relation's first page, not from the file's: page 3 of `16384.2` is block
/// 2 × [`relation_segment_blocks`](crate::ControlFile::relation_segment_blocks) + 3.
pub fn verify_page(page: &[u8], block: u32) -> PageState {
    let (rows, rest) = page.as_chunks::<ROW_BYTES>();
    let (Some(lsn), Some(stored), Some(upper)) =
        (page_lsn(page), u16_at(page, 8), u16_at(page, 14))
    else {
        return PageState::WrongLength;
    };
    if !rest.is_empty() {
        return PageState::WrongLength;
    }
    if upper == 0 {
        return if all_zero(page) { PageState::Zero } else { PageState::NewButNotZero };
    }
    let computed = checksum(rows, block);
    if stored == computed {
        PageState::Valid
    } else {
        PageState::Mismatch { stored, computed, lsn }
    }
}

/// The log position of the page's last change (`pd_lsn`, high half first), if there are 8 bytes.
pub fn page_lsn(page: &[u8]) -> Option<Lsn> {
    let (high, low) = (u32_at(page, 0)?, u32_at(page, 4)?);
    Some(Lsn(u64::from(high) << 32 | u64::from(low)))
}

/// `pg_checksum_page`: the stored checksum counts as zero, the block number is mixed in so that a
/// page in the wrong place fails, and the result is never zero.
fn checksum(rows: &[[u8; ROW_BYTES]], block: u32) -> u16 {
    let mut sums = BASE_OFFSETS;
    if let Some((first, others)) = rows.split_first() {
        let mut first = lanes(first);
        if let Some(checksum_and_flags) = first.get_mut(2) {
            *checksum_and_flags &= 0xFFFF_0000;
        }
        mix(&mut sums, &first);
        for row in others {
            mix(&mut sums, &lanes(row));
        }
    }
    mix(&mut sums, &[0; LANES]);
    mix(&mut sums, &[0; LANES]);
    let folded = sums.iter().fold(block, |folded, sum| folded ^ sum);
    let [_, _, high, low] = (folded % 65_535 + 1).to_be_bytes();
    u16::from_be_bytes([high, low])
}

/// One row as numbers. Fixed sizes let the compiler keep a row in vector registers.
#[inline]
fn lanes(row: &[u8; ROW_BYTES]) -> [u32; LANES] {
    let mut lanes = [0; LANES];
    let (words, _) = row.as_chunks::<{ size_of::<u32>() }>();
    for (lane, word) in lanes.iter_mut().zip(words) {
        *lane = u32::from_le_bytes(*word);
    }
    lanes
}

#[inline]
fn mix(sums: &mut [u32; LANES], values: &[u32; LANES]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        let mixed = *sum ^ value;
        *sum = mixed.wrapping_mul(FNV_PRIME) ^ (mixed >> 17);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn page(folder: &str) -> Vec<u8> {
        fixture::read(&format!("{folder}/page.bin"))
    }

    #[test]
    fn the_page_of_every_major_is_valid_in_its_place_only() {
        for folder in fixture::MAJORS.map(|major| major.to_string()) {
            let page = page(&folder);
            assert_eq!(verify_page(&page, 0), PageState::Valid, "{folder}");
            for block in [1, 131_072, u32::MAX] {
                let state = verify_page(&page, block);
                assert!(matches!(state, PageState::Mismatch { .. }), "{folder}: {block}");
            }
            let lsn = fixture::oracle(&folder, "page", "lsn").parse().unwrap();
            assert_eq!(page_lsn(&page), Some(lsn), "{folder}");
        }
    }

    #[test]
    fn a_mismatch_tells_both_checksums_and_the_position() {
        let good = page("15");
        let stored = u16_at(&good, 8).unwrap();
        assert!(fixture::oracle("15", "page", "value").contains(&format!("{stored:#06x}")));
        let mut bad = good.clone();
        bad[8191] ^= 1;
        let PageState::Mismatch { stored: kept, computed, lsn } = verify_page(&bad, 0) else {
            panic!("damage was not noticed");
        };
        assert_eq!(kept, stored);
        assert_eq!(Some(lsn), page_lsn(&good));
        bad[8..10].copy_from_slice(&computed.to_le_bytes());
        assert_eq!(
            verify_page(&bad, 0),
            PageState::Valid,
            "the computed checksum is the right one"
        );
    }

    #[test]
    fn a_flipped_bit_is_missed_no_more_often_than_16_bits_allow() {
        let good = page("18");
        let bits = good.len() * 8;
        let missed = (0..bits).filter(|bit| {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            verify_page(&bad, 0) == PageState::Valid
        });
        // One in 65535 on average; the page has 65536 bits.
        assert!(missed.count() <= 4);
    }

    #[test]
    fn a_new_page_is_all_zero_or_damaged() {
        let mut page = vec![0; 8192];
        assert_eq!(verify_page(&page, 7), PageState::Zero);
        page[8191] = 1;
        assert_eq!(verify_page(&page, 7), PageState::NewButNotZero);
        page[8191] = 0;
        page[8] = 1;
        assert_eq!(verify_page(&page, 7), PageState::NewButNotZero);
    }

    #[test]
    fn the_position_has_its_high_half_first() {
        assert_eq!(page_lsn(&[2, 0, 0, 0, 3, 0, 0, 0]), Some(Lsn(0x2_0000_0003)));
        assert_eq!(page_lsn(&[0; 7]), None);
    }

    #[test]
    fn other_page_sizes_work_and_other_lengths_do_not() {
        for bytes in [128, 1024, 32_768] {
            let mut page = vec![0x5A; bytes];
            let PageState::Mismatch { computed, .. } = verify_page(&page, 3) else {
                panic!("{bytes} bytes were not checked");
            };
            page[8..10].copy_from_slice(&computed.to_le_bytes());
            assert_eq!(verify_page(&page, 3), PageState::Valid, "{bytes}");
            assert_eq!(verify_page(&page[..bytes - 1], 3), PageState::WrongLength);
        }
        assert_eq!(verify_page(&[], 0), PageState::WrongLength);
    }
}
