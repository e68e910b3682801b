//! Option files of MariaDB's and MySQL's own tools: what their client groups say, and the private
//! one that tells the tool where to connect. (MariaDB documentation, "Configuring MariaDB with
//! Option Files".)

use errors::{Error, Kind, Result};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use system::Secret;
use tempfile::NamedTempFile;

/// Groups that speak of connections, in the order in which later ones win.
const GROUPS: &[&str] =
    &["client", "client-server", "client-mariadb", "mariadb-backup", "xtrabackup"];
/// Files that include one another are followed so deep.
const DEPTH_MAX: u8 = 10;

/// Values of the client groups; names with `-` for `_`.
#[derive(Default)]
pub(crate) struct ClientGroups(BTreeMap<String, Secret>);

impl ClientGroups {
    /// Reads a file and all that it includes.
    ///
    /// # Errors
    /// `config`: a file cannot be read.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let mut groups = Self::default();
        groups.read_file(path, DEPTH_MAX)?;
        Ok(groups)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(Secret::expose)
    }

    fn read_file(&mut self, path: &Path, depth: u8) -> Result<()> {
        let failed =
            |error| Error::io(format!("read {}", path.display()), error).with_kind(Kind::Config);
        if depth == 0 {
            let text = format!("{} is included too deep", path.display());
            return Err(Error::new(Kind::Config, text));
        }
        let text = fs::read_to_string(path).map_err(failed)?;
        let mut is_ours = false;
        for line in text.lines().map(str::trim) {
            if let Some(other) = line.strip_prefix("!includedir ") {
                for file in included(Path::new(other.trim())).map_err(failed)? {
                    self.read_file(&file, depth - 1)?;
                }
            } else if let Some(other) = line.strip_prefix("!include ") {
                self.read_file(Path::new(other.trim()), depth - 1)?;
            } else if let Some(group) = line.strip_prefix('[') {
                let name = group.split(']').next().unwrap_or_default();
                is_ours = GROUPS.contains(&name);
            } else if is_ours && let Some((name, value)) = assignment(line) {
                self.0.insert(name, Secret::new(value));
            }
        }
        Ok(())
    }
}

/// The option files of a directory, as the tools order them.
fn included(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "cnf") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// `name = value`; quotes around a value go.
fn assignment(line: &str) -> Option<(String, String)> {
    if line.starts_with(';') {
        return None;
    }
    let line = without_comment(line).trim_end();
    if line.is_empty() {
        return None;
    }
    let (name, value) = line.split_once('=').unwrap_or((line, ""));
    let value = value.trim();
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    let value = inner('"').or_else(|| inner('\'')).unwrap_or(value);
    Some((name.trim().replace('_', "-"), unescape(value)))
}

/// A line up to its `#`. One in quotes is none; a quote behind a backslash ends no quotes.
fn without_comment(line: &str) -> &str {
    let (mut quote, mut is_escaped) = (None, false);
    for (at, letter) in line.char_indices() {
        match letter {
            '#' if quote.is_none() => return line.get(..at).unwrap_or(line),
            '"' | '\'' if !is_escaped && quote.is_none() => quote = Some(letter),
            _ if !is_escaped && quote == Some(letter) => quote = None,
            _ => {}
        }
        is_escaped = quote.is_some() && letter == '\\' && !is_escaped;
    }
    line
}

/// `\n`, `\t`, `\s` and the like; before any other letter the backslash stays, as in paths of
/// Windows.
fn unescape(value: &str) -> String {
    let mut out = String::new();
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('s') => out.push(' '),
            Some(itself @ ('\\' | '"' | '\'')) => out.push(itself),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

/// Writes the tool's option file: nobody else can read it, and it goes with its value.
///
/// # Errors
/// The temporary directory cannot be written, or a value has a line break.
pub(crate) fn write(include: Option<&Path>, client: &[(&str, &Secret)]) -> Result<NamedTempFile> {
    let mut text = zeroize::Zeroizing::new(String::new());
    if let Some(path) = include {
        let _ = writeln!(text, "!include {}", path.display());
    }
    text.push_str("[client]\n");
    for (name, value) in client {
        let value = value.expose();
        if value.contains(['\n', '\r']) {
            let text = format!("the {name} has a line break, which option files cannot hold");
            return Err(Error::new(Kind::Config, text));
        }
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(text, "{name}=\"{escaped}\"");
    }
    let failed = |error| Error::io("write the tool's option file", error);
    let mut file =
        tempfile::Builder::new().prefix("seawall-").suffix(".cnf").tempfile().map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_groups_are_read_with_what_they_include() {
        let dir = tempfile::tempdir().unwrap();
        let (main, more) = (dir.path().join("my.cnf"), dir.path().join("more.cnf"));
        fs::write(&more, "[mariadb-backup]\nuser=backup\n[mysqld]\nport=1\n").unwrap();
        let text = "# x\n[mysqld]\nsocket=/no\n[client]\nuser = root\npassword=\"a#b \\\"c\"\n\
                    host=db # here\nssl_ca=/ca.pem\n";
        fs::write(&main, format!("{text}!include {}\n", more.display())).unwrap();
        let groups = ClientGroups::read(&main).unwrap();
        assert_eq!(groups.get("user"), Some("backup"));
        assert_eq!(groups.get("password"), Some("a#b \"c"));
        assert_eq!(groups.get("host"), Some("db"));
        assert_eq!(groups.get("ssl-ca"), Some("/ca.pem"));
        assert_eq!(groups.get("socket"), None);
        assert_eq!(groups.get("port"), None);
    }

    #[test]
    fn values_are_read_as_the_tools_read_them() {
        let value = |line: &str| assignment(line).unwrap().1;
        assert_eq!(value("a=b#c"), "b");
        assert_eq!(value(r#"a="b#c" # d"#), "b#c");
        assert_eq!(value(r##"a="b\"#c" # d"##), r##"b"#c"##);
        assert_eq!(value(r"a=C:\Some\new"), "C:\\Some\new");
        assert_eq!(value(r"a = b\sc\d "), r"b c\d");
        assert_eq!(value("skip_x"), "");
        assert!(assignment("# a=b").is_none() && assignment("; a=b").is_none());
    }

    #[test]
    fn files_that_include_one_another_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("my.cnf");
        fs::write(&path, format!("!include {}\n", path.display())).unwrap();
        assert!(ClientGroups::read(&path).is_err());
    }

    #[test]
    fn what_is_written_is_private_and_comes_back() {
        let password = Secret::new("a\"b\\c #d");
        let file = write(None, &[("password", &password)]).unwrap();
        let groups = ClientGroups::read(file.path()).unwrap();
        assert_eq!(groups.get("password"), Some(password.expose()));
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write(None, &[("password", &Secret::new("a\nb"))]).is_err());
    }
}
