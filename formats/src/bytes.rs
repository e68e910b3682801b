//! Fields at fixed offsets, little-endian: the one place where bytes from outside become numbers.
//!
//! Every reader answers `None` where the bytes end too early, so no caller indexes by hand.

/// The `N` bytes at `offset`.
pub(crate) fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk::<N>().copied()
}

pub(crate) fn u8_at(bytes: &[u8], offset: usize) -> Option<u8> {
    bytes.get(offset).copied()
}

pub(crate) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    array_at(bytes, offset).map(u16::from_le_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    array_at(bytes, offset).map(u32::from_le_bytes)
}

pub(crate) fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    array_at(bytes, offset).map(u64::from_le_bytes)
}

pub(crate) fn i64_at(bytes: &[u8], offset: usize) -> Option<i64> {
    array_at(bytes, offset).map(i64::from_le_bytes)
}

/// Whether every byte is zero; an empty slice is. Stopping at whole chunks only is several times
/// faster than at any byte, because a chunk fits vector registers.
pub(crate) fn all_zero(bytes: &[u8]) -> bool {
    bytes.chunks(128).all(|chunk| chunk.iter().fold(0, |seen, byte| seen | byte) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_end_with_the_bytes() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(u16_at(&bytes, 6), Some(0x0807));
        assert_eq!(u16_at(&bytes, 7), None);
        assert_eq!(u32_at(&bytes, 4), Some(0x0807_0605));
        assert_eq!(u64_at(&bytes, 0), Some(0x0807_0605_0403_0201));
        assert_eq!(u64_at(&bytes, 1), None);
        assert_eq!(u8_at(&bytes, 8), None);
        assert_eq!(u32_at(&bytes, usize::MAX), None);
    }
    #[test]
    fn one_byte_makes_the_difference() {
        for length in [1, 127, 128, 129, 1000] {
            let mut bytes = vec![0; length];
            assert!(all_zero(&bytes));
            for at in 0..length {
                bytes[at] = 0x80;
                assert!(!all_zero(&bytes), "{at} of {length}");
                bytes[at] = 0;
            }
        }
        assert!(all_zero(&[]));
        assert!(!all_zero(&[7; 128]), "equal bytes do not cancel each other");
    }
}
