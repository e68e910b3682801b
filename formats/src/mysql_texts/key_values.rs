//! Lines of `key = value`.

use std::collections::BTreeMap;

use super::MysqlTextError;
use crate::text::decimal;

/// Longest text that is read, in bytes; a GTID set of thousands of servers fits.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// The values of a text by key, without blanks around them. A line that is no `key = value` goes on
/// with the value before it: a MySQL GTID set of several servers holds line breaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyValues(BTreeMap<String, String>);

/// Why a text is not made of keys and values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It is longer than any that is written.
    #[error("it has {bytes} bytes, more than {TEXT_BYTES_MAX}")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// It begins with something else than a key.
    #[error("line {line} has no key and no value")]
    Line {
        /// The line, counted from 1.
        line: usize,
    },
    /// It says something twice, and which one holds is anybody's guess.
    #[error("line {line} gives {key} a second time")]
    Twice {
        /// The line, counted from 1.
        line: usize,
        /// The key.
        key: String,
    },
}

impl KeyValues {
    /// Reads the text; what is not UTF-8, such as a path in a command line, is replaced.
    ///
    /// # Errors
    ///
    /// For a text of more than a megabyte, without keys, or with a key twice.
    pub fn parse(bytes: &[u8]) -> Result<Self, TextError> {
        if bytes.len() > TEXT_BYTES_MAX {
            return Err(TextError::TooLong { bytes: bytes.len() });
        }
        let text = String::from_utf8_lossy(bytes);
        let mut values = BTreeMap::new();
        let mut last: Option<(String, String)> = None;
        for (number, line) in (1..).zip(text.lines()) {
            match (key_value(line), &mut last) {
                (Some((key, _)), _) if values.contains_key(key) => {
                    return Err(TextError::Twice { line: number, key: key.to_owned() });
                }
                (Some((key, value)), last) => {
                    if last.as_ref().is_some_and(|(before, _)| before == key) {
                        return Err(TextError::Twice { line: number, key: key.to_owned() });
                    }
                    values.extend(last.replace((key.to_owned(), value.to_owned())));
                }
                (None, Some((_, value))) => {
                    value.push('\n');
                    value.push_str(line.trim());
                }
                (None, None) if line.trim().is_empty() => {}
                (None, None) => return Err(TextError::Line { line: number }),
            }
        }
        values.extend(last);
        values.values_mut().for_each(|value| value.truncate(value.trim_end().len()));
        Ok(Self(values))
    }

    /// Takes a value away.
    pub fn take(&mut self, key: &str) -> Option<String> {
        self.0.remove(key)
    }

    /// What was not taken.
    pub fn into_rest(self) -> BTreeMap<String, String> {
        self.0
    }

    /// Takes a number away; nothing where the key is missing or its value is empty.
    pub(super) fn number(&mut self, key: &'static str) -> Result<Option<u64>, MysqlTextError> {
        let Some(value) = self.text(key) else { return Ok(None) };
        let wrong = |value| MysqlTextError::Value { key, value };
        decimal(&value).map(Some).ok_or_else(|| wrong(value))
    }

    /// Takes a text away; nothing where it is empty.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.take(key).filter(|value| !value.is_empty())
    }
}

/// Keys are words in small letters, so that lines of other things are not taken for theirs.
fn key_value(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let key = key.strip_suffix(' ')?;
    let is_word = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    let is_key = !key.is_empty() && key.bytes().all(is_word);
    is_key.then_some((key, value.trim()))
}
