//! Any bytes in, a property asserted: for `scripts/fuzz` and for an ordinary test.

use super::{Line, Origin, option_file};
use std::fmt::Write;
use std::path::PathBuf;

/// What is read once reads the same again when every value is put into quotes.
///
/// # Panics
/// The property does not hold.
pub fn plugin_line(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = option_file::parse(text, |line| Origin::DefaultsFile(PathBuf::new(), line));
    let Ok(line) = Line::parse(text) else { return };
    let mut again = format!("{}:", line.plugin);
    for pair in &line.pairs {
        let value = pair.value.expose().replace('\\', "\\\\").replace('"', "\\\"");
        // What base85 hid may be no text for a line.
        if value.contains(|letter: char| letter.is_control()) {
            return;
        }
        write!(again, " {}=\"{value}\"", pair.name).unwrap_or_default();
    }
    if let Some(path) = &line.listing {
        write!(again, " listing={path}").unwrap_or_default();
    }
    let second = Line::parse(&again);
    assert!(second.is_ok(), "{text:?} became {again:?}: {second:?}");
    let Ok(second) = second else { return };
    assert!(second.pairs == line.pairs && second.listing == line.listing, "{text:?}: {again:?}");
    assert!(second.warnings.is_empty(), "{again:?}: {:?}", second.warnings);
}
