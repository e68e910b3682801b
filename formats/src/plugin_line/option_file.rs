//! The text of a `defaults_file` or `overrides_file`, as Bareos reads it: values stand as they are,
//! without quotes and escapes.

use zeroize::Zeroizing;

use super::pairs::Pairs;
use super::separator::next_name;
use super::{BYTES_MAX, Origin, Pair, PluginLineError};

/// Options that mean something in the line only.
const LINE_ONLY: &[&str] = &["defaults_file", "overrides_file", "listing"];

/// What a file of options says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionFile {
    /// Its options. Each name stands once.
    pub pairs: Vec<Pair>,
    /// What the job must be told, as sentences without a full stop. They hold no values.
    pub warnings: Vec<String>,
}

impl OptionFile {
    /// Reads the text of a file; `origin` makes a place of the number of a line.
    ///
    /// # Errors
    ///
    /// Where the text is too long, or holds a line that is not an option.
    pub fn parse(text: &str, origin: impl Fn(usize) -> Origin) -> Result<Self, PluginLineError> {
        if text.len() > BYTES_MAX {
            return Err(PluginLineError::FileTooLong { origin: origin(1) });
        }
        let mut pairs = Pairs::default();
        let mut lines = text.lines().zip(1..);
        while let Some((line, number)) = lines.next() {
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';', '[']) {
                continue;
            }
            let wrong = |problem| PluginLineError::FileLine { origin: origin(number), problem };
            let name = next_name(line)
                .filter(|name| name.is_valid)
                .ok_or_else(|| wrong("it begins with no name and \"=\""))?;
            if LINE_ONLY.contains(&name.text) {
                let (origin, option) = (origin(number), name.text.to_owned());
                return Err(PluginLineError::LineOnly { origin, option });
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
        Ok(Self { pairs: pairs.pairs, warnings: pairs.warnings })
    }
}

fn is_in_quotes(value: &str) -> bool {
    let inner = |quote| value.strip_prefix(quote).and_then(|value| value.strip_suffix(quote));
    ['"', '\''].into_iter().any(|quote| inner(quote).is_some_and(|inner| !inner.contains(quote)))
}
