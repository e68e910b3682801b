//! Whether all files of a backup came back as they were: a sum over them, in whatever order.

use sha2::{Digest, Sha256};

/// Sums over files: how many, how long, and what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    sum: [u64; 4],
}

impl Tally {
    /// Adds a file: `<root>/<path>`, its length and the CRC-32C of its bytes.
    pub(crate) fn add(&mut self, name: &[u8], bytes: u64, crc32c: u32) {
        let mut hash = Sha256::new();
        hash.update(bytes.to_le_bytes());
        hash.update(crc32c.to_le_bytes());
        hash.update(name);
        let digest = hash.finalize();
        for (sum, part) in self.sum.iter_mut().zip(digest.as_chunks::<8>().0) {
            *sum = sum.wrapping_add(u64::from_le_bytes(*part));
        }
        self.files += 1;
        self.bytes += bytes;
    }

    /// The sum, printed.
    pub(crate) fn digest(&self) -> String {
        self.sum.iter().map(|part| format!("{part:016x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_does_not_matter_and_everything_else_does() {
        let tally = |files: &[(&str, u64, u32)]| {
            let mut tally = Tally::default();
            for (name, bytes, crc) in files {
                tally.add(name.as_bytes(), *bytes, *crc);
            }
            tally.digest()
        };
        let (a, b) = (("data/a", 1, 2), ("data/b", 3, 4));
        assert_eq!(tally(&[a, b]), tally(&[b, a]));
        for other in [vec![a], vec![a, a], vec![a, ("data/b", 3, 5)], vec![a, ("data/b", 4, 4)]] {
            assert_ne!(tally(&[a, b]), tally(&other));
        }
    }
}
