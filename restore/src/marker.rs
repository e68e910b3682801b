//! Markers: what is told beside a restored tree, because stock verifiers refuse strange files in it.

use chrono::{DateTime, Utc};
use errors::{Context, Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use stream::{Link, Plan, UnitName};
use system::durable;
use system::failpoint::MARKER;
use uuid::Uuid;

/// Of directories above the restored one that are not there yet.
const DIR_MODE: u32 = 0o755;

/// What a restore did, or was about to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Marker {
    /// `restore`.
    pub seawall: String,
    /// 1.
    pub version: u32,
    /// The repository that the tree came from; absent: a file daemon gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Uuid>,
    /// The target.
    pub target: String,
    /// What of it, where a target has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitName>,
    /// `<from>_<to>_<jobid>` of the newest link.
    pub link: String,
    /// The recovery that is prepared; absent until it is proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// When the restore began.
    pub started_at: DateTime<Utc>,
    /// When it was complete; absent: it is not, and no server may be started on it.
    pub finished_at: Option<DateTime<Utc>>,
}

/// `DIR.seawall.json`, beside the directory.
#[must_use]
pub fn marker_path(dir: &Path) -> PathBuf {
    let mut name = dir.file_name().map(OsString::from).unwrap_or_default();
    name.push(".seawall.json");
    dir.with_file_name(name)
}

/// Writes a link as `<dir>/<from>_<to>_<jobid>.json`, beside what came of it.
///
/// # Errors
/// It cannot be written.
pub fn write_link(dir: &Path, link: &Link) -> Result<()> {
    let text = serde_json::to_vec_pretty(link).or_kind(Kind::Bug, || "print a link")?;
    let path = dir.join(format!("{}.json", link.name()));
    fs::write(&path, text).map_err(|error| Error::io(format!("write {}", path.display()), error))
}

impl Marker {
    /// The marker of a restore that begins now.
    #[must_use]
    pub fn begin(repository: Option<Uuid>, link: &Link, plan: Option<&Plan>) -> Self {
        Self {
            seawall: "restore".to_owned(),
            version: 1,
            repository,
            target: link.target.to_string(),
            unit: link.unit.clone(),
            link: link.name().to_string(),
            plan: plan.cloned(),
            started_at: Utc::now(),
            finished_at: None,
        }
    }

    /// Says that the directory is finished, and by which recovery.
    ///
    /// # Errors
    /// As [`Marker::write`].
    pub fn finish(&mut self, plan: &Plan, dir: &Path, at: DateTime<Utc>) -> Result<()> {
        self.plan = Some(plan.clone());
        self.finished_at = Some(at);
        self.write(dir)
    }

    /// The marker of a directory, where there is a readable one.
    #[must_use]
    pub fn read(dir: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(marker_path(dir)).ok()?).ok()
    }

    /// Writes the marker beside the directory, over an older one. Where this user may not write
    /// there (the directory may be a mounted disk), it is told, and the restore goes on without.
    ///
    /// # Errors
    /// It cannot be written for another reason.
    pub fn write(&self, dir: &Path) -> Result<()> {
        let path = marker_path(dir);
        let mut text = serde_json::to_vec_pretty(self).or_kind(Kind::Bug, || "print marker")?;
        text.push(b'\n');
        let write = || {
            path.parent().map_or(Ok(()), |parent| durable::create_dirs(parent, DIR_MODE))?;
            durable::replace_file(&path, &text, 0o640, MARKER)
        };
        match write() {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                tracing::warn!("no marker is written: {} is not ours to write", path.display());
                Ok(())
            }
            written => {
                written.map_err(|error| Error::io(format!("write {}", path.display()), error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_lies_beside_the_directory() {
        assert_eq!(marker_path(Path::new("/srv/pg/main")), Path::new("/srv/pg/main.seawall.json"));
    }
}
