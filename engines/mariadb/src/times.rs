//! Times, as operators give them back to us.

use chrono::{DateTime, SecondsFormat, Utc};

/// Exactly, so that it can be used as a target.
pub(crate) fn print(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
