//! What the operator leaves out, next to what never belongs into a backup.

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
    names: u64,
}

impl Patterns {
    /// Reads the option `exclude`.
    ///
    /// # Errors
    /// `config`: a pattern is no path in the data directory, or could hit what a server needs.
    pub(crate) fn read(options: &Options) -> Result<Self> {
        options.list("exclude").into_iter().map(Pattern::read).collect::<Result<_>>().map(Self)
    }

    /// Whether a path in the data directory is left out.
    pub(crate) fn leave_out(&mut self, path: &RelPath) -> bool {
        let mut any = false;
        for pattern in self.0.iter_mut().filter(|pattern| pattern.matches(path.as_bytes())) {
            pattern.names += 1;
            any = true;
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
    fn read(text: &str) -> Result<Self> {
        let path = RelPath::new(text.trim_end_matches('/')).map_err(|_| {
            Error::new(Kind::Config, format!("exclude: {text:?} is no path in a data directory"))
                .hint("Write it relative to the data directory: log, or pg_log/*.csv.")
        })?;
        let pattern = Self { path, text: text.to_owned(), names: 0 };
        let first = pattern.path.as_bytes().split(|&byte| byte == b'/').next().unwrap_or_default();
        match NEEDED.iter().find(|name| fits(first, name.as_bytes())) {
            None => Ok(pattern),
            Some(name) => Err(pattern.refused(name)),
        }
    }

    fn refused(&self, what: &str) -> Error {
        Error::new(Kind::Config, format!("exclude: {:?} would leave out {what}", self.text))
            .hint("A server that was restored without it would not start, or not have its data.")
    }

    /// Each part of the pattern must fit the part of the path in its place.
    fn matches(&self, path: &[u8]) -> bool {
        let is_slash = |byte: &u8| *byte == b'/';
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
            let hit = read(pattern).unwrap().leave_out(&RelPath::new(path).unwrap());
            assert_eq!(hit, wanted, "{pattern} {path}");
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
