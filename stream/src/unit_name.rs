//! Names of units: as the server has them, and as they stand on disk.

use crate::{InvalidName, TargetName, percent_decode, percent_encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// What can be backed up and restored alone within a target: a database, a naming context, a
/// directory. 1 to 128 characters of any kind but NUL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UnitName(String);

/// A unit's name as a component of a path or of an object's key.
///
/// Letters, digits, `_`, `-` and dots that are not the first character stand as they are, everything
/// else is percent-encoded. What is longer than [`EncodedUnit::MAX_BYTES`] is cut, and `~` and 32 hex
/// digits of the SHA-256 of the full name follow: the full name stands in the objects themselves, and
/// whoever opens them compares it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EncodedUnit(String);

impl UnitName {
    /// The most characters of a name.
    pub const MAX_CHARS: usize = 128;

    /// Checks a name.
    ///
    /// # Errors
    /// It is empty, has more than 128 characters, or holds a NUL.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidName> {
        let text = text.into();
        let is_short = text.chars().nth(Self::MAX_CHARS).is_none();
        if !text.is_empty() && is_short && !text.contains('\0') {
            return Ok(Self(text));
        }
        let max = Self::MAX_CHARS;
        Err(InvalidName(format!("{text:?} is not a unit's name: 1 to {max} characters, no NUL")))
    }

    /// The name as the server has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it stands on disk.
    #[must_use]
    pub fn encoded(&self) -> EncodedUnit {
        let text = encode(self.0.as_bytes());
        if text.len() <= EncodedUnit::MAX_BYTES {
            return EncodedUnit(text);
        }
        let mut end = EncodedUnit::MAX_BYTES - 1 - EncodedUnit::DIGITS;
        // An escape is not cut in two.
        if let Some(escape) = text[..end].rfind('%').filter(|escape| escape + 3 > end) {
            end = escape;
        }
        let digest = Sha256::digest(self.0.as_bytes());
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        EncodedUnit(format!("{}~{}", &text[..end], &hex[..EncodedUnit::DIGITS]))
    }
}

/// What a job or a backup is of, for people.
#[must_use]
pub fn unit_label(target: &TargetName, unit: Option<&UnitName>) -> String {
    unit.map_or_else(|| target.to_string(), |unit| format!("{target}, unit {unit}"))
}

/// Percent-encoding; a dot in front would hide the name.
fn encode(name: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let text = percent_encode(name, plain);
    match text.strip_prefix('.') {
        Some(rest) => format!("%2E{rest}"),
        None => text,
    }
}

impl EncodedUnit {
    /// The longest encoded name, in bytes.
    pub const MAX_BYTES: usize = 100;
    /// Hex digits of the hash in a name that was cut.
    const DIGITS: usize = 32;

    /// Reads a component; `None`: no unit is encoded so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let encoded = Self(text.to_owned());
        let is_ours = match encoded.name() {
            Some(name) => name.encoded() == encoded,
            None => encoded.is_cut(),
        };
        is_ours.then_some(encoded)
    }

    /// The name itself; `None`: it was cut, and stands in the unit's objects.
    #[must_use]
    pub fn name(&self) -> Option<UnitName> {
        if self.0.contains('~') {
            return None;
        }
        let bytes = percent_decode(&self.0)?;
        UnitName::new(String::from_utf8(bytes).ok()?).ok()
    }

    /// Whether some long name is written like this.
    fn is_cut(&self) -> bool {
        let Some((prefix, digits)) = self.0.split_once('~') else { return false };
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        // An escape that did not fit has left up to two bytes of room.
        (Self::MAX_BYTES - 2..=Self::MAX_BYTES).contains(&self.0.len())
            && digits.len() == Self::DIGITS
            && digits.bytes().all(is_hex)
            && percent_decode(prefix).is_some_and(|bytes| encode(&bytes) == prefix)
    }

    /// The component.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Beside control characters, which move a terminal's cursor: what breaks a line, turns the direction of
/// the text around it, or is not seen at all (Unicode 15, general categories Cf, Zl, Zp).
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
        | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0001}'..='\u{e007f}')
}

/// For people: what a terminal would act on is escaped. [`UnitName::as_str`] is the name itself.
impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c.is_control() || is_invisible(c) {
            true => write!(f, "{}", c.escape_default()),
            false => write!(f, "{c}"),
        })
    }
}

impl fmt::Display for EncodedUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for UnitName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

impl From<UnitName> for String {
    fn from(name: UnitName) -> String {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn encoded(text: &str) -> String {
        UnitName::new(text).unwrap().encoded().as_str().to_owned()
    }

    #[test]
    fn names_of_any_kind() {
        for (text, wanted) in [
            ("sales", "sales"),
            ("Sales_2026-11.x", "Sales_2026-11.x"),
            (".hidden", "%2Ehidden"),
            ("..", "%2E."),
            ("a/b", "a%2Fb"),
            ("a@b~c", "a%40b%7Ec"),
            ("größe", "gr%C3%B6%C3%9Fe"),
            ("50%", "50%25"),
            ("tab\there", "tab%09here"),
            ("dc=example,dc=com", "dc%3Dexample%2Cdc%3Dcom"),
        ] {
            assert_eq!(encoded(text), wanted);
            let parsed = EncodedUnit::parse(wanted).unwrap();
            assert_eq!(parsed.name().unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_terminal_is_not_steered_by_a_name() {
        for (text, printed) in [
            ("a\x1b[2Jb", r"a\u{1b}[2Jb"),
            ("a\nb\rc\td", r"a\nb\rc\td"),
            ("a\u{9b}2J", r"a\u{9b}2J"),
            ("sales\u{202e}gpj", r"sales\u{202e}gpj"),
            ("a\u{2028}b\u{200b}c\u{feff}", r"a\u{2028}b\u{200b}c\u{feff}"),
            ("größe 数据 🗄 'x' \"y\" C:\\d", "größe 数据 🗄 'x' \"y\" C:\\d"),
        ] {
            let name = UnitName::new(text).unwrap();
            assert_eq!(name.to_string(), printed);
            assert_eq!(serde_json::to_value(&name).unwrap(), text, "as it is in JSON");
        }
    }

    #[test]
    fn what_is_not_a_name_is_refused() {
        for bad in ["", "a\0b", &"x".repeat(129)] {
            assert!(UnitName::new(bad).is_err(), "{bad:?}");
        }
        UnitName::new("ü".repeat(128)).unwrap();
        let digits = "0".repeat(32);
        assert!(EncodedUnit::parse(&format!("{}~{digits}", "x".repeat(67))).is_some());
        for bad in [
            "",
            ".x",
            "a/b",
            "%zz",
            "%41",
            "%2f",
            "a~b",
            "a b",
            "x~0123",
            &"x".repeat(101),
            &format!("x~{digits}"),
            &format!("{}%c3~{digits}", "x".repeat(64)),
            &format!(".{}~{digits}", "x".repeat(66)),
            &format!("{}~{digits}", "x".repeat(68)),
            &format!("{}~{}", "x".repeat(67), "A".repeat(32)),
        ] {
            assert_eq!(EncodedUnit::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn long_names_are_cut_between_escapes_and_told_apart() {
        // Lengths of plain text in front move the cut through the escapes.
        for plain in 0..6 {
            let name = format!("{}{}", "x".repeat(plain), "ü".repeat(60));
            let (one, other) = (encoded(&format!("{name}a")), encoded(&format!("{name}b")));
            assert_ne!(one, other);
            assert!(one.len() <= EncodedUnit::MAX_BYTES, "{one}");
            let (prefix, digits) = one.split_once('~').unwrap();
            assert_eq!(digits.len(), 32);
            assert!(percent_decode(prefix).is_some(), "an escape was cut in {prefix}");
            let parsed = EncodedUnit::parse(&one).unwrap();
            assert_eq!(parsed.name(), None);
        }
        assert_eq!(encoded(&"x".repeat(100)), "x".repeat(100));
        // As `printf %s NAME | sha256sum` has it.
        let digits = "c675a2e604b0cd1229c036e3ce0c8742";
        assert_eq!(encoded(&"x".repeat(101)), format!("{}~{digits}", "x".repeat(67)));
    }

    /// All short texts over an alphabet of what is special.
    #[test]
    fn no_two_names_are_encoded_alike() {
        let alphabet = ['a', 'A', '.', '%', '~', '/', '2', 'E', 'ü', ' '];
        let mut seen = BTreeMap::new();
        let mut texts = vec![String::new()];
        for _ in 0..4 {
            texts = texts
                .iter()
                .flat_map(|text| alphabet.iter().map(move |c| format!("{text}{c}")))
                .collect();
            for text in &texts {
                let name = UnitName::new(text.as_str()).unwrap();
                let encoded = name.encoded();
                assert!(!encoded.as_str().starts_with('.') && !encoded.as_str().contains('/'));
                assert_eq!(EncodedUnit::parse(encoded.as_str()).unwrap().name(), Some(name));
                let other = seen.insert(encoded, text.clone());
                assert_eq!(other, None, "{text:?}");
            }
        }
    }

    /// Numbers that look random, the same in each run.
    fn random(state: &mut u64) -> usize {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        usize::try_from(*state >> 33).unwrap()
    }

    /// Names of every length, of characters of one to four bytes, plain and not.
    #[test]
    fn names_of_every_length_have_a_place_of_their_own() {
        let (state, mut seen) = (&mut 0x5ea_3a11_u64, BTreeMap::new());
        for round in 0..5_000 {
            let length = 1 + random(state) % UnitName::MAX_CHARS;
            let plain = random(state) % 4;
            let text: String = (0..length)
                .map(|_| match (random(state) % 4 < plain, random(state)) {
                    (true, number) => char::from(b'a' + u8::try_from(number % 26).unwrap()),
                    (false, number) => {
                        char::from_u32(1 + u32::try_from(number % 0x1_0000).unwrap())
                            .unwrap_or('\u{10ffff}')
                    }
                })
                .collect();
            let name = UnitName::new(text.as_str()).unwrap();
            let encoded = name.encoded();
            let text_on_disk = encoded.as_str();
            assert!(text_on_disk.len() <= EncodedUnit::MAX_BYTES, "{round}: {text:?}");
            assert!(text_on_disk.is_ascii() && !text_on_disk.starts_with('.'), "{round}: {text:?}");
            let parsed = EncodedUnit::parse(text_on_disk).unwrap();
            match parsed.name() {
                Some(read) => assert_eq!(read, name, "{round}"),
                None => {
                    let (prefix, digits) = text_on_disk.split_once('~').unwrap();
                    assert_eq!(digits.len(), EncodedUnit::DIGITS, "{round}");
                    let prefix = percent_decode(prefix).unwrap();
                    assert!(text.as_bytes().starts_with(&prefix), "{round}: {text:?}");
                    // As much of the name as there is room for.
                    assert!(text_on_disk.len() > EncodedUnit::MAX_BYTES - 3, "{round}: {text:?}");
                }
            }
            if let Some(other) = seen.insert(encoded, name.clone()) {
                assert_eq!(other, name, "{round}");
            }
        }
    }

    /// Whatever a directory is called: it is read as the one name that is written like that, or not at
    /// all.
    #[test]
    fn any_component_is_read_or_refused() {
        let alphabet = b"a.%~2Ef/@\x00";
        let state = &mut 0x5ea_3a11_u64;
        let (mut read, mut cut) = (0, 0);
        for _ in 0..20_000 {
            let mut text: Vec<u8> = match random(state) % 3 {
                // Something that was written, with a byte or two changed.
                0 => {
                    let long = "ü".repeat(random(state) % 40) + &"x".repeat(1 + random(state) % 80);
                    encoded(&long).into_bytes()
                }
                _ => (0..random(state) % 12)
                    .map(|_| alphabet[random(state) % alphabet.len()])
                    .collect(),
            };
            for _ in 0..random(state) % 3 {
                if !text.is_empty() {
                    let at = random(state) % text.len();
                    text[at] = alphabet[random(state) % alphabet.len()];
                }
            }
            let Ok(text) = String::from_utf8(text) else { continue };
            let Some(parsed) = EncodedUnit::parse(&text) else { continue };
            assert_eq!(parsed.as_str(), text);
            match parsed.name() {
                Some(name) => assert_eq!((name.encoded(), read += 1), (parsed, ())),
                None => {
                    assert!(!text.contains(['/', '\0', '@']) && !text.starts_with('.'), "{text:?}");
                    cut += 1;
                }
            }
        }
        assert!(read > 500 && cut > 500, "{read} {cut}");
    }
}
