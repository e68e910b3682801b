//! Checksums of other people's formats, computed as the bytes pass.

/// CRC-32 of ISO 3309, as in zlib: xbstream and xbcrypt carry it.
#[derive(Clone)]
pub(crate) struct Crc32(crc32fast::Hasher);

impl Crc32 {
    pub(crate) fn new() -> Self {
        Self(crc32fast::Hasher::new())
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn value(&self) -> u32 {
        self.0.clone().finalize()
    }

    pub(crate) fn of(bytes: &[u8]) -> u32 {
        crc32fast::hash(bytes)
    }
}

/// Adler-32 of RFC 1950 as in zlib, of bytes that are all at hand.
pub(crate) fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    // As many as the sums hold without a remainder being taken.
    const RUN: usize = 5552;
    let (mut low, mut high) = (1_u32, 0_u32);
    for run in bytes.chunks(RUN) {
        for &byte in run {
            low += u32::from(byte);
            high += low;
        }
        low %= MODULUS;
        high %= MODULUS;
    }
    high << 16 | low
}

/// The polynomial of CRC-32C with its bits reversed.
const CRC32C_POLYNOMIAL: u32 = 0x82F6_3B78;

/// `POWERS[n]` is x to the power of 8·2^n: what 2^n zero bytes do to the register.
static POWERS: [u32; 64] = powers();

const fn powers() -> [u32; 64] {
    let mut powers = [0; 64];
    // The highest bit stands for x^0.
    powers[0] = 0x8000_0000 >> 8;
    let mut at = 1;
    while at < 64 {
        powers[at] = product(powers[at - 1], powers[at - 1]);
        at += 1;
    }
    powers
}

/// The product of two polynomials, modulo that of CRC-32C.
const fn product(a: u32, mut b: u32) -> u32 {
    let mut product = 0;
    let mut bit = 0x8000_0000_u32;
    while bit != 0 {
        if a & bit != 0 {
            product ^= b;
        }
        b = if b & 1 == 1 { b >> 1 ^ CRC32C_POLYNOMIAL } else { b >> 1 };
        bit >>= 1;
    }
    product
}

/// The CRC-32C of bytes that had `crc`, followed by that many zero bytes: a hole costs no reading.
pub(crate) fn crc32c_with_zeros(crc: u32, zeros: u64) -> u32 {
    let powers = POWERS.iter().enumerate().filter(|(bit, _)| zeros >> bit & 1 == 1);
    !powers.fold(!crc, |register, (_, &power)| product(power, register))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(Crc32::of(b"123456789"), 0xCBF4_3926);
        assert_eq!(Crc32::of(b""), 0);
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
        assert_eq!(adler32(b""), 1);
        assert_eq!(adler32(&[0xFF; 100_000]), {
            let (mut low, mut high) = (1_u64, 0_u64);
            (0..100_000).for_each(|_| {
                low = (low + 255) % 65_521;
                high = (high + low) % 65_521;
            });
            u32::try_from(high << 16 | low).unwrap()
        });
    }

    #[test]
    fn parts_give_the_same_as_the_whole() {
        let bytes: Vec<u8> = (0..1000_u32).map(|n| n.wrapping_mul(37).to_le_bytes()[1]).collect();
        for cut in 0..bytes.len() {
            let mut crc = Crc32::new();
            crc.update(&bytes[..cut]);
            crc.update(&bytes[cut..]);
            assert_eq!(crc.value(), Crc32::of(&bytes));
        }
    }

    #[test]
    fn zeros_count_as_if_they_were_read() {
        let crc = crc32c::crc32c(b"before");
        for zeros in [0, 1, 2, 3, 511, 4096, 1_000_003] {
            let read = crc32c::crc32c_append(crc, &vec![0; zeros]);
            assert_eq!(crc32c_with_zeros(crc, zeros as u64), read, "{zeros}");
        }
        let twice = crc32c_with_zeros(crc32c_with_zeros(crc, 1 << 40), 1 << 40);
        assert_eq!(crc32c_with_zeros(crc, 1 << 41), twice);
    }
}
