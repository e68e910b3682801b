//! Names and values of a link.

use std::collections::BTreeMap;

/// A map of words.
pub(crate) fn words<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
