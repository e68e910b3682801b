//! The plugin line: a pure function of its text.

use std::net::Ipv6Addr;

use zeroize::Zeroizing;

use super::pairs::Pairs;
use super::separator::{self, Run};
use super::{BYTES_MAX, Origin, PluginLine, PluginLineError};

/// What a backslash may stand before.
const ESCAPED: &str = ":\\\"'= ";

/// Reads a line.
///
/// # Errors
///
/// Where the line can be understood in no way, or in several.
pub(super) fn parse(text: &str) -> Result<PluginLine, PluginLineError> {
    if text.len() > BYTES_MAX {
        return Err(PluginLineError::TooLong { bytes: text.len() });
    }
    let reader = Reader { text, at: 0 };
    let is_bad = |letter: char| letter.is_control() && !letter.is_ascii_whitespace();
    if let Some(at) = text.find(is_bad) {
        return Err(Reader { text, at }.wrong("a control character"));
    }
    let (plugin, rest) = text.split_once(':').unwrap_or((text, ""));
    let plugin = plugin.trim();
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    if plugin.is_empty() || !plugin.chars().all(is_name) {
        return Err(reader.wrong("no name of a plugin with a colon after it"));
    }
    let at = text.len() - rest.trim_start_matches(separator::separates).len();
    let (pairs, listing) = Reader { text, at }.options()?;
    let Pairs { pairs, warnings, .. } = pairs;
    Ok(PluginLine { plugin: plugin.to_owned(), pairs, listing, warnings })
}

/// What is wrong. The text at that place may be a secret, and is not shown.
type Problem = &'static str;

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn options(mut self) -> Result<(Pairs, Option<String>), PluginLineError> {
        let mut pairs = Pairs::default();
        while !self.rest().is_empty() {
            let name = separator::next_name(self.rest())
                .filter(|name| name.is_valid)
                .ok_or_else(|| self.wrong("no option: it begins with no name and \"=\""))?;
            self.at += name.length;
            // The daemon puts the path there as it is, with all its blanks, colons and quotes.
            if name.text == "listing" {
                let path = self.rest().rsplit(" listing=").next().unwrap_or_default().trim();
                return Ok((pairs, Some(if path.is_empty() { "/" } else { path }.to_owned())));
            }
            let value = self.value().map_err(|problem| PluginLineError::Value {
                option: name.text.to_owned(),
                problem,
            })?;
            pairs.add(&name, value, Origin::Line)?;
        }
        Ok((pairs, None))
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// A value, and the separator after it.
    fn value(&mut self) -> Result<Zeroizing<String>, Problem> {
        let after_blanks = self.rest().trim_start_matches(|c: char| c.is_ascii_whitespace());
        match after_blanks.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                self.at = self.text.len() - after_blanks.len() + 1;
                self.quoted(quote)
            }
            _ => self.bare(),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Zeroizing<String>, Problem> {
        let mut value = Zeroizing::new(String::new());
        loop {
            let Some(letter) = self.rest().chars().next() else {
                return Err("a quote does not end");
            };
            if letter == '\\' && quote == '"' {
                value.push(self.escaped()?);
                continue;
            }
            self.at += letter.len_utf8();
            if letter == quote {
                break;
            }
            value.push(letter);
        }
        match (self.rest().is_empty(), separator::run(self.rest())) {
            (true, _) => Ok(value),
            (false, Run::Separator(length)) => {
                self.at += length;
                Ok(value)
            }
            (false, Run::Doubtful(why)) => Err(why),
            (false, Run::Value(_)) => Err("something stands after the closing quote"),
        }
    }

    /// A value without quotes around it. Quotes in its middle belong to it; that a separator stands
    /// between them is in doubt, and refused.
    fn bare(&mut self) -> Result<Zeroizing<String>, Problem> {
        let mut value = Zeroizing::new(String::new());
        let mut quote = None;
        let mut has_colon = false;
        while let Some(letter) = self.rest().chars().next() {
            if letter == '\\' {
                value.push(self.escaped()?);
                continue;
            }
            if !separator::separates(letter) {
                self.at += letter.len_utf8();
                value.push(letter);
                quote = match (letter, quote) {
                    (_, Some(open)) if letter == open => None,
                    ('"' | '\'', None) => Some(letter),
                    _ => quote,
                };
                continue;
            }
            match separator::run(self.rest()) {
                Run::Value(length) => {
                    let run = &self.rest()[..length];
                    has_colon |= run.contains(':');
                    let is_first = value.is_empty();
                    value.push_str(if is_first { run.trim_start() } else { run });
                    self.at += length;
                }
                Run::Doubtful(why) => return Err(why),
                Run::Separator(length) if quote.is_none() || length == self.rest().len() => {
                    self.at += length;
                    break;
                }
                Run::Separator(_) => {
                    return Err(
                        "a quote that began within the value is open where the next option begins",
                    );
                }
            }
        }
        if has_colon && !may_hold_colons(&value) {
            return Err("a colon stands before no name and \"=\"");
        }
        Ok(value)
    }

    /// The character after a backslash.
    fn escaped(&mut self) -> Result<char, Problem> {
        let mut letters = self.rest().chars();
        let letter = letters.nth(1).filter(|letter| ESCAPED.contains(*letter)).ok_or(
            "a backslash stands before a character that needs none; a backslash itself is \\\\",
        )?;
        self.at = self.text.len() - letters.as_str().len();
        Ok(letter)
    }

    fn wrong(&self, problem: Problem) -> PluginLineError {
        let character = self.text[..self.at].chars().count() + 1;
        PluginLineError::Line { character, problem }
    }
}

/// Colons need no backslash in URLs and in addresses: Bareos would split there, but nothing else
/// can be meant.
fn may_hold_colons(value: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    let address = value.strip_prefix('[').and_then(|a| a.strip_suffix(']')).unwrap_or(value);
    let address = address.split('%').next().unwrap_or_default();
    value.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme))
        || address.parse::<Ipv6Addr>().is_ok()
}
