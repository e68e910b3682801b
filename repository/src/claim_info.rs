//! What a claim says: the content of `job.json`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use stream::{JobId, Level, UnitName};
use system::ProcessIdentity;
use uuid::Uuid;

/// Its kind among documents.
pub(crate) const KIND: &str = "claim";

/// Which job holds a label.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClaimInfo {
    pub(crate) id: Uuid,
    pub(crate) job: JobId,
    pub(crate) level: Level,
    /// The unit's full name: the directory's may be cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<UnitName>,
    pub(crate) process: ProcessIdentity,
    pub(crate) claimed_at: DateTime<Utc>,
}
