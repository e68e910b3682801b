//! Plugin lines and the files that they name.

use std::fmt::Write;
use std::path::PathBuf;

use crate::PluginLine;
use crate::plugin_line::{OptionFile, Origin};

/// What is read once reads the same again when every value is put into quotes.
pub fn plugin_line(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let file = OptionFile::parse(text, |line| Origin::DefaultsFile(PathBuf::new(), line));
    let Ok(line) = PluginLine::parse(text) else { return };
    reads_again(text, &line);
    // Whatever else stands in a file of defaults: one option of each name is left, the line's own.
    if let Ok(file) = file {
        let mut merged = line.clone();
        merged.add(file);
        assert!(merged.pairs.starts_with(&line.pairs), "{text:?}");
        let mut names: Vec<&str> = merged.pairs.iter().map(|pair| pair.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), merged.pairs.len(), "{text:?}");
    }
}

fn reads_again(text: &str, line: &PluginLine) {
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
    let second = PluginLine::parse(&again);
    assert!(second.is_ok(), "{text:?} became {again:?}: {second:?}");
    let Ok(second) = second else { return };
    assert!(second.pairs == line.pairs && second.listing == line.listing, "{text:?}: {again:?}");
    assert!(second.warnings.is_empty(), "{again:?}: {:?}", second.warnings);
}
