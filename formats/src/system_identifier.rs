//! The number that tells one PostgreSQL cluster from every other.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text;

/// A cluster's identity, made by `initdb` and kept in pg_control and in every WAL segment.
///
/// It is text in JSON: 64 bits do not survive readers that hold numbers as floating point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemIdentifier(u64);

/// The text is no system identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a system identifier is a decimal number of 64 bits")]
pub struct SystemIdentifierError;

impl SystemIdentifier {
    /// Takes the number as the server reports it.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for SystemIdentifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

impl FromStr for SystemIdentifier {
    type Err = SystemIdentifierError;

    fn from_str(text: &str) -> Result<Self, SystemIdentifierError> {
        text::decimal(text).map(Self).ok_or(SystemIdentifierError)
    }
}

impl Serialize for SystemIdentifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SystemIdentifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_bit() {
        let identifier: SystemIdentifier = "7710244329930217866".parse().unwrap();
        assert_eq!(identifier, SystemIdentifier::new(7_710_244_329_930_217_866));
        assert_eq!(identifier.get(), 7_710_244_329_930_217_866);
        let json = serde_json::to_string(&identifier).unwrap();
        assert_eq!(json, "\"7710244329930217866\"");
        assert_eq!(serde_json::from_str::<SystemIdentifier>(&json).unwrap(), identifier);
        assert!(serde_json::from_str::<SystemIdentifier>("7710244329930217866").is_err());
        assert_eq!("18446744073709551616".parse::<SystemIdentifier>(), Err(SystemIdentifierError));
    }
}
