//! How engines put things into words that outlive them: in links, plans and answers.

use chrono::{DateTime, SecondsFormat, TimeZone};
use std::collections::BTreeMap;
use std::fmt::Display;

/// Names and values, for a link.
#[must_use]
pub fn words<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A time with all its digits, as the options take it.
#[must_use]
pub fn exact_time<Z: TimeZone>(time: &DateTime<Z>) -> String
where
    Z::Offset: Display,
{
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
