//! Base85 with the alphabet of RFC 1924, as Python's `base64.b85encode` writes it. It hides a value
//! from a glance, no more.

use zeroize::Zeroizing;

const ALPHABET: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/// The text, where the letters are such a coding of UTF-8.
pub(super) fn decode(text: &str) -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    for group in text.as_bytes().chunks(5) {
        let mut number: u32 = 0;
        // Short groups count as if they were filled with the last letter of the alphabet.
        for place in 0..5 {
            let letter = group.get(place).unwrap_or(&b'~');
            let digit = ALPHABET.iter().position(|known| known == letter)?;
            number = number.checked_mul(85)?.checked_add(u32::try_from(digit).ok()?)?;
        }
        // One letter alone codes nothing, as in Python.
        bytes.extend_from_slice(&number.to_be_bytes()[..group.len() - 1]);
    }
    let text = std::str::from_utf8(&bytes).ok()?;
    Some(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text, and what Python's `base64.b85encode(text.encode())` makes of it.
    const KNOWN: &[(&str, &str)] = &[
        ("", ""),
        ("x", "cm"),
        ("ab", "VPX"),
        ("abc", "VPaz"),
        ("abcd", "VPa!s"),
        ("hunter2", "XmxIMWpXk"),
        ("a b:c=\"d\"\\", "VIX2UV?82dB3u"),
        ("p\u{e4}ssw\u{f6}rd \u{20ac}", "aKof?b9ckGa%3Rlf~)"),
        ("\0\0\0\0\0", "0000000"),
        ("\u{79d8}\u{5bc6}", "=ckzEuZ9"),
    ];

    #[test]
    fn what_python_encodes_is_decoded() {
        for (text, code) in KNOWN {
            assert_eq!(decode(code).as_ref().map(|text| text.as_str()), Some(*text), "{code}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        // Letters outside of the alphabet, a number above 32 bits, bytes that are no UTF-8.
        for bad in ["ab cd", "a\"", "\u{e4}", "~~~~~", "|NsC0", "{{R"] {
            assert!(decode(bad).is_none(), "{bad}");
        }
    }
}
