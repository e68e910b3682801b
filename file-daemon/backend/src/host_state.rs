//! The host's state directory: what Bacula does not give back. `<directory>/<job>/<subject>.json`.
//!
//! It is keyed by the unique name of a job, and a later job names the one that it continues: so what
//! a failed job left is never asked for. It is a cache: where something is missing, a full is taken.

use crate::envelope::Envelope;
use crate::names::Subject;
use errors::{Error, Result};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use stream::percent_encode;
use system::durable;
use system::failpoint::HOST_STATE;

/// What is older is forgotten, for nobody takes a differential after so long a time.
const KEPT: Duration = Duration::from_secs(800 * 24 * 3600);

/// Only root may know what is backed up here.
const DIR_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// The directory.
pub(crate) struct HostState(PathBuf);

impl HostState {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self(dir)
    }

    /// What a job kept of a subject; `None` where there is nothing, or nothing that can be read.
    pub(crate) fn read(&self, job: &str, subject: &Subject) -> Option<Envelope> {
        let path = self.path(job, subject);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!("the state {} cannot be read: {error}", path.display());
                return None;
            }
        };
        Envelope::parse(&text)
            .inspect_err(|error| {
                tracing::warn!("the state {} is of no use: {}", path.display(), error.line());
            })
            .ok()
    }

    /// Keeps what a job that ended well has made, and forgets what is old.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, job: &str, subject: &Subject, envelope: &Envelope) -> Result<()> {
        let path = self.path(job, subject);
        let text = envelope.print()?;
        let write = || {
            path.parent().map_or(Ok(()), |dir| durable::create_dirs(dir, DIR_MODE))?;
            durable::replace_file(&path, &text, FILE_MODE, HOST_STATE)
        };
        write().map_err(|error| Error::io(format!("write {}", path.display()), error))?;
        self.forget();
        Ok(())
    }

    fn path(&self, job: &str, subject: &Subject) -> PathBuf {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
        // A dot in front could lead elsewhere.
        let name = |text: &str| format!("j{}", percent_encode(text.as_bytes(), plain));
        self.0.join(name(job)).join(format!("{}.json", subject.as_str()))
    }

    /// Failures are none: what is old harms nobody.
    fn forget(&self) {
        let is_old = |path: &Path| {
            let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
            let age = |time| SystemTime::now().duration_since(time).unwrap_or_default();
            modified.is_ok_and(|time| age(time) > KEPT)
        };
        for entry in fs::read_dir(&self.0).into_iter().flatten().flatten() {
            if is_old(&entry.path()) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::tests::envelope;

    #[test]
    fn each_job_has_its_own_and_damage_is_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let state = HostState::new(dir.path().join("deep"));
        let subject = Subject::new(&envelope(1).link.target, None);
        assert!(state.read("a.2026-11-20_11.58.29_05", &subject).is_none());
        state.write("a.2026-11-20_11.58.29_05", &subject, &envelope(1)).unwrap();
        state.write("../b", &subject, &envelope(2)).unwrap();
        let job =
            |name: &str| state.read(name, &subject).map(|envelope| envelope.link.job.to_string());
        assert_eq!(job("a.2026-11-20_11.58.29_05").as_deref(), Some("0000000001"));
        assert_eq!(job("../b").as_deref(), Some("0000000002"));
        assert_eq!(job("b"), None);
        fs::write(state.path("../b", &subject), "{").unwrap();
        assert_eq!(job("../b"), None);
    }
}
