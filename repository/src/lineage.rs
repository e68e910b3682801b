//! Lineages that an operator accepted: after an upgrade or a new beginning a target's log and backups
//! are another server's history, and nothing but an explicit word tells that from a mistake.

use crate::document;
use crate::storage::Created;
use crate::unit::UnitStore;
use chrono::{DateTime, Utc};
use errors::Result;
use serde::{Deserialize, Serialize};
use system::failpoint::LINEAGE;

const KIND: &str = "lineage";

/// The content of `lineages/<lineage>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Accepted {
    lineage: String,
    accepted_at: DateTime<Utc>,
}

impl UnitStore {
    /// Accepts a lineage for this target, beside those that are there; `false`: it was accepted
    /// before.
    ///
    /// # Errors
    /// The storage cannot be written.
    pub fn accept_lineage(&self, lineage: &str) -> Result<bool> {
        let key = self.keys.accepted(lineage);
        let content = Accepted { lineage: lineage.to_owned(), accepted_at: Utc::now() };
        let created = document::write(self.storage.as_ref(), &key, LINEAGE, KIND, &content)?;
        Ok(created == Created::New)
    }

    /// The lineages that were accepted, sorted.
    ///
    /// # Errors
    /// The storage cannot be read; or a document is damaged.
    pub fn accepted_lineages(&self) -> Result<Vec<String>> {
        let mut lineages = Vec::new();
        for entry in self.storage.list(&self.keys.lineages())? {
            let Some(name) = entry.name.strip_suffix(".json") else { continue };
            let key = self.keys.accepted(name);
            let content = document::read::<Accepted>(self.storage.as_ref(), &key, KIND)?;
            lineages.extend(content.map(|content| content.lineage).filter(|read| read == name));
        }
        Ok(lineages)
    }
}
