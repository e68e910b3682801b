//! Positions in an engine's own log: they name and sort, and only the engine compares them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A number with a printed width: 20 digits for most engines, 25 for SQL Server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    value: u128,
    width: u8,
}

impl Position {
    /// The width of an engine whose positions fit into 64 bits.
    pub const WIDTH: u8 = 20;
    /// No engine's positions are wider.
    pub const MAX_WIDTH: u8 = 39;

    /// A position of 20 digits.
    #[must_use]
    pub fn new(value: u64) -> Self {
        Self { value: value.into(), width: Self::WIDTH }
    }

    /// A position printed with `width` digits; `None` where it does not fit.
    #[must_use]
    pub fn wide(value: u128, width: u8) -> Option<Self> {
        let fits = width <= Self::MAX_WIDTH && value.to_string().len() <= usize::from(width);
        fits.then_some(Self { value, width })
    }

    /// The number.
    #[must_use]
    pub fn value(self) -> u128 {
        self.value
    }

    /// Reads digits; their count is the width.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let width = u8::try_from(digits.len()).ok()?;
        let value = digits.parse().ok()?;
        all_digits.then(|| Self::wide(value, width)).flatten()
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.value, width = usize::from(self.width))
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        Self::parse(&digits)
            .ok_or_else(|| serde::de::Error::custom(format!("not a position: {digits:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_is_kept() {
        let position = Position::new(10_129_154);
        assert_eq!(position.to_string(), "00000000000010129154");
        assert_eq!(Position::parse("00000000000010129154"), Some(position));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for bad in ["", "-1", "+1", "12a", &"9".repeat(40)] {
            assert_eq!(Position::parse(bad), None, "{bad:?}");
        }
        assert_eq!(Position::wide(1000, 3), None);
    }
}
