//! The error that crosses the rooms.

use crate::Kind;
use std::fmt;

/// Result with the error of this house.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A failure: its kind, a fact, hints, and what caused it.
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    message: String,
    hints: Vec<String>,
    source: Option<Source>,
}

impl Error {
    /// A failure of this kind. The message is a lowercase fact without a full stop.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), hints: Vec::new(), source: None }))
    }

    /// Adds a sentence that says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// Records what caused this failure.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Puts what was being done in front of the message: "verb noun: message".
    #[must_use]
    pub fn context(mut self, doing: impl fmt::Display) -> Self {
        self.0.message = format!("{doing}: {}", self.0.message);
        self
    }

    /// A failure of the file system. A full disk or quota gets a kind of its own.
    pub fn io(doing: impl fmt::Display, source: std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let kind = match source.kind() {
            Io::StorageFull | Io::QuotaExceeded => Kind::NoSpace,
            Io::TimedOut => Kind::Timeout,
            _ => Kind::Io,
        };
        Self::new(kind, doing.to_string()).caused_by(source)
    }

    /// The same failure for one more who waits: its causes become part of the message.
    #[must_use]
    pub fn repeat(&self) -> Self {
        let (kind, message, hints) = (self.0.kind, self.line(), self.0.hints.clone());
        Self(Box::new(Inner { kind, message, hints, source: None }))
    }

    /// What sort of failure this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The same failure, seen as another kind by a caller who knows more.
    #[must_use]
    pub fn with_kind(mut self, kind: Kind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Exit status of the command that this failure ends.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        self.0.kind.entry().exit
    }

    /// The fact, without hints and cause.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Sentences that say what to do.
    #[must_use]
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }

    /// The fact and its causes in one line, without hints.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = self.0.message.clone();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            let text = cause.to_string();
            // Wrappers often repeat their cause: said once is enough.
            if !line.ends_with(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            next = cause.source();
        }
        line
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.line(), self.0.kind.entry().code)?;
        self.0.hints.iter().try_for_each(|hint| write!(f, "\nhint: {hint}"))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// Turns foreign errors into ours where they are met.
pub trait Context<T> {
    /// Names the kind and what was being done.
    fn or_kind<D: fmt::Display>(self, kind: Kind, doing: impl FnOnce() -> D) -> Result<T>;
}

impl<T, E: Into<Source>> Context<T> for std::result::Result<T, E> {
    fn or_kind<D: fmt::Display>(self, kind: Kind, doing: impl FnOnce() -> D) -> Result<T> {
        self.map_err(|source| Error::new(kind, doing().to_string()).caused_by(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_has_its_own_kind() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        assert_eq!(Error::io("write volume", full).exit_status(), 16);
    }

    #[test]
    fn the_line_holds_the_chain_of_causes_once() {
        let inner = Error::new(Kind::Io, "read page").caused_by("input/output error");
        let outer = Error::new(Kind::Checksum, "check file").caused_by(inner);
        assert_eq!(outer.line(), "check file: read page: input/output error");
    }

    #[test]
    fn debug_shows_hints_and_code() {
        let error = Error::new(Kind::Auth, "password refused").hint("Check `.pgpass`.");
        assert_eq!(format!("{error:?}"), "password refused [auth]\nhint: Check `.pgpass`.");
    }
}
