//! Reading the files that a line names.

use super::{BYTES_MAX, Line, Origin, Pair, merge, option_file};
use errors::{Context, Error, Kind, Result};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Reads both files, and lets the stronger source win.
///
/// # Errors
/// `io`: a file cannot be read; `config`: it holds no options.
pub(super) fn files(line: &mut Line, configuration: &Path) -> Result<()> {
    let defaults = options(line, "defaults_file", configuration, Origin::DefaultsFile)?;
    let overrides = options(line, "overrides_file", configuration, Origin::OverridesFile)?;
    merge::by_name(line, defaults.into_iter().chain(overrides));
    Ok(())
}

fn options(
    line: &mut Line,
    option: &str,
    configuration: &Path,
    origin: fn(PathBuf, usize) -> Origin,
) -> Result<Vec<Pair>> {
    let Some(pair) = line.take(option) else { return Ok(Vec::new()) };
    let path = configuration.join(pair.value.expose());
    let text = text(&path).map_err(|error| error.context(option))?;
    let (pairs, warnings) = option_file::parse(&text, |number| origin(path.clone(), number))?;
    line.warnings.extend(warnings);
    Ok(pairs)
}

fn text(path: &Path) -> Result<Zeroizing<String>> {
    let doing = || format!("read {}", path.display());
    let file = File::open(path).map_err(|error| Error::io(doing(), error))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES_MAX + 1));
    // One byte more than is allowed, so that what is too long is seen to be.
    file.take(BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::io(doing(), error))?;
    let text = std::str::from_utf8(&bytes).or_kind(Kind::Config, doing)?;
    Ok(Zeroizing::new(text.to_owned()))
}
