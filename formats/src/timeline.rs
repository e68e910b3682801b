//! Timelines: the branches of a cluster's history, one begun by every promotion.

mod history;

use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

pub use history::{History, HistoryEntry, HistoryError, TimelineSpan};

/// A timeline's number (`TimeLineID`); the first is 1, and 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimelineId(NonZeroU32);

impl TimelineId {
    /// The timeline of that number, or `None` for 0.
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// Eight upper-case hexadecimal digits, as in the names of WAL files.
    pub fn hex8(self) -> String {
        format!("{:08X}", self.0)
    }
}

impl fmt::Display for TimelineId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_no_timeline() {
        assert_eq!(TimelineId::new(0), None);
        assert!(serde_json::from_str::<TimelineId>("0").is_err());
    }

    #[test]
    fn prints_decimal_and_names_hexadecimal() {
        let timeline = TimelineId::new(31).unwrap();
        assert_eq!(timeline.to_string(), "31");
        assert_eq!(timeline.hex8(), "0000001F");
        assert_eq!(serde_json::to_string(&timeline).unwrap(), "31");
        assert_eq!(serde_json::from_str::<TimelineId>("31").unwrap(), timeline);
    }
}
