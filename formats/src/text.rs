//! Numbers and digests in text, in the one spelling that is accepted.

use std::fmt::{Display, Write as _};
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};

/// A decimal number without sign or leading zeros, so that one value has one spelling.
pub(crate) fn decimal<T: FromStr>(text: &str) -> Option<T> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    if digits && canonical { text.parse().ok() } else { None }
}

/// Exactly eight upper-case hexadecimal digits, as in the names of WAL files.
pub(crate) fn upper_hex8(text: &str) -> Option<u32> {
    let upper = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
    if upper && text.len() == 8 { u32::from_str_radix(text, 16).ok() } else { None }
}

/// Lower-case hexadecimal digits, two per byte.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The bytes of an even number of hexadecimal digits of either case.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(nibble(high)? << 4 | nibble(low)?)).collect()
}

/// A digest of `N` bytes in lower-case hexadecimal digits.
pub(crate) fn lower_hex_digest<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    from_hex(text)?.try_into().ok()
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Reads a serde string through the type's own `FromStr`.
pub(crate) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: Display,
{
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_one_spelling() {
        assert_eq!(decimal::<u32>("0"), Some(0));
        assert_eq!(decimal::<u32>("4294967295"), Some(u32::MAX));
        for text in ["", "00", "01", "+1", "-1", " 1", "1 ", "4294967296", "1a", "٣"] {
            assert_eq!(decimal::<u32>(text), None, "{text:?}");
        }
    }

    #[test]
    fn names_use_upper_case() {
        assert_eq!(upper_hex8("0000001F"), Some(31));
        for text in ["0000001f", "1F", "+000001F", "0000001F0", "0000001G", ""] {
            assert_eq!(upper_hex8(text), None, "{text:?}");
        }
    }

    #[test]
    fn hexadecimal_there_and_back() {
        assert_eq!(to_hex(&[0, 0x7f, 0xff]), "007fff");
        assert_eq!(from_hex("007fFF"), Some(vec![0, 0x7f, 0xff]));
        assert_eq!(from_hex("0"), None);
        assert_eq!(from_hex("0g"), None);
        assert_eq!(lower_hex_digest::<2>("beef"), Some([0xbe, 0xef]));
        assert_eq!(lower_hex_digest::<2>("bEef"), None);
        assert_eq!(lower_hex_digest::<2>("beefbe"), None);
    }
}
