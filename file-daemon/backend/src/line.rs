//! Plugin lines with the files that they name. How a line is read is known in
//! `formats::plugin_line`; here is the only I/O.

use errors::{Context, Error, Kind, Result};
use formats::plugin_line::{BYTES_MAX, OptionFile, Origin};
use formats::{PluginLine, PluginLineError};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Reads the line and the files that it names, and turns the module of a Bareos plugin into an
/// engine. Relative paths of files begin at `configuration`.
///
/// # Errors
/// `config`: the line or a file can be understood in no way, or in several, or no engine does what
/// the module did; `io`: a file cannot be read.
pub(crate) fn read(text: &str, configuration: &Path) -> Result<PluginLine> {
    let mut line = PluginLine::parse(text).map_err(|error| refused(&error))?;
    let defaults = options(&mut line, "defaults_file", configuration, Origin::DefaultsFile)?;
    let overrides = options(&mut line, "overrides_file", configuration, Origin::OverridesFile)?;
    for file in [defaults, overrides].into_iter().flatten() {
        line.add(file);
    }
    line.translate_module().map_err(|error| refused(&error))?;
    Ok(line)
}

/// What is wrong with a line, and what to do about it.
pub(crate) fn refused(error: &PluginLineError) -> Error {
    let told = Error::new(Kind::Config, error.to_string());
    error.hint().into_iter().fold(told, Error::hint)
}

/// The options in the file that an option of the line names.
fn options(
    line: &mut PluginLine,
    option: &str,
    configuration: &Path,
    origin: fn(PathBuf, usize) -> Origin,
) -> Result<Option<OptionFile>> {
    let Some(pair) = line.take(option) else { return Ok(None) };
    let path = configuration.join(pair.value.expose());
    let text = text(&path).map_err(|error| error.context(option))?;
    let file = OptionFile::parse(&text, |number| origin(path.clone(), number));
    file.map(Some).map_err(|error| refused(&error))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn directory(files: &[(&str, &[u8])]) -> TempDir {
        let dir = TempDir::new().unwrap();
        for (name, bytes) in files {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        dir
    }

    /// The options of a line, as text.
    fn told(line: &PluginLine) -> Vec<String> {
        line.pairs.iter().map(|pair| format!("{}={}", pair.name, pair.value.expose())).collect()
    }

    #[test]
    fn both_files_are_read_and_each_has_its_rank() {
        let dir = directory(&[
            ("defaults", b"host=default\nuser=default\nempty=\n"),
            ("overrides", b"port=7\r\nhost=o\r\n"),
        ]);
        let text = "seawall:user=line:port=5:defaults_file=defaults:overrides_file=overrides";
        let line = read(text, dir.path()).unwrap();
        assert_eq!(told(&line), ["user=line", "port=7", "host=o"]);
        let origin = |name: &str| line.get(name).unwrap().origin.clone();
        assert_eq!(origin("user"), Origin::Line);
        assert_eq!(origin("port"), Origin::OverridesFile(dir.path().join("overrides"), 1));
        assert_eq!(line.warnings.len(), 1);
        assert!(
            line.warnings[0]
                .ends_with("defaults, line 3: option empty has no value and is ignored")
        );

        let absolute = format!("seawall: defaults_file={}/defaults", dir.path().display());
        let line = read(&absolute, Path::new("/nowhere")).unwrap();
        assert_eq!(line.get("host").unwrap().value.expose(), "default");
    }

    #[test]
    fn a_file_may_name_the_module() {
        let dir = directory(&[("f", b"module_name=bareos-fd-postgresql\n")]);
        let line = read("python3:defaults_file=f", dir.path()).unwrap();
        assert_eq!(told(&line), ["engine=postgresql"]);
    }

    #[test]
    fn files_that_cannot_be_understood_fail() {
        let long = format!("a={}", "x".repeat(BYTES_MAX));
        for (bytes, why) in [
            (&b"a=1\na=2"[..], "/f, line 2: option a is given twice"),
            (long.as_bytes(), "more than 65536 bytes"),
            (b"a=\xff", "overrides_file: read "),
        ] {
            let dir = directory(&[("f", bytes)]);
            let error = read("seawall:overrides_file=f", dir.path()).unwrap_err();
            assert_eq!(error.kind(), Kind::Config);
            assert!(error.message().contains(why), "{error}");
        }
        let dir = directory(&[]);
        let error = read("seawall:defaults_file=missing", dir.path()).unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        assert!(error.message().contains("defaults_file") && error.message().contains("/missing"));
    }

    #[test]
    fn an_error_keeps_its_hint() {
        let error = read("seawall:a='b", Path::new("/")).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert_eq!(error.message(), "plugin line, option a: a quote does not end");
        assert!(error.hints()[0].starts_with("Put the whole value into single quotes"));
        let error = read("seawall:a=1:a=2", Path::new("/")).unwrap_err();
        assert!(error.hints().is_empty());
    }
}
