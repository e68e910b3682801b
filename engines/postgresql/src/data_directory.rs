//! The data directory: on this host, readable, and the one of the server that we talk to.

use errors::{Error, Kind, Result};
use formats::control::{ClusterState, ControlError, ControlFile};
use formats::{Lsn, SystemIdentifier};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use system::Users;

/// Where pg_control lies in a data directory.
pub(crate) const CONTROL: &str = "global/pg_control";
/// The server rewrites pg_control in place, and file systems show torn reads of it.
const CONTROL_ATTEMPTS: u32 = 50;
const CONTROL_PAUSE: Duration = Duration::from_millis(20);

/// A data directory on this host.
#[derive(Debug, Clone)]
pub(crate) struct DataDirectory {
    pub(crate) path: PathBuf,
}

impl DataDirectory {
    /// Opens the directory that the server names, and compares its identity with the server's.
    ///
    /// # Errors
    /// `source-files`: it is not on this host, or not readable by this user; `system-identifier`.
    pub(crate) fn open(path: &Path, expected: SystemIdentifier) -> Result<Self> {
        let directory = Self { path: path.to_owned() };
        let control = directory.control()?.0;
        if control.system_identifier != expected {
            return Err(Error::new(
                Kind::SystemIdentifier,
                format!(
                    "{} belongs to the cluster {}, the server is the cluster {expected}",
                    path.display(),
                    control.system_identifier
                ),
            )
            .hint("Is the server on another host, or in a container? Then run Seawall there, or set data_directory."));
        }
        Ok(directory)
    }

    /// pg_control, and its bytes; read again while it is torn.
    ///
    /// # Errors
    /// `source-files`; `server-version` when it is of an unknown version.
    pub(crate) fn control(&self) -> Result<(ControlFile, Vec<u8>)> {
        let path = self.path.join(CONTROL);
        let mut last = None;
        for _ in 0..CONTROL_ATTEMPTS {
            let bytes = fs::read(&path).map_err(|error| self.unreadable(&path, error))?;
            match ControlFile::parse(&bytes) {
                Ok(control) => return Ok((control, bytes)),
                Err(error @ (ControlError::Checksum { .. } | ControlError::TooShort { .. })) => {
                    last = Some(error);
                    std::thread::sleep(CONTROL_PAUSE);
                }
                Err(error) => {
                    let what = format!("{} cannot be used", path.display());
                    return Err(Error::new(Kind::ServerVersion, what).caused_by(error));
                }
            }
        }
        let damaged = Error::new(Kind::SourceFiles, format!("{} stays damaged", path.display()));
        Err(match last {
            Some(error) => damaged.caused_by(error),
            None => damaged,
        })
    }

    /// After the start of a backup, the control file on disk must already tell of the checkpoint
    /// that the start made: that proves that this directory is the server's own, and no copy.
    ///
    /// # Errors
    /// `system-identifier`.
    pub(crate) fn prove(&self, start: Lsn, expected: SystemIdentifier) -> Result<ControlFile> {
        let control = self.control()?.0;
        let (path, state) = (self.path.display(), control.state);
        if control.system_identifier != expected
            || control.checkpoint < start
            || state != ClusterState::InProduction
        {
            return Err(Error::new(
                Kind::SystemIdentifier,
                format!(
                    "{path} is not the server's data directory: it is {state}, its last checkpoint \
                     is {}, and the backup began at {start}",
                    control.checkpoint
                ),
            )
            .hint("It may be a copy, or a standby of the same cluster: set data_directory, or run Seawall on the server's host."));
        }
        Ok(control)
    }

    fn unreadable(&self, path: &Path, error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::PermissionDenied => {
                let me = Users::new().user(Users::effective_uid());
                Error::new(
                    Kind::SourceFiles,
                    format!("{} cannot be read by the user {me}", path.display()),
                )
                .hint(format!("Run as the user {}.", self.owner()))
            }
            io::ErrorKind::NotFound => Error::new(
                Kind::SourceFiles,
                format!("there is no data directory {} on this host", self.path.display()),
            )
            .hint("Run Seawall on the server's host. In a container the path may differ: set data_directory."),
            _ => Error::io(format!("read {}", path.display()), error).with_kind(Kind::SourceFiles),
        }
    }

    /// Who owns the directory, or the nearest one above it that can be looked at.
    fn owner(&self) -> String {
        let uid = self.path.ancestors().find_map(|path| fs::metadata(path).ok()).map(|m| m.uid());
        let name = uid.map(|uid| Users::new().user(uid)).unwrap_or_default();
        if name.is_empty() { "postgres".to_owned() } else { name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(name: &str) -> (tempfile::TempDir, DataDirectory) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("global")).unwrap();
        let origin = format!("{}/../../fixtures/postgresql/{name}", env!("CARGO_MANIFEST_DIR"));
        fs::copy(origin, dir.path().join(CONTROL)).unwrap();
        let directory = DataDirectory { path: dir.path().to_owned() };
        (dir, directory)
    }

    #[test]
    fn a_torn_control_file_is_read_again() {
        let (_dir, directory) = directory("15/pg_control.bin");
        let path = directory.path.join(CONTROL);
        let good = fs::read(&path).unwrap();
        let mut torn = good.clone();
        torn[100] ^= 1;
        fs::write(&path, torn).unwrap();
        let read = std::thread::scope(|scope| {
            let reading = scope.spawn(|| directory.control());
            std::thread::sleep(CONTROL_PAUSE * 3);
            fs::write(&path, &good).unwrap();
            reading.join().unwrap()
        });
        assert_eq!(read.unwrap().1, good);
    }

    #[test]
    fn a_control_file_that_stays_damaged_is_an_error() {
        let (_dir, directory) = directory("15/pg_control.bin");
        fs::write(directory.path.join(CONTROL), [0; 8192]).unwrap();
        assert!(directory.control().is_err());
    }

    #[test]
    fn an_older_checkpoint_or_a_server_that_recovers_is_not_ours() {
        let (_dir, directory) = directory("15/pg_control.bin");
        let system = directory.control().unwrap().0.system_identifier;
        directory.prove(Lsn(0x2035060), system).unwrap();
        for (start, system) in [(Lsn(0x3000028), system), (Lsn(1), SystemIdentifier::new(1))] {
            let error = directory.prove(start, system).unwrap_err();
            assert_eq!(error.kind(), Kind::SystemIdentifier);
        }
    }
}
