//! Sealed documents: JSON objects that notice every change to their own bytes.
//!
//! The last member of the object is `"sha256"`, the digest of all bytes before the comma in front
//! of it, and the closing bytes have one spelling:
//!
//! ```text
//! {"any":"members",
//! "sha256":"<64 lower-case hexadecimal digits>"}
//! ```
//!
//! So a document stays plain JSON for everyone, while a flipped, added or missing byte is found.
//! The seal is no signature: who can write a document can seal it.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use sha2::{Digest, Sha256};

use crate::text;

/// The member's name.
const MEMBER: &str = "sha256";

/// What stands between the sealed bytes and the digits.
const BEFORE_DIGITS: &str = ",\n\"sha256\":\"";

/// What closes the document.
const AFTER_DIGITS: &str = "\"}\n";

/// Digits of a SHA-256.
const DIGITS: usize = 64;

/// Why a document cannot be sealed, or is not the one that was sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// The document does not end with a seal: it was cut, added to, or never sealed.
    #[error("the document does not end with its seal")]
    NoSeal,
    /// The document was changed after it was sealed.
    #[error("the document does not match its seal")]
    Mismatch,
    /// Only a JSON object with members, none of them called `sha256`, can be sealed.
    #[error("the document is no JSON object that can be sealed: {reason}")]
    Object {
        /// What is wrong.
        reason: String,
    },
}

/// Seals a JSON object. White space around it, and before its closing brace, is dropped.
///
/// # Errors
///
/// Where the text is no JSON object, has no members, or one called `sha256`.
pub fn seal(json_object_text: &str) -> Result<String, SealedError> {
    let object = json_object_text.trim_ascii();
    check_members(object)?;
    let Some(members) = object.strip_suffix('}').map(str::trim_ascii_end) else {
        return Err(SealedError::Object { reason: "it does not end with a brace".to_owned() });
    };
    let digits = text::to_hex(&Sha256::digest(members));
    Ok(format!("{members}{BEFORE_DIGITS}{digits}{AFTER_DIGITS}"))
}

/// Checks the seal and returns the whole document, seal included, which is JSON.
///
/// # Errors
///
/// Where the bytes are not exactly what [`seal`] returned.
pub fn open(bytes: &[u8]) -> Result<&str, SealedError> {
    let (members, digits) = divide(bytes).ok_or(SealedError::NoSeal)?;
    if text::lower_hex_digest(digits) != Some(<[u8; 32]>::from(Sha256::digest(members))) {
        return Err(SealedError::Mismatch);
    }
    let reason = |reason: &str| SealedError::Object { reason: reason.to_owned() };
    let members = str::from_utf8(members).map_err(|_| reason("it is not UTF-8"))?;
    check_members(&format!("{members}}}"))?;
    if members.trim_ascii() != members {
        return Err(reason("white space stands around it"));
    }
    // Before the digits there is ASCII only, so the whole is UTF-8 if the members are.
    str::from_utf8(bytes).map_err(|_| reason("it is not UTF-8"))
}

/// The sealed bytes, and the digits of their digest.
fn divide(bytes: &[u8]) -> Option<(&[u8], &str)> {
    let rest = bytes.strip_suffix(AFTER_DIGITS.as_bytes())?;
    let (rest, digits) = rest.split_at_checked(rest.len().checked_sub(DIGITS)?)?;
    Some((rest.strip_suffix(BEFORE_DIGITS.as_bytes())?, str::from_utf8(digits).ok()?))
}

fn check_members(object: &str) -> Result<(), SealedError> {
    match serde_json::from_str::<Members>(object) {
        Ok(Members) => Ok(()),
        Err(error) => Err(SealedError::Object { reason: error.to_string() }),
    }
}

/// A JSON object that has members, none of them the seal's. Nothing of it is kept.
struct Members;

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self)
    }
}

impl<'de> Visitor<'de> for Members {
    type Value = Self;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        use serde::de::Error as _;

        let mut empty = true;
        while let Some((name, IgnoredAny)) = map.next_entry::<String, _>()? {
            if name == MEMBER {
                return Err(A::Error::custom("it has a member sha256 already"));
            }
            empty = false;
        }
        if empty { Err(A::Error::custom("it has no members")) } else { Ok(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = r#"{"seawall":"link","paths":["grüße","a\"}"],"n":1}"#;

    fn refused(text: &str) -> String {
        match seal(text) {
            Err(SealedError::Object { reason }) => reason,
            other => panic!("{text:?}: {other:?}"),
        }
    }

    #[test]
    fn a_sealed_document_is_json_with_one_more_member() {
        let sealed = seal(OBJECT).unwrap();
        let (members, _) = OBJECT.rsplit_once('}').unwrap();
        let digits = text::to_hex(&Sha256::digest(members));
        assert_eq!(sealed, format!("{members},\n\"sha256\":\"{digits}\"}}\n"));
        assert_eq!(open(sealed.as_bytes()), Ok(sealed.as_str()));
        let json: serde_json::Value = serde_json::from_str(&sealed).unwrap();
        assert_eq!((json["n"].as_u64(), json["sha256"].as_str()), (Some(1), Some(digits.as_str())));
    }

    #[test]
    fn every_changed_byte_is_refused() {
        let good = seal(OBJECT).unwrap().into_bytes();
        for at in 0..good.len() {
            for byte in 0..=u8::MAX {
                let mut bad = good.clone();
                bad[at] = byte;
                assert_eq!(open(&bad).is_ok(), byte == good[at], "byte {at} as {byte}");
            }
        }
    }

    #[test]
    fn every_missing_or_added_byte_is_refused() {
        let good = seal(OBJECT).unwrap().into_bytes();
        for at in 0..=good.len() {
            let (before, after) = good.split_at(at);
            for byte in 0..=u8::MAX {
                let longer = [before, &[byte], after].concat();
                assert!(open(&longer).is_err(), "{byte} added at {at}");
            }
            if let Some((_, after)) = after.split_first() {
                // The same byte may stand there twice; then either one is missing.
                assert!(open(&[before, after].concat()).is_err(), "byte {at} missing");
                assert!(open(before).is_err(), "cut at {at}");
            }
        }
    }

    #[test]
    fn space_outside_is_dropped() {
        let sealed = seal("{\"a\":1}").unwrap();
        assert_eq!(seal(" \n{\"a\":1 \n} \n"), Ok(sealed.clone()));
        // Someone who computes the digest over such space makes another document.
        for members in [" {\"a\":1", "{\"a\":1 "] {
            let digits = text::to_hex(&Sha256::digest(members));
            let other = format!("{members}{BEFORE_DIGITS}{digits}{AFTER_DIGITS}");
            assert!(matches!(open(other.as_bytes()), Err(SealedError::Object { .. })), "{other}");
        }
    }

    #[test]
    fn only_objects_can_be_sealed() {
        assert!(refused("{}").starts_with("it has no members"));
        assert!(refused(r#"{"a":1,"sha256":"x"}"#).starts_with("it has a member sha256 already"));
        assert!(refused(r#"{"\u0073ha256":1}"#).starts_with("it has a member sha256 already"));
        assert!(refused("[1]").contains("expected an object"));
        for text in ["", "1", "{\"a\":1", "{\"a\":1}}", "{\"a\":1}{\"b\":1}", "{\"a\":1,}"] {
            refused(text);
        }
    }

    #[test]
    fn tells_damage_from_a_missing_seal() {
        let sealed = seal(OBJECT).unwrap();
        assert_eq!(open(OBJECT.as_bytes()), Err(SealedError::NoSeal));
        assert_eq!(open(b""), Err(SealedError::NoSeal));
        assert_eq!(open(sealed.trim_end().as_bytes()), Err(SealedError::NoSeal));
        assert_eq!(open(sealed.replace("link", "lünk").as_bytes()), Err(SealedError::Mismatch));
    }
}
