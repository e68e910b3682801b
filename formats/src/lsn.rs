//! Log sequence numbers: byte positions in a cluster's write-ahead log.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text;

/// A byte position in the write-ahead log (`XLogRecPtr`).
///
/// Printed as two hexadecimal halves, `0/2000028`. Server 19 pads the second half to eight digits,
/// so positions are compared as values and never as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(pub u64);

/// The text is no log sequence number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no log sequence number (two hexadecimal halves, such as 0/2000028)")]
pub struct LsnError {
    text: String,
}

impl Lsn {
    /// Zero, which servers use for "none": no record begins there (`InvalidXLogRecPtr`).
    pub const INVALID: Self = Self(0);

    /// Whether the position is not [`Lsn::INVALID`].
    pub const fn is_valid(self) -> bool {
        self.0 != 0
    }

    /// The position `bytes` further on, or `None` past the end of all positions.
    pub fn checked_add(self, bytes: u64) -> Option<Self> {
        self.0.checked_add(bytes).map(Self)
    }

    /// The position as 20 decimal digits, so that names sort as positions do.
    pub fn position20(self) -> String {
        format!("{:020}", self.0)
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF)
    }
}

impl FromStr for Lsn {
    type Err = LsnError;

    /// Reads every server's spelling: one to eight hexadecimal digits of either case on each side.
    fn from_str(text: &str) -> Result<Self, LsnError> {
        text.split_once('/')
            .and_then(|(high, low)| {
                Some(Self(u64::from(half(high)?) << 32 | u64::from(half(low)?)))
            })
            .ok_or_else(|| LsnError { text: text.chars().take(40).collect() })
    }
}

fn half(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits && text.len() <= 8 { u32::from_str_radix(text, 16).ok() } else { None }
}

impl Serialize for Lsn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Lsn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_spelling() {
        for text in ["0/2000028", "0/02000028", "00000000/02000028"] {
            assert_eq!(text.parse(), Ok(Lsn(0x0200_0028)), "{text}");
        }
        assert_eq!("1a/Ff".parse(), Ok(Lsn(0x1A_0000_00FF)));
        assert_eq!("FFFFFFFF/FFFFFFFF".parse(), Ok(Lsn(u64::MAX)));
        assert_eq!("0/0".parse(), Ok(Lsn::INVALID));
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "/",
            "0/",
            "/0",
            "0",
            "0/0/0",
            "+1/0",
            "0/-1",
            " 0/1",
            "0/1 ",
            "0x0/1",
            "0/G",
            "000000000/1",
            "0/100000000",
        ] {
            assert!(text.parse::<Lsn>().is_err(), "{text:?}");
        }
        let long = "9".repeat(5000).parse::<Lsn>().unwrap_err();
        assert!(long.to_string().len() < 150, "an error does not carry a whole file");
    }

    #[test]
    fn prints_as_servers_do() {
        assert_eq!(Lsn(0x0200_0028).to_string(), "0/2000028");
        assert_eq!(Lsn(0x1A_0000_00FF).to_string(), "1A/FF");
        assert_eq!(Lsn(10_129_154).position20(), "00000000000010129154");
        assert_eq!(Lsn(u64::MAX).position20(), "18446744073709551615");
        assert_eq!(Lsn(1).checked_add(2), Some(Lsn(3)));
        assert_eq!(Lsn(1).checked_add(u64::MAX), None);
        assert!(Lsn(1).is_valid() && !Lsn::INVALID.is_valid());
    }

    #[test]
    fn is_text_in_json() {
        let json = serde_json::to_string(&Lsn(0x0200_0028)).unwrap();
        assert_eq!(json, "\"0/2000028\"");
        assert_eq!(serde_json::from_str::<Lsn>(&json).unwrap(), Lsn(0x0200_0028));
        assert!(serde_json::from_str::<Lsn>("33554472").is_err());
    }
}
