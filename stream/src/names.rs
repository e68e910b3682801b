//! Names that become parts of object keys, of trees, or of configuration.

use crate::{Position, percent_encode};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidName(pub(crate) String);

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidName {}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

/// `[A-Za-z0-9._-]` and percent-escapes, 1 to 64 characters, no dot in front.
fn check(what: &str, text: &str) -> Result<(), InvalidName> {
    let plain = text.bytes().all(|byte| is_name_byte(byte) || byte == b'%');
    if plain && (1..=64).contains(&text.len()) && !text.starts_with('.') {
        return Ok(());
    }
    Err(InvalidName(format!(
        "{text:?} is no {what}: 1 to 64 of A-Z a-z 0-9 . _ - with no dot in front"
    )))
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks `text`.
            ///
            /// # Errors
            /// Anything but 1 to 64 of `[A-Za-z0-9._-]` and percent-escapes.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidName> {
                let text = text.into();
                check($what, &text).map(|()| Self(text))
            }

            /// Makes a name of any text: what a name may not hold is percent-encoded.
            ///
            /// # Errors
            /// The encoded text is empty or longer than 64 characters.
            pub fn encode(text: &str) -> Result<Self, InvalidName> {
                Self::new(percent_encode(text.as_bytes(), is_name_byte))
            }

            /// The name's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
    };
}

name_type! {
    /// A configured database: a server, an instance, a directory.
    TargetName "target name"
}
name_type! {
    /// A tree of virtual files; the link maps it to its original absolute path.
    RootName "root name"
}

/// The label of a job: the daemon's number, or the second in which the job began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(u64);

impl JobId {
    /// A job's label from a number.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self(number)
    }

    /// The label after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Reads 10 or more digits, as printed.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        let id = Self(digits.parse().ok()?);
        // Only the printed form: "+1" and missing zeros would make two names for one job.
        (id.to_string() == digits).then_some(id)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}", self.0)
    }
}

/// `<from>_<to>_<jobid>`: the name of a link's object and of its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkName {
    /// Where the link's range begins.
    pub from: Position,
    /// Where it is consistent.
    pub to: Position,
    /// The job that made it; the other two may repeat.
    pub job: JobId,
}

impl LinkName {
    /// Reads the three parts.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('_');
        let from = Position::parse(parts.next()?)?;
        let to = Position::parse(parts.next()?)?;
        let job = JobId::parse(parts.next()?)?;
        parts.next().is_none().then_some(Self { from, to, job })
    }
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}_{}", self.from, self.to, self.job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_their_place_are_refused() {
        for bad in ["", ".", "..", "a/b", ".hidden", "a b", "ü", &"x".repeat(65)] {
            assert!(TargetName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_socket_path_becomes_a_name() {
        let name = TargetName::encode("postgresql-/run/pg 1-5432").unwrap();
        assert_eq!(name.as_str(), "postgresql-%2Frun%2Fpg%201-5432");
    }

    #[test]
    fn link_names_print_as_the_design_has_them() {
        let text = "00000000000000000000_00000000000010129154_0000000604";
        assert_eq!(LinkName::parse(text).unwrap().to_string(), text);
        assert_eq!(LinkName::parse("0_1"), None);
        assert_eq!(LinkName::parse("0_1_604"), None);
    }
}
