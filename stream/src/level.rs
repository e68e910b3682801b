//! Backup levels.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How much of the server's data a link carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// All data; restores alone.
    Full,
    /// What changed since the last full.
    Differential,
    /// What changed since the last link of data.
    Incremental,
    /// Only log: no data at all.
    Log,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Differential => "differential",
            Self::Incremental => "incremental",
            Self::Log => "log",
        })
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "full" => Ok(Self::Full),
            "differential" | "diff" => Ok(Self::Differential),
            "incremental" | "incr" => Ok(Self::Incremental),
            "log" => Ok(Self::Log),
            other => Err(format!("{other:?} is no level: full, differential, incremental, log")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_are_accepted_and_others_refused() {
        assert_eq!("incr".parse(), Ok(Level::Incremental));
        assert_eq!("diff".parse(), Ok(Level::Differential));
        assert!("Full".parse::<Level>().is_err());
    }
}
