//! What `check` finds.

use crate::LogView;
use errors::{Error, Rule};

/// One finding of `check`: its name is that of a catalogue's row.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// What was looked at.
    pub rule: &'static Rule,
    /// How bad it is.
    pub severity: Severity,
    /// A lowercase fact.
    pub text: String,
    /// What to do, as sentences or statements.
    pub hints: Vec<String>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Ok,
    /// A backup works, but something will hurt one day.
    Warning,
    /// A backup would fail, or be useless.
    Error,
}

/// What is stored of a target, for an engine that compares it with its server.
#[derive(Clone, Copy)]
pub struct Stored<'a> {
    /// The kept log.
    pub log: &'a dyn LogView,
    /// Where the repository is, as flags name it.
    pub place: &'a str,
    /// Bytes that can still be written there, where that is known.
    pub free: Option<u64>,
}

impl Diagnosis {
    /// As it should be.
    #[must_use]
    pub fn ok(rule: &'static Rule, text: impl Into<String>) -> Self {
        Self { rule, severity: Severity::Ok, text: text.into(), hints: Vec::new() }
    }

    /// Something will hurt one day.
    #[must_use]
    pub fn warning(rule: &'static Rule, text: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::ok(rule, text) }
    }

    /// A backup would fail, or be useless.
    #[must_use]
    pub fn error(rule: &'static Rule, text: impl Into<String>) -> Self {
        Self { severity: Severity::Error, ..Self::ok(rule, text) }
    }

    /// A backup would fail in the same way.
    #[must_use]
    pub fn failure(rule: &'static Rule, error: &Error) -> Self {
        Self { hints: hints(rule, error), ..Self::error(rule, error.line()) }
    }

    /// Nobody knows: it could not be looked at.
    #[must_use]
    pub fn unknown(rule: &'static Rule, error: &Error) -> Self {
        let text = format!("cannot be looked at: {}", error.line());
        Self { hints: hints(rule, error), ..Self::warning(rule, text) }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

/// Nobody is left without a word of what to do.
fn hints(rule: &'static Rule, error: &Error) -> Vec<String> {
    match error.hints() {
        [] => vec![rule.remedy().to_owned()],
        hints => hints.to_vec(),
    }
}
