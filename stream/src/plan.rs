//! Plans: what a recovery will do, as a value that can be printed before anything is done.

use crate::{LinkName, Position, RelPath, RootName};
use chrono::{DateTime, Utc};
use errors::{Error, Kind};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Where recovery shall end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecoveryTarget {
    /// All the log that there is.
    Latest,
    /// As soon as the data is consistent.
    Immediate,
    /// A moment, by the server's clock.
    Time(DateTime<Utc>),
    /// A position of the engine's log.
    Position(Position),
    /// The end of a transaction, as the engine names them: a number, a GTID.
    Transaction(#[serde(deserialize_with = "text_or_number")] String),
    /// A point that somebody named while the server ran.
    Name(String),
}

/// What the server does when it has reached the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetAction {
    /// Stays readable and waits to be told.
    Pause,
    /// Becomes a primary at once.
    Promote,
    /// Stops.
    Shutdown,
}

impl Layout {
    /// The directory of the main root.
    ///
    /// # Errors
    /// `bug`: the layout does not say where it goes.
    pub fn main_dir(&self) -> errors::Result<&Path> {
        let dir = self.roots.get(&self.main).map(PathBuf::as_path);
        dir.ok_or_else(|| {
            Error::new(Kind::Bug, format!("the layout has no place for {}", self.main))
        })
    }
}

impl fmt::Display for TargetAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pause => "pause",
            Self::Promote => "promote",
            Self::Shutdown => "shutdown",
        })
    }
}

/// What the operator asks for.
#[derive(Debug, Clone)]
pub struct RecoveryRequest {
    /// Where to end.
    pub target: RecoveryTarget,
    /// Whether what lies exactly at the target is kept; `None` leaves the database's own default.
    pub inclusive: Option<bool>,
    /// What then; `None` leaves the database's own default.
    pub action: Option<TargetAction>,
    /// The link to start from; `None` chooses the newest that serves.
    pub link: Option<LinkName>,
    /// Which history to follow where there are several, in the engine's own words (a timeline);
    /// `None` leaves the engine's default.
    pub history: Option<String>,
}

/// A run of log that recovery will read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSpan {
    /// The lineage.
    pub lineage: String,
    /// The lane.
    pub lane: String,
    /// Name of the first piece.
    pub first: String,
    /// Name of the last piece that was proven present.
    pub last: String,
    /// How many there are.
    pub pieces: u64,
}

/// A recovery that has been proven possible, as far as can be known before it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The links to lay out, parents first.
    pub chain: Vec<Uuid>,
    /// Where it will end.
    pub target: RecoveryTarget,
    /// Whether what lies exactly at the target is kept.
    pub inclusive: bool,
    /// What the server does then.
    pub action: TargetAction,
    /// The log it will read, in order.
    pub log: Vec<LogSpan>,
    /// What the engine needs for the last mile, in its words.
    pub settings: BTreeMap<String, String>,
    /// What the operator should know before he says yes.
    pub notes: Vec<String>,
}

/// Where each root goes, and what is special about some files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The root that goes to the destination itself; all others lie beside it or elsewhere.
    pub main: RootName,
    /// Each root's directory.
    pub roots: BTreeMap<RootName, PathBuf>,
    /// Files without which no server starts: they come last.
    pub held_back: Vec<(RootName, RelPath)>,
    /// Files that the last mile writes in its own way.
    pub left_out: Vec<(RootName, RelPath)>,
}

/// How a restored server is started, where it is not the usual way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartCommand {
    /// The command, for a shell.
    pub command: String,
    /// What the operator should know of it.
    pub notes: Vec<String>,
}

/// Until version 0.1 a transaction was a number.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Number(u64),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::Text(text) => text,
        Written::Number(number) => number.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_may_stand_as_a_number() {
        let wanted = RecoveryTarget::Transaction("731".to_owned());
        for text in ["{\"transaction\":731}", "{\"transaction\":\"731\"}"] {
            assert_eq!(serde_json::from_str::<RecoveryTarget>(text).unwrap(), wanted);
        }
    }
}
