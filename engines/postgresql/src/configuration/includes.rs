//! Which files a server's configuration files include.

use super::Configuration;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use stream::Finding;

/// More than this of a file is not searched.
const SEARCHED_BYTES: u64 = 16 << 20;

/// Finds files, each once.
pub(super) struct Search<'a> {
    data: &'a Path,
    told_data: &'a Path,
    seen: BTreeSet<PathBuf>,
    outside: BTreeSet<PathBuf>,
    inside: BTreeSet<PathBuf>,
    findings: Vec<Finding>,
}

/// What kind of file includes others.
#[derive(Clone, Copy, PartialEq)]
enum Syntax {
    Settings,
    Rules,
}

impl<'a> Search<'a> {
    /// `told_data` is the data directory in the server's words: in a container it may have another
    /// path than ours.
    pub(super) fn new(data: &'a Path, told_data: &'a Path) -> Self {
        let (seen, outside, inside) = <(BTreeSet<_>, BTreeSet<_>, BTreeSet<_>)>::default();
        Self { data, told_data, seen, outside, inside, findings: Vec::new() }
    }

    /// A file of settings, and what it includes.
    pub(super) fn settings(&mut self, path: &Path) {
        self.file(path, Some(Syntax::Settings), true);
    }

    /// A file of access rules or of user names, and what it includes.
    pub(super) fn rules(&mut self, path: &Path) {
        self.file(path, Some(Syntax::Rules), true);
    }

    /// A file that the server tells of.
    pub(super) fn add(&mut self, path: &Path) {
        self.file(path, None, true);
    }

    pub(super) fn found(self) -> Configuration {
        Configuration {
            outside: self.outside.into_iter().collect(),
            inside: self.inside.into_iter().collect(),
            findings: self.findings,
            places: None,
        }
    }

    fn file(&mut self, path: &Path, syntax: Option<Syntax>, must_exist: bool) {
        let path = &tidy(path);
        if !self.seen.insert(path.clone()) {
            return;
        }
        let here = match below(path, self.data, self.told_data) {
            Some(below) => {
                let here = self.data.join(&below);
                self.inside.insert(below);
                here
            }
            None => {
                if !self.take(path, must_exist) {
                    return;
                }
                path.clone()
            }
        };
        // A file in the data directory that cannot be read is the copying's to tell.
        let Some((syntax, text)) = syntax.zip(read(&here).ok()) else { return };
        for line in text.split(|&byte| byte == b'\n') {
            self.line(&here, line, syntax);
        }
    }

    /// Notes a file outside the data directory, where it can be read.
    fn take(&mut self, path: &Path, must_exist: bool) -> bool {
        if !is_same(self.data, self.told_data) {
            return self.miss(path, "the server's data directory has another path on this host");
        }
        let opened = File::open(path).and_then(|file| file.metadata());
        match opened {
            Ok(metadata) if metadata.is_file() => self.outside.insert(path.to_owned()),
            Ok(_) => self.miss(path, "it is no file"),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => false,
            Err(error) => self.miss(path, &error.to_string()),
        }
    }

    fn miss(&mut self, path: &Path, why: &str) -> bool {
        let text = format!(
            "the configuration file {} cannot be read, and is not in the backup: {why}",
            path.display()
        );
        self.findings.push(Finding { id: "configuration-not-read".to_owned(), offset: 0, text });
        false
    }

    fn line(&mut self, of: &Path, line: &[u8], syntax: Syntax) {
        let line = line.trim_ascii_start();
        let name_length =
            line.iter().take_while(|&&b| b.is_ascii_alphabetic() || b == b'_').count();
        let (name, rest) = line.split_at(name_length);
        let named = || value(rest).map(|value| beside(of, &value));
        match name.to_ascii_lowercase().as_slice() {
            b"include" => named().into_iter().for_each(|path| self.file(&path, Some(syntax), true)),
            b"include_if_exists" => {
                named().into_iter().for_each(|path| self.file(&path, Some(syntax), false));
            }
            b"include_dir" => named().into_iter().for_each(|path| self.directory(&path, syntax)),
            _ if syntax == Syntax::Rules => self.lists_of_names(of, line),
            _ => {}
        }
    }

    /// `@file` in a rule: a file of names.
    fn lists_of_names(&mut self, of: &Path, line: &[u8]) {
        let rule = line.split(|&byte| byte == b'#').next().unwrap_or_default();
        let words = rule.split(|&byte| byte.is_ascii_whitespace() || byte == b',');
        for name in words.filter_map(|word| word.strip_prefix(b"@")) {
            if let Some(name) = value(name) {
                self.file(&beside(of, &name), Some(Syntax::Rules), true);
            }
        }
    }

    /// All files of a directory that end in `.conf`, as the server reads them.
    fn directory(&mut self, path: &Path, syntax: Syntax) {
        let here = below(path, self.data, self.told_data).map(|below| self.data.join(below));
        let entries = match fs::read_dir(here.as_deref().unwrap_or(path)) {
            Ok(entries) => entries,
            Err(error) => {
                self.miss(path, &error.to_string());
                return;
            }
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.as_bytes();
            if name.ends_with(b".conf") && !name.starts_with(b".") && !entry.path().is_dir() {
                self.file(&path.join(OsStr::from_bytes(name)), Some(syntax), true);
            }
        }
    }
}

/// Where a file lies below the data directory; `None` where it lies elsewhere, also behind a link.
pub(super) fn below(path: &Path, data: &Path, told_data: &Path) -> Option<PathBuf> {
    let name = path.file_name()?;
    if let (Ok(parent), Ok(data)) = (fs::canonicalize(path.parent()?), fs::canonicalize(data)) {
        if let Ok(below) = parent.strip_prefix(&data) {
            return Some(below.join(name));
        }
        if is_same(&data, told_data) {
            return None;
        }
    }
    path.strip_prefix(told_data).ok().map(Path::to_owned)
}

/// Whether server and host call the data directory the same: then they do so with other files, too.
fn is_same(data: &Path, told_data: &Path) -> bool {
    let real = |path| fs::canonicalize(path).ok();
    data == told_data || real(data).is_some_and(|data| real(told_data) == Some(data))
}

/// Without `..`, where there is one: a path in a backup has none.
fn tidy(path: &Path) -> PathBuf {
    let is_plain = |part| !matches!(part, std::path::Component::ParentDir);
    if path.components().all(is_plain) {
        return path.components().collect();
    }
    let parent = path.parent().and_then(|parent| fs::canonicalize(parent).ok());
    parent.zip(path.file_name()).map_or_else(|| path.to_owned(), |(dir, name)| dir.join(name))
}

/// A relative name counts from the directory of the file that it stands in.
fn beside(of: &Path, name: &[u8]) -> PathBuf {
    of.parent().unwrap_or(Path::new("/")).join(OsStr::from_bytes(name))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut text = Vec::new();
    file.take(SEARCHED_BYTES).read_to_end(&mut text)?;
    Ok(text)
}

/// A value after a name: in quotes of either kind, or up to the next blank.
fn value(rest: &[u8]) -> Option<Vec<u8>> {
    let rest = rest.trim_ascii_start();
    let rest = rest.strip_prefix(b"=").unwrap_or(rest).trim_ascii_start();
    let (&first, inside) = rest.split_first()?;
    if first != b'\'' && first != b'"' {
        let end = rest.iter().position(|&b| b.is_ascii_whitespace() || b == b'#');
        return Some(rest[..end.unwrap_or(rest.len())].to_vec()).filter(|value| !value.is_empty());
    }
    let mut value = Vec::new();
    let mut bytes = inside.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if first == b'\'' => value.extend(bytes.next()),
            byte if byte == first && bytes.peek() == Some(&first) => value.extend(bytes.next()),
            byte if byte == first => return Some(value),
            byte => value.push(byte),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_the_server_reads_them() {
        for (rest, wanted) in [
            (" = 'conf.d'  # all", Some("conf.d")),
            (" 'it''s'", Some("it's")),
            (" = 'a\\'b'", Some("a'b")),
            (" \"two words\"", Some("two words")),
            (" plain#no", Some("plain")),
            ("", None),
            (" 'open", None),
        ] {
            let wanted = wanted.map(|text| text.as_bytes().to_vec());
            assert_eq!(value(rest.as_bytes()), wanted, "{rest:?}");
        }
    }

    #[test]
    fn files_and_what_they_include() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for name in ["data", "etc", "etc/conf.d"] {
            fs::create_dir(path(name)).unwrap();
        }
        let settings = format!(
            "include_dir 'conf.d'\nInclude = 'more.conf'\ninclude_if_exists 'absent'\n\
             include '../etc/back.conf'\n#include 'no'\ninclude 'missing'\ninclude '{}'\n",
            path("data/inside.conf").display()
        );
        for (name, text) in [
            ("etc/main.conf", settings.as_str()),
            ("etc/conf.d/b.conf", "work_mem = 1\n"),
            ("etc/conf.d/.hidden.conf", ""),
            ("etc/conf.d/note.txt", ""),
            // A circle must end.
            ("etc/more.conf", "include 'main.conf'\n"),
            ("etc/back.conf", ""),
            ("etc/hba.conf", "local @bases,x @people trust # @none\ninclude rules\n"),
            ("etc/bases", "one\n"),
            ("etc/people", "@more_people\n"),
            ("etc/more_people", "me\n"),
            ("etc/rules", ""),
            ("data/inside.conf", ""),
        ] {
            fs::write(path(name), text).unwrap();
        }
        let data = path("data");
        let mut search = Search::new(&data, &data);
        search.settings(&path("etc/main.conf"));
        search.rules(&path("etc/hba.conf"));
        let found = search.found();
        let names: Vec<_> = found
            .outside
            .iter()
            .map(|file| file.strip_prefix(dir.path()).unwrap().to_str().unwrap())
            .collect();
        let wanted = [
            "etc/back.conf",
            "etc/bases",
            "etc/conf.d/b.conf",
            "etc/hba.conf",
            "etc/main.conf",
            "etc/more.conf",
            "etc/more_people",
            "etc/people",
            "etc/rules",
        ];
        assert_eq!(names, wanted);
        assert_eq!(found.inside, [PathBuf::from("inside.conf")]);
        let [missing] = found.findings.as_slice() else { panic!("{:?}", found.findings) };
        assert!(missing.text.contains("etc/missing cannot be read"), "{}", missing.text);
    }

    /// In a container the same path may be another file.
    #[test]
    fn files_of_another_file_system_are_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        let (data, etc) = (dir.path().join("data"), dir.path().join("etc"));
        fs::create_dir(&data).unwrap();
        fs::create_dir(&etc).unwrap();
        fs::write(etc.join("postgresql.conf"), "").unwrap();
        fs::write(data.join("pg_hba.conf"), "").unwrap();
        let told = Path::new("/of/the/container");
        let mut search = Search::new(&data, told);
        search.settings(&etc.join("postgresql.conf"));
        search.rules(&told.join("pg_hba.conf"));
        let found = search.found();
        assert!(found.outside.is_empty());
        assert_eq!(found.inside, [PathBuf::from("pg_hba.conf")]);
        assert_eq!(found.findings.len(), 1);
    }
}
