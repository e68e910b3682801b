//! What the operator leaves out, next to what never belongs into a backup.

use super::{is_emptied, is_left_out_anywhere};
use errors::{Error, Kind, Result};
use std::path::Path;
use stream::{Excluded, Options, RelPath};

/// Without these no server starts, or it starts without its data.
const NEEDED: &[&str] = &[
    "PG_VERSION",
    "base",
    "global",
    "pg_commit_ts",
    "pg_hba.conf",
    "pg_ident.conf",
    "pg_logical",
    "pg_multixact",
    "pg_tblspc",
    "pg_twophase",
    "pg_wal",
    "pg_xact",
    "postgresql.auto.conf",
    "postgresql.conf",
];

/// The operator's patterns, and what each has matched so far.
#[derive(Debug, Default)]
pub(crate) struct Patterns(Vec<Pattern>);

#[derive(Debug)]
struct Pattern {
    path: RelPath,
    text: String,
    /// Whether it is a name of directories wherever they stand, and no path.
    anywhere: bool,
    names: u64,
}

impl Patterns {
    /// Reads the options `exclude` and `ignore_subdirs`.
    ///
    /// # Errors
    /// `config`: a pattern is no path in the data directory, or could hit what a server needs.
    pub(crate) fn read(options: &Options) -> Result<Self> {
        let paths = options.list("exclude").into_iter().map(Pattern::path);
        // Some names are always left out: Bareos has one of them as its default.
        let names = options.list("ignore_subdirs").into_iter();
        let names = names.filter(|name| !is_left_out_anywhere(name) && !is_emptied(name));
        paths.chain(names.map(Pattern::name)).collect::<Result<_>>().map(Self)
    }

    /// Whether a path in the data directory is left out.
    pub(crate) fn leave_out(&mut self, path: &RelPath, is_file: bool) -> bool {
        let mut any = false;
        for pattern in &mut self.0 {
            if !(pattern.anywhere && is_file) && pattern.matches(path.as_bytes()) {
                pattern.names += 1;
                any = true;
            }
        }
        any
    }

    /// Refuses patterns that would leave out a file that this server uses.
    ///
    /// # Errors
    /// `config`.
    pub(crate) fn refuse_used(&self, path: &Path) -> Result<()> {
        let hits = |pattern: &&Pattern| {
            let above = path.ancestors().filter(|path| !path.as_os_str().is_empty());
            above.into_iter().any(|path| pattern.matches(path.as_os_str().as_encoded_bytes()))
        };
        match self.0.iter().find(hits) {
            None => Ok(()),
            Some(pattern) => Err(pattern.refused(&format!("{}, which it uses", path.display()))),
        }
    }

    /// For the link.
    pub(crate) fn told(self) -> Vec<Excluded> {
        let told = |pattern: Pattern| Excluded { pattern: pattern.text, names: pattern.names };
        self.0.into_iter().map(told).collect()
    }
}

impl Pattern {
    fn path(text: &str) -> Result<Self> {
        let path = RelPath::new(text.trim_end_matches('/')).map_err(|_| {
            Error::new(Kind::Config, format!("exclude: {text:?} is no path in a data directory"))
                .hint("Write it relative to the data directory: log, or pg_log/*.csv.")
        })?;
        Self { path, text: text.to_owned(), anywhere: false, names: 0 }.checked()
    }

    fn name(text: &str) -> Result<Self> {
        match RelPath::new(text) {
            Ok(path) if !text.contains('/') => {
                Self { path, text: text.to_owned(), anywhere: true, names: 0 }.checked()
            }
            _ => {
                let told = format!("ignore_subdirs: {text:?} is no name of a directory");
                Err(Error::new(Kind::Config, told)
                    .hint("What is left out by its path goes into the option exclude."))
            }
        }
    }

    /// Refuses what could hit something that every server needs.
    fn checked(self) -> Result<Self> {
        let pattern = self;
        let first = pattern.path.as_bytes().split(|&byte| byte == b'/').next().unwrap_or_default();
        match NEEDED.iter().find(|name| fits(first, name.as_bytes())) {
            None => Ok(pattern),
            Some(name) => Err(pattern.refused(name)),
        }
    }

    fn refused(&self, what: &str) -> Error {
        let option = if self.anywhere { "ignore_subdirs" } else { "exclude" };
        Error::new(Kind::Config, format!("{option}: {:?} would leave out {what}", self.text))
            .hint("A server that was restored without it would not start, or not have its data.")
    }

    /// Each part of the pattern must fit the part of the path in its place. A name must fit the last
    /// part, and reaches into no directory that a server needs: `snapshots` stands in pg_logical, and
    /// a database may be in a directory of any number.
    fn matches(&self, path: &[u8]) -> bool {
        let is_slash = |byte: &u8| *byte == b'/';
        if self.anywhere {
            let first = path.split(is_slash).next().unwrap_or_default();
            let last = path.rsplit(is_slash).next().unwrap_or_default();
            let is_needed = NEEDED.iter().any(|name| name.as_bytes() == first);
            return !is_needed && fits(self.path.as_bytes(), last);
        }
        let (mut wanted, mut given) = (self.path.as_bytes().split(is_slash), path.split(is_slash));
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return true,
                (Some(wanted), Some(given)) if fits(wanted, given) => {}
                _ => return false,
            }
        }
    }
}

/// `*` is any run of bytes, `?` any one of them.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut in_name) = (0, 0);
    // Where the last star stands, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while in_name < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, in_name));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte == name[in_name] => {
                at += 1;
                in_name += 1;
            }
            _ => {
                let Some((star_at, taken)) = star else { return false };
                star = Some((star_at, taken + 1));
                at = star_at + 1;
                in_name = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Patterns> {
        let mut options = Options::new(crate::options::OPTIONS);
        options.set("exclude", text)?;
        Patterns::read(&options)
    }

    #[test]
    fn patterns_match_within_names() {
        for (pattern, path, wanted) in [
            ("log", "log", true),
            ("log/", "log", true),
            ("log", "log/x", false),
            ("pg_log/*.csv", "pg_log/a.csv", true),
            ("pg_log/*.csv", "pg_log/a.csv.gz", false),
            ("pg_log/*.csv", "pg_log/sub/a.csv", false),
            ("*logs", "my_logs", true),
            ("l?g", "lg", false),
            ("*a*b?", "xaxbxbc", true),
        ] {
            let hit = read(pattern).unwrap().leave_out(&RelPath::new(path).unwrap(), true);
            assert_eq!(hit, wanted, "{pattern} {path}");
        }
    }

    #[test]
    fn names_of_directories_match_outside_of_what_a_server_needs() {
        let ignore = |names: &str| {
            let mut options = Options::new(crate::options::OPTIONS);
            options.set("ignore_subdirs", names)?;
            Patterns::read(&options)
        };
        for (path, is_file, wanted) in [
            ("old", false, true),
            ("log/old", false, true),
            ("log/old", true, false),
            ("log/older", false, false),
            ("base/old", false, false),
            ("pg_logical/old", false, false),
        ] {
            let hit = ignore("old").unwrap().leave_out(&RelPath::new(path).unwrap(), is_file);
            assert_eq!(hit, wanted, "{path}");
        }
        assert!(ignore("pgsql_tmp,pg_stat_tmp").unwrap().told().is_empty());
        assert!(ignore("more").unwrap().refuse_used(Path::new("a/more/x.conf")).is_err());
        for bad in ["base", "pg_*", "a/b", "..", "/old", "old,global"] {
            assert_eq!(ignore(bad).map(|_| bad).unwrap_err().kind(), Kind::Config, "{bad}");
        }
    }

    #[test]
    fn what_a_server_needs_is_not_left_out() {
        for pattern in [
            "base",
            "base/5/*",
            "*",
            "pg_*",
            "global/pg_control",
            "PG_VERSIO?",
            "pg_tblspc/1",
            "postgresql.*",
            "/var/log",
            "../x",
            "a//b",
            "log,pg_xact",
        ] {
            let error = read(pattern).map(|_| pattern).unwrap_err();
            assert_eq!(error.kind(), Kind::Config, "{pattern}");
        }
        let patterns = read("log, conf.d/*").unwrap();
        patterns.refuse_used(Path::new("server.key")).unwrap();
        assert!(patterns.refuse_used(Path::new("conf.d/x.conf")).is_err());
        assert_eq!(patterns.told().len(), 2);
    }
}
