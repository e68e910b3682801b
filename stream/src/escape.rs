//! Percent-encoding: how bytes that are not plain become part of a name or a row.

/// Encodes every byte that `plain` does not accept, and `%` itself, as `%XX`.
pub fn percent_encode(bytes: &[u8], plain: impl Fn(u8) -> bool) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte != b'%' && byte.is_ascii() && plain(byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// Takes [`percent_encode`] back. `None` where a `%` is not followed by two hex digits.
#[must_use]
pub fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        let text = percent_encode(&all, |byte| byte.is_ascii_graphic());
        assert!(text.is_ascii());
        assert_eq!(percent_decode(&text), Some(all));
    }

    #[test]
    fn a_cut_escape_is_refused() {
        assert_eq!(percent_decode("a%4"), None);
        assert_eq!(percent_decode("a%zz"), None);
    }
}
