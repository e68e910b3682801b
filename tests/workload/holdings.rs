//! Databases and tablespaces of a session. No transaction makes or drops them, so each oracle row
//! says what must be there, and what may be: around each change lies a row that leaves it open.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is known of a database.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// It exists, and its table has this hash.
    Hash(String),
    /// It exists, and is being written to.
    Unknown,
    /// It is being made, or dropped.
    Perhaps,
}

/// What a session has.
#[derive(Clone, Default)]
pub(crate) struct Holdings {
    pub(crate) databases: BTreeMap<String, Content>,
    /// Whether each must be there.
    pub(crate) tablespaces: BTreeMap<String, bool>,
}

impl Holdings {
    /// As a row of the oracle has it.
    pub(crate) fn print(&self) -> String {
        let content = |content: &Content| match content {
            Content::Hash(hash) => json!(hash),
            Content::Unknown => json!("unknown"),
            Content::Perhaps => json!("perhaps"),
        };
        let databases: BTreeMap<&String, Value> =
            self.databases.iter().map(|(name, what)| (name, content(what))).collect();
        json!({"databases": databases, "tablespaces": self.tablespaces}).to_string()
    }

    /// # Panics
    /// It was not printed by [`Holdings::print`].
    pub(crate) fn read(text: &str) -> Self {
        let value: Value = serde_json::from_str(text).unwrap();
        let databases = value["databases"].as_object().unwrap().iter();
        let tablespaces = value["tablespaces"].as_object().unwrap().iter();
        let content = |value: &Value| match value.as_str().unwrap() {
            "unknown" => Content::Unknown,
            "perhaps" => Content::Perhaps,
            hash => Content::Hash(hash.to_owned()),
        };
        Self {
            databases: databases.map(|(name, value)| (name.clone(), content(value))).collect(),
            tablespaces: tablespaces
                .map(|(name, value)| (name.clone(), value.as_bool().unwrap()))
                .collect(),
        }
    }
}
