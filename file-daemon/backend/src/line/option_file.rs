//! The text of a `defaults_file` or `overrides_file`, as Bareos reads it: values stand as they are,
//! without quotes and escapes.

use super::Pair;
use super::pairs::Pairs;
use super::separator::next_name;
use super::{BYTES_MAX, Origin};
use errors::{Error, Kind, Result};
use zeroize::Zeroizing;

/// Options that mean something in the line only.
const LINE_ONLY: &[&str] = &["defaults_file", "overrides_file", "listing"];

/// The options of a file, and warnings.
///
/// # Errors
/// `config`: the text is too long, or holds a line that is no option.
pub(super) fn parse(
    text: &str,
    origin: impl Fn(usize) -> Origin,
) -> Result<(Vec<Pair>, Vec<String>)> {
    if text.len() > BYTES_MAX {
        let told = format!("{}: more than {BYTES_MAX} bytes of options", origin(1));
        return Err(Error::new(Kind::Config, told));
    }
    let mut pairs = Pairs::default();
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';', '[']) {
            continue;
        }
        let wrong = |what: &str| {
            Error::new(Kind::Config, format!("{}: {what}", origin(number)))
                .hint("Write name=value, or # before a comment.")
        };
        let name = next_name(line)
            .filter(|name| name.is_valid)
            .ok_or_else(|| wrong("it begins with no name and \"=\""))?;
        if LINE_ONLY.contains(&name.text) {
            return Err(wrong(&format!("{} belongs into the plugin line", name.text)));
        }
        let mut value = Zeroizing::new(line[name.length..].trim().to_owned());
        while value.ends_with('\\') {
            value.pop();
            let (more, _) = lines.next().ok_or_else(|| wrong("no line continues it"))?;
            value.push_str(more.trim());
        }
        if is_in_quotes(&value) {
            let (origin, name) = (origin(number), name.text);
            pairs
                .warnings
                .push(format!("{origin}: the quotes around {name} are part of its value"));
        }
        pairs.add(&name, value, origin(number))?;
    }
    Ok((pairs.pairs, pairs.warnings))
}

fn is_in_quotes(value: &str) -> bool {
    let inner = |quote| value.strip_prefix(quote).and_then(|value| value.strip_suffix(quote));
    ['"', '\''].into_iter().any(|quote| inner(quote).is_some_and(|inner| !inner.contains(quote)))
}
