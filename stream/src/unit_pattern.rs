//! Patterns of unit names, as operators write them: `sales`, `customer_*`, `a\*b`.

use crate::UnitName;
use errors::{Error, Kind, Result as Checked};
use std::fmt;
use std::str::FromStr;

/// A pattern: `*` stands for any characters, `?` for one, `[a-z]` and `[!a-z]` for one of a set; a
/// backslash takes the next character as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitPattern {
    text: String,
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Char(char),
    Any,
    One,
    Set { is_negated: bool, ranges: Vec<(char, char)> },
}

impl FromStr for UnitPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut tokens = Vec::new();
        let mut chars = text.chars();
        while let Some(next) = chars.next() {
            tokens.push(match next {
                '*' => Token::Any,
                '?' => Token::One,
                '[' => set(&mut chars).ok_or_else(|| format!("{text:?} has a [ without its ]"))?,
                '\\' => {
                    let escaped = chars.next();
                    Token::Char(escaped.ok_or_else(|| format!("{text:?} ends with a backslash"))?)
                }
                plain => Token::Char(plain),
            });
        }
        if tokens.is_empty() {
            return Err("a unit's name is not empty".to_owned());
        }
        Ok(Self { text: text.to_owned(), tokens })
    }
}

/// The rest of a set, behind its bracket.
fn set(chars: &mut std::str::Chars<'_>) -> Option<Token> {
    let mut ranges = Vec::new();
    let mut rest = chars.clone();
    let is_negated = matches!(rest.clone().next(), Some('!' | '^'));
    if is_negated {
        rest.next();
    }
    loop {
        let first = match rest.next()? {
            ']' if !ranges.is_empty() => break,
            '\\' => rest.next()?,
            plain => plain,
        };
        let mut ahead = rest.clone();
        let last = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) if last != ']' => {
                rest = ahead;
                last
            }
            _ => first,
        };
        ranges.push((first, last));
    }
    *chars = rest;
    Some(Token::Set { is_negated, ranges })
}

impl UnitPattern {
    /// Whether a name fits, from its first character to its last.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        // Where matching goes on when the characters behind the last `*` do not fit.
        let mut retry = None;
        let (mut token, mut at) = (0, 0);
        loop {
            match self.tokens.get(token) {
                Some(Token::Any) => {
                    retry = Some((token + 1, at));
                    token += 1;
                    continue;
                }
                None if at == name.len() => return true,
                Some(one) if name.get(at).is_some_and(|c| one.fits(*c)) => {
                    token += 1;
                    at += 1;
                    continue;
                }
                _ => {}
            }
            match retry {
                Some((next, from)) if from < name.len() => {
                    retry = Some((next, from + 1));
                    (token, at) = (next, from + 1);
                }
                _ => return false,
            }
        }
    }
}

/// Those whose names fit one of the patterns, in their order; all where there is no pattern.
///
/// # Errors
/// `not-found`: a pattern fits nothing.
pub fn choose_units<T>(
    all: Vec<T>,
    patterns: &[UnitPattern],
    name: impl Fn(&T) -> Option<&UnitName>,
) -> Checked<Vec<T>> {
    if patterns.is_empty() {
        return Ok(all);
    }
    let fits = |pattern: &UnitPattern, one: &T| {
        name(one).is_some_and(|name| pattern.matches(name.as_str()))
    };
    if let Some(pattern) = patterns.iter().find(|pattern| !all.iter().any(|one| fits(pattern, one)))
    {
        let names: Vec<String> = all.iter().filter_map(&name).map(ToString::to_string).collect();
        let error = Error::new(Kind::NotFound, format!("no unit is called {pattern}"));
        return Err(match names.is_empty() {
            true => error.hint("The target is one unit: name none."),
            false => error.hint(format!("Its units: {}.", names.join(", "))),
        });
    }
    Ok(all.into_iter().filter(|one| patterns.iter().any(|pattern| fits(pattern, one))).collect())
}

impl Token {
    fn fits(&self, c: char) -> bool {
        match self {
            Self::Char(wanted) => *wanted == c,
            Self::One => true,
            Self::Any => false,
            Self::Set { is_negated, ranges } => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&c)) != *is_negated
            }
        }
    }
}

impl fmt::Display for UnitPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_as_shells_have_them() {
        for (pattern, fitting, other) in [
            ("sales", &["sales"][..], &["sale", "sales2", ""][..]),
            ("s*", &["s", "sales"], &["asales"]),
            ("*a*b", &["ab", "xaybb", "aab"], &["ba", "abc"]),
            ("a?c", &["abc", "aüc"], &["ac", "abbc"]),
            ("[a-c]x[!0-9]", &["ax_", "cxx"], &["dx_", "ax7"]),
            ("[]]", &["]"], &["["]),
            ("[a-]", &["a", "-"], &["b"]),
            (r"a\*b\?\[\\", &[r"a*b?[\"], &["axb?["]),
            ("*", &["anything", "ü"], &[]),
        ] {
            let parsed: UnitPattern = pattern.parse().unwrap();
            assert!(fitting.iter().all(|name| parsed.matches(name)), "{pattern}");
            assert!(!other.iter().any(|name| parsed.matches(name)), "{pattern}");
        }
    }

    #[test]
    fn what_cannot_be_a_pattern_is_refused() {
        for bad in ["", "[abc", r"a\", "[!"] {
            assert!(bad.parse::<UnitPattern>().is_err(), "{bad}");
        }
    }

    #[test]
    fn many_stars_take_no_longer_than_few() {
        let pattern: UnitPattern = format!("{}b", "*a".repeat(40)).parse().unwrap();
        assert!(!pattern.matches(&"a".repeat(5000)));
    }

    fn chosen(names: &[&str], patterns: &[&str]) -> Checked<Vec<String>> {
        let units = names.iter().map(|name| UnitName::new(*name).unwrap()).collect();
        let patterns: Vec<UnitPattern> =
            patterns.iter().map(|text| text.parse().unwrap()).collect();
        let chosen = choose_units(units, &patterns, |name: &UnitName| Some(name))?;
        Ok(chosen.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn each_pattern_must_fit_something() {
        assert_eq!(chosen(&["a", "b"], &[]).unwrap(), ["a", "b"]);
        assert_eq!(chosen(&["a1", "b", "a2"], &["b", "a*"]).unwrap(), ["a1", "b", "a2"]);
        let error = chosen(&["a", "b"], &["a", "c*"]).unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::NotFound, "no unit is called c*"));
        assert_eq!(error.hints(), ["Its units: a, b."]);
    }
}
