//! Windows: from when to when a link can serve, as far as the kept log goes.

use crate::Position;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How far recovery from a link can go; it begins at the link's own `earliest`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The history that it follows, in the engine's words (a timeline).
    pub history: String,
    /// Where the log ends, or the first gap begins.
    pub to: Position,
    /// When the last transaction ended before that.
    pub last: Option<DateTime<Utc>>,
    /// The latest full second that recovery can be asked for; `None` where no transaction ended
    /// after the link.
    pub latest: Option<DateTime<Utc>>,
    /// Whether the log that the link itself needs is there.
    pub is_whole: bool,
    /// What is missing before the log goes on.
    pub gap: Option<Gap>,
}

/// Log that is missing, with log behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Name of the first piece that is missing.
    pub first: String,
    /// Name of the last one.
    pub last: String,
    /// How many there are.
    pub pieces: u64,
    /// When the first transaction ended behind it. Only a younger backup can recover that.
    pub resumes: Option<DateTime<Utc>>,
}

/// A moment that somebody named while the server ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedPoint {
    /// The name.
    pub name: String,
    /// When it was made, by the server's clock.
    pub time: DateTime<Utc>,
    /// Where it lies.
    pub position: Position,
    /// The history that it was found on.
    pub history: String,
}
