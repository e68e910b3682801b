//! The data directory: the server's own, readable, and all of it in a backup.

mod outside;

use super::{Doctor, Findings, NAMED_MAX, catalogue as rule, few, tablespaces};
use crate::data_directory::DataDirectory;
use crate::exclude;
use crate::server;
use errors::{Context, Kind, Result, Rule};
use formats::{ControlFile, SystemIdentifier};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use stream::Diagnosis;
use system::Users;

/// Longest look at files: a network file system may hang.
const LIMIT: Duration = Duration::from_secs(60);
/// Segments that may wait for the archiver.
const WAITING_MAX: usize = 3;

/// What the looks at files need; no session, so that a thread of its own can do them.
struct Files {
    path: PathBuf,
    system: SystemIdentifier,
    major: u16,
}

pub(super) fn look(doctor: &Doctor<'_>) -> Findings {
    let files = Files {
        path: server::data_directory(&doctor.session, &doctor.job.options)?,
        system: server::system_identifier(&doctor.session)?,
        major: doctor.major,
    };
    let what = format!("look at the files of {}", files.path.display());
    system::within(LIMIT, &what, move || Ok(files.all()))
}

impl Files {
    fn all(&self) -> Vec<Diagnosis> {
        let shown = self.path.display();
        let data = DataDirectory { path: self.path.clone() };
        let control = match data.control() {
            Ok((control, _)) => control,
            Err(error) => return vec![Diagnosis::failure(&rule::DATA_DIRECTORY, &error)],
        };
        let mut found = vec![Diagnosis::ok(
            &rule::DATA_DIRECTORY,
            format!("the data directory {shown} is on this host, and readable"),
        )];
        match DataDirectory::open(&self.path, self.system) {
            Ok(_) => found.push(Diagnosis::ok(
                &rule::DATA_FOREIGN,
                format!("{shown} is of the server's cluster"),
            )),
            // What lies there says nothing about the server.
            Err(error) => {
                found.push(Diagnosis::failure(&rule::DATA_FOREIGN, &error));
                return found;
            }
        }
        self.each(&control, &mut found);
        found
    }

    fn each(&self, control: &ControlFile, found: &mut Vec<Diagnosis>) {
        let mut note = |rule: &'static Rule, looked: Findings| match looked {
            Ok(some) => found.extend(some),
            Err(error) => found.push(Diagnosis::unknown(rule, &error)),
        };
        note(&rule::DATA_UNREADABLE, self.unreadable());
        let spaces = tablespaces::look(&self.path, control, self.major);
        note(&rule::TABLESPACE_MISSING, spaces);
        note(&rule::LINKS, self.links());
        note(&rule::BACKUP_LABEL, self.label());
        note(&rule::QUEUE, self.queue());
    }

    fn unreadable(&self) -> Findings {
        let mut refused = Vec::new();
        for entry in entries(&self.path)? {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_read = !exclude::is_left_out_at_top(&name) && !exclude::is_emptied(&name);
            if is_read && refuses(&entry.path()) {
                refused.push(name);
            }
        }
        refused.sort();
        if refused.is_empty() {
            let text = "everything directly in the data directory can be read";
            return Ok(vec![Diagnosis::ok(&rule::DATA_UNREADABLE, text)]);
        }
        let me = Users::new().user(Users::effective_uid());
        let (path, names) = (self.path.display(), few(&refused));
        let found = Diagnosis::error(
            &rule::DATA_UNREADABLE,
            format!("the user {me} cannot read in {path}: {names}"),
        );
        let hint = |name: &String| {
            format!("chown {me} '{path}/{name}' or move it out of the data directory.")
        };
        Ok(vec![refused.iter().take(NAMED_MAX).map(hint).fold(found, Diagnosis::hint)])
    }

    fn label(&self) -> Findings {
        let label = self.path.join("backup_label");
        if fs::symlink_metadata(&label).is_err() {
            let text = "there is no backup_label in the data directory";
            return Ok(vec![Diagnosis::ok(&rule::BACKUP_LABEL, text)]);
        }
        let text = format!(
            "there is {} while the server runs: after a crash it would recover from that label, or not start",
            label.display()
        );
        let found = Diagnosis::warning(&rule::BACKUP_LABEL, text);
        let found = if self.major < 15 {
            found.hint("If SELECT pg_is_in_backup() says t, another tool's exclusive backup runs: let it end, or SELECT pg_stop_backup();")
        } else {
            found
        };
        Ok(vec![found.hint(format!("Otherwise it is left over: rm '{}'", label.display()))])
    }

    fn queue(&self) -> Findings {
        let dir = self.path.join("pg_wal/archive_status");
        let mut waiting: Vec<String> = entries(&dir)?
            .into_iter()
            .filter_map(|entry| {
                entry.file_name().to_str()?.strip_suffix(".ready").map(str::to_owned)
            })
            .collect();
        waiting.sort();
        let count = waiting.len();
        if count <= WAITING_MAX {
            let text = format!("{count} file(s) wait for the archiver");
            return Ok(vec![Diagnosis::ok(&rule::QUEUE, text)]);
        }
        let oldest = waiting.first().cloned().unwrap_or_default();
        Ok(vec![
            Diagnosis::warning(
                &rule::QUEUE,
                format!("{count} files wait for the archiver, the oldest is {oldest}"),
            )
            .hint("pg_wal grows until its disk is full: see whether archive_command fails or is slow.")
            .hint("Never remove files from pg_wal by hand."),
        ])
    }
}

pub(super) fn entries(dir: &Path) -> Result<Vec<fs::DirEntry>> {
    let failed = || format!("read {}", dir.display());
    let entries = fs::read_dir(dir).or_kind(Kind::SourceFiles, failed)?;
    entries.collect::<io::Result<_>>().or_kind(Kind::SourceFiles, failed)
}

/// Whether this user may not read what is there; what is gone is no matter.
pub(super) fn refuses(path: &Path) -> bool {
    let Ok(metadata) = fs::metadata(path) else { return false };
    let looked = if metadata.is_dir() {
        fs::read_dir(path).map(drop)
    } else if metadata.is_file() {
        File::open(path).map(drop)
    } else {
        Ok(())
    };
    looked.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}
