//! Configuration files: `/etc/seawall/seawall.toml` and `conf.d/*.toml` beside it.

use errors::{Error, Kind, Result};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where configuration is looked for when nobody names a file.
pub(crate) const DEFAULT: &str = "/etc/seawall/seawall.toml";

/// A value, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) value: String,
    /// Whether it was written as a list.
    pub(crate) is_list: bool,
    pub(crate) path: PathBuf,
    pub(crate) line: usize,
}

/// The keys of one section.
pub(crate) type Section = BTreeMap<String, Entry>;

/// All configuration files, read as one.
#[derive(Debug, Default)]
pub(crate) struct ConfigFiles {
    pub(crate) global: Section,
    pub(crate) repos: BTreeMap<String, Section>,
    pub(crate) targets: BTreeMap<String, Section>,
    /// The files that were read.
    pub(crate) paths: Vec<PathBuf>,
}

impl ConfigFiles {
    /// Reads the named file, or the default ones where they exist.
    ///
    /// # Errors
    /// `config`: a named file is missing, or a file cannot be read as configuration.
    pub(crate) fn read(named: Option<&Path>) -> Result<Self> {
        let mut files = Self::default();
        if let Some(path) = named {
            files.add(path, &read(path).map_err(|error| unreadable(path, error))?)?;
            return Ok(files);
        }
        let main = Path::new(DEFAULT);
        let mut paths = vec![main.to_owned()];
        paths.extend(fragments(&main.with_file_name("conf.d"))?);
        for path in paths {
            match read(&path) {
                Ok(text) => files.add(&path, &text)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(&path, error)),
            }
        }
        Ok(files)
    }

    fn add(&mut self, path: &Path, text: &str) -> Result<()> {
        self.paths.push(path.to_owned());
        let document = DeTable::parse(text).map_err(|error| {
            let line = error.span().map_or(0, |span| line_of(text, span.start));
            bad(path, line, error.message())
        })?;
        let at = |span: std::ops::Range<usize>| line_of(text, span.start);
        for (name, value) in document.get_ref() {
            let line = at(name.span());
            let section = name.get_ref().as_ref();
            match section {
                "global" => {
                    insert(&mut self.global, table(path, line, section, value)?, path, &at)?;
                }
                "repo" | "target" => {
                    let sections =
                        if section == "repo" { &mut self.repos } else { &mut self.targets };
                    for (name, value) in table(path, line, section, value)? {
                        let (line, name) = (at(name.span()), name.get_ref().as_ref());
                        let keys = table(path, line, name, value)?;
                        insert(sections.entry(name.to_owned()).or_default(), keys, path, &at)?;
                    }
                }
                other => {
                    let sections = ["global", "repo", "target"];
                    return Err(bad(path, line, &format!("unknown section [{other}]"))
                        .hint(suggest(other, sections.into_iter())));
                }
            }
        }
        Ok(())
    }
}

fn table<'a, 'b>(
    path: &Path,
    line: usize,
    name: &str,
    value: &'b Spanned<DeValue<'a>>,
) -> Result<&'b DeTable<'a>> {
    match value.get_ref() {
        DeValue::Table(table) => Ok(table),
        _ => Err(bad(path, line, &format!("{name} must be a section"))),
    }
}

fn insert(
    section: &mut Section,
    keys: &DeTable<'_>,
    path: &Path,
    line_at: &dyn Fn(std::ops::Range<usize>) -> usize,
) -> Result<()> {
    for (key, value) in keys {
        let (line, key) = (line_at(key.span()), key.get_ref().as_ref());
        let is_list = matches!(value.get_ref(), DeValue::Array(_));
        let value = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Boolean(flag) => flag.to_string(),
            DeValue::Integer(number) => number.as_str().to_owned(),
            DeValue::Array(values) if values.iter().all(|value| value.get_ref().is_str()) => {
                let texts = values.iter().filter_map(|value| value.get_ref().as_str());
                texts.collect::<Vec<_>>().join(",")
            }
            _ => {
                return Err(bad(
                    path,
                    line,
                    &format!("{key} must be text, a number, or true or false"),
                ));
            }
        };
        let entry = Entry { value, is_list, path: path.to_owned(), line };
        if let Some(first) = section.insert(key.to_owned(), entry) {
            let (first_path, first_line) = (first.path.display(), first.line);
            return Err(bad(
                path,
                line,
                &format!("{key} is set already in {first_path}:{first_line}"),
            ));
        }
    }
    Ok(())
}

/// Where the repository of a section lies.
pub(crate) fn place_of(section: &Section) -> Option<String> {
    let entry = section.get("url").or_else(|| section.get("path"))?;
    Some(entry.value.clone())
}

/// An error at a line of a file.
pub(crate) fn bad(path: &Path, line: usize, what: &str) -> Error {
    Error::new(Kind::Config, format!("{}:{line}: {what}", path.display()))
}

/// The nearest of the known names, as a hint.
pub(crate) fn suggest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let distance = |name: &&&str| strsim::damerau_levenshtein(wrong, name);
    match known.iter().min_by_key(distance).filter(|name| distance(name) <= 3) {
        Some(name) => format!("Did you mean {name}?"),
        None => format!("Known are: {}.", known.join(", ")),
    }
}

fn fragments(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(dir, error)),
    };
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::io(format!("read {}", path.display()), error).with_kind(Kind::Config)
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|&byte| byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConfigFiles> {
        let mut files = ConfigFiles::default();
        files.add(Path::new("seawall.toml"), text).map(|()| files)
    }

    #[test]
    fn sections_and_values() {
        let files = parse(
            "[global]\nworkers = 4\n[repo.main]\npath = \"/b\"\n[target.pg]\nstart_fast = false\n",
        )
        .unwrap();
        assert_eq!(files.global["workers"].value, "4");
        assert_eq!(files.repos["main"]["path"].value, "/b");
        assert_eq!(
            (
                files.targets["pg"]["start_fast"].value.as_str(),
                files.targets["pg"]["start_fast"].line
            ),
            ("false", 6)
        );
    }

    #[test]
    fn errors_name_file_and_line() {
        for (text, message) in [
            ("[globl]\n", "seawall.toml:1: unknown section [globl]"),
            (
                "\n[global]\nworkers = [1]\n",
                "seawall.toml:3: workers must be text, a number, or true or false",
            ),
            ("[target]\npg = 1\n", "seawall.toml:2: pg must be a section"),
            ("repo = 1\n", "seawall.toml:1: repo must be a section"),
        ] {
            assert_eq!(parse(text).unwrap_err().message(), message);
        }
        assert!(parse("[global\n").unwrap_err().message().starts_with("seawall.toml:1: "));
        assert_eq!(parse("[globl]\n").unwrap_err().hints(), ["Did you mean global?"]);
    }

    #[test]
    fn a_key_may_be_set_once_over_all_files() {
        let mut files = parse("[global]\nworkers = 1\n").unwrap();
        let error = files.add(Path::new("conf.d/x.toml"), "[global]\nworkers = 2\n").unwrap_err();
        assert_eq!(error.message(), "conf.d/x.toml:2: workers is set already in seawall.toml:2");
    }
}
