//! Options: defined once per engine, checked when they are set.

use crate::{OptionKind, OptionSpec};
use errors::{Error, Kind, Result};
use std::collections::BTreeMap;
use std::fmt;

/// Values of an engine's options.
#[derive(Clone)]
pub struct Options {
    specs: &'static [OptionSpec],
    values: BTreeMap<&'static str, String>,
}

impl Options {
    /// No values: every option has its default.
    #[must_use]
    pub fn new(specs: &'static [OptionSpec]) -> Self {
        Self { specs, values: BTreeMap::new() }
    }

    /// The definition that a name or an alias stands for.
    #[must_use]
    pub fn spec(&self, name: &str) -> Option<&'static OptionSpec> {
        self.specs.iter().find(|spec| spec.name == name || spec.aliases.contains(&name))
    }

    /// Sets an option, by name or alias.
    ///
    /// # Errors
    /// The option is unknown, or the value is not of its kind.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let spec = self.spec(name).ok_or_else(|| unknown(self.specs, name))?;
        check(spec, value)?;
        self.values.insert(spec.name, value.to_owned());
        Ok(())
    }

    /// The value of an option, or its default.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let default = || self.spec(name).and_then(|spec| spec.default);
        self.values.get(name).map(String::as_str).or_else(default)
    }

    /// What to tell of options that are set and change nothing.
    pub fn unused(&self) -> impl Iterator<Item = String> {
        let set = self.values.keys().filter_map(|name| self.spec(name));
        set.filter_map(|spec| Some(format!("{} has no effect: {}", spec.name, spec.unused?)))
    }

    /// The values of a list, without empty ones.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<&str> {
        let values = self.text(name).unwrap_or_default().split(',').map(str::trim);
        values.filter(|value| !value.is_empty()).collect()
    }

    /// The value of a flag; absent is false.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.text(name).and_then(parse_flag).unwrap_or(false)
    }

    /// The value of a count.
    #[must_use]
    pub fn count(&self, name: &str) -> Option<u64> {
        self.text(name).and_then(|text| text.parse().ok())
    }

    /// The value of a size, in bytes.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<u64> {
        self.text(name).and_then(parse_bytes)
    }

    /// The value of a duration, in seconds.
    #[must_use]
    pub fn seconds(&self, name: &str) -> Option<u64> {
        self.text(name).and_then(parse_seconds)
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in &self.values {
            let secret = self.spec(name).is_none_or(|spec| spec.kind == OptionKind::Secret);
            map.entry(name, if secret { &"***" } else { value });
        }
        map.finish()
    }
}

fn unknown(specs: &[OptionSpec], name: &str) -> Error {
    let names: Vec<&str> = specs.iter().map(|spec| spec.name).collect();
    Error::new(Kind::Config, format!("unknown option {name:?}"))
        .hint(format!("Known options: {}.", names.join(", ")))
}

/// The value must be of the option's kind, and within its range.
fn check(spec: &OptionSpec, value: &str) -> Result<()> {
    check_kind(spec, value)?;
    let number = match spec.kind {
        OptionKind::Count => value.parse().ok(),
        OptionKind::Seconds => parse_seconds(value),
        OptionKind::Bytes => parse_bytes(value),
        _ => None,
    };
    let (Some((least, largest)), Some(number)) = (spec.range, number) else { return Ok(()) };
    if (least..=largest).contains(&number) {
        return Ok(());
    }
    let print = |number| {
        if spec.kind == OptionKind::Bytes { bytes_text(number) } else { number.to_string() }
    };
    let (least, largest) = (print(least), print(largest));
    let text = format!("option {} is {value}, but must be from {least} to {largest}", spec.name);
    Err(Error::new(Kind::Config, text))
}

/// Bytes as options are written, with the largest unit that leaves no rest.
fn bytes_text(bytes: u64) -> String {
    let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let exact = units.iter().find(|(_, shift)| bytes > 0 && bytes.trailing_zeros() >= *shift);
    exact.map_or_else(|| bytes.to_string(), |(unit, shift)| format!("{}{unit}", bytes >> shift))
}

fn check_kind(spec: &OptionSpec, value: &str) -> Result<()> {
    let wanted = match spec.kind {
        OptionKind::Text | OptionKind::List | OptionKind::Secret => return Ok(()),
        OptionKind::Path if value.starts_with('/') => return Ok(()),
        OptionKind::Flag if parse_flag(value).is_some() => return Ok(()),
        OptionKind::Count if value.parse::<u64>().is_ok_and(|number| number > 0) => return Ok(()),
        OptionKind::Seconds if parse_seconds(value).is_some() => return Ok(()),
        OptionKind::Bytes if parse_bytes(value).is_some() => return Ok(()),
        OptionKind::Choice(choices) if choices.contains(&value) => return Ok(()),
        OptionKind::Path => "an absolute path".to_owned(),
        OptionKind::Flag => "true or false".to_owned(),
        OptionKind::Count => "a number from 1".to_owned(),
        OptionKind::Seconds => "a duration such as 90, 15m or 2h".to_owned(),
        OptionKind::Bytes => "a size such as 1073741824, 64MiB or 1GiB".to_owned(),
        OptionKind::Choice(choices) => format!("one of {}", choices.join(", ")),
    };
    Err(Error::new(
        Kind::Config,
        format!("option {} is {value:?}, but must be {wanted}", spec.name),
    ))
}

fn parse_flag(text: &str) -> Option<bool> {
    let is_any = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match () {
        () if is_any(&["true", "yes", "on", "1"]) => Some(true),
        () if is_any(&["false", "no", "off", "0"]) => Some(false),
        () => None,
    }
}

fn parse_bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

fn parse_seconds(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let factor = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86400,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECS: &[OptionSpec] = &[
        OptionSpec {
            aliases: &["connect_timeout"],
            default: Some("10"),
            ..OptionSpec::new("connect_timeout_secs", OptionKind::Seconds, "")
        },
        OptionSpec {
            native_env: Some("PGPASSWORD"),
            ..OptionSpec::new("password", OptionKind::Secret, "")
        },
        OptionSpec {
            default: Some("true"),
            unused: Some("nobody asks"),
            ..OptionSpec::new("wait", OptionKind::Flag, "")
        },
    ];

    #[test]
    fn defaults_aliases_and_units() {
        let mut options = Options::new(SPECS);
        assert_eq!(options.seconds("connect_timeout_secs"), Some(10));
        options.set("connect_timeout", "2m").unwrap();
        assert_eq!(options.seconds("connect_timeout_secs"), Some(120));
        assert!(options.set("connect_timeout", "2 parsecs").is_err());
    }

    #[test]
    fn sizes_have_binary_units() {
        assert_eq!(parse_bytes("64MiB"), Some(64 << 20));
        assert_eq!(parse_bytes("7"), Some(7));
        for bad in ["", "MiB", "1MB", "1 GiB", "-1", "99999999999TiB"] {
            assert_eq!(parse_bytes(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn ranges_are_kept_and_told() {
        const RANGED: &[OptionSpec] = &[
            OptionSpec { range: Some((1, 19)), ..OptionSpec::new("level", OptionKind::Count, "") },
            OptionSpec {
                range: Some((128 << 20, 4 << 30)),
                ..OptionSpec::new("size", OptionKind::Bytes, "")
            },
        ];
        let mut options = Options::new(RANGED);
        options.set("level", "19").unwrap();
        options.set("size", "128MiB").unwrap();
        let told = |name, value| Options::new(RANGED).set(name, value).unwrap_err().line();
        assert_eq!(told("level", "20"), "option level is 20, but must be from 1 to 19");
        let wanted = "option size is 5GiB, but must be from 128MiB to 4GiB";
        assert_eq!(told("size", "5GiB"), wanted);
    }

    #[test]
    fn an_unknown_option_lists_the_known_ones() {
        let error = Options::new(SPECS).set("pasword", "x").unwrap_err();
        assert!(error.hints()[0].contains("connect_timeout_secs, password, wait"));
    }

    #[test]
    fn flags_are_read_in_any_case() {
        for (text, flag) in [("True", Some(true)), ("OFF", Some(false)), ("nO", Some(false))] {
            assert_eq!(parse_flag(text), flag, "{text}");
        }
        assert_eq!(parse_flag("truely").or(parse_flag("")), None);
    }

    #[test]
    fn only_what_is_set_is_told_to_be_without_effect() {
        let mut options = Options::new(SPECS);
        options.set("connect_timeout", "5").unwrap();
        assert_eq!(options.unused().count(), 0);
        options.set("wait", "False").unwrap();
        assert!(options.unused().eq(["wait has no effect: nobody asks"]));
    }

    #[test]
    fn secrets_do_not_show() {
        let mut options = Options::new(SPECS);
        options.set("password", "hunter2").unwrap();
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}
