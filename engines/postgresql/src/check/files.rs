//! The files: the data directory is the server's own, readable, and all of it in a backup; so are
//! tablespaces and the configuration outside of it.

use super::{Doctor, Findings, NAMED_MAX, catalogue as rule, few};
use crate::configuration::Configuration;
use crate::data_directory::DataDirectory;
use crate::listing::belongs_to_server;
use crate::roots::LINKS;
use crate::{exclude, server};
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
/// Entries that are looked at for links: an administrator's own directories are small.
const ENTRIES_MAX: usize = 10_000;

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
        let spaces = tablespaces(&self.path, control, self.major);
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

    /// Links outside the server's own directories whose targets are directories, or gone.
    fn links(&self) -> Findings {
        let (mut left, mut links, mut seen) = (vec![self.path.clone()], Vec::new(), 0);
        while let Some(dir) = left.pop() {
            // Unreadable directories are a finding of their own.
            for entry in entries(&dir).unwrap_or_default() {
                seen += 1;
                let path = entry.path();
                let below = path.strip_prefix(&self.path).unwrap_or(&path);
                let top = below.components().next().map(|part| part.as_os_str().to_owned());
                let top = top.unwrap_or_default().to_string_lossy().into_owned();
                let is_servers = belongs_to_server(below)
                    || exclude::is_emptied(&top)
                    || exclude::is_left_out_at_top(&top)
                    || ["pg_wal", "pg_tblspc"].contains(&top.as_str());
                let Ok(kind) = entry.file_type() else { continue };
                if is_servers || seen > ENTRIES_MAX {
                    continue;
                }
                if kind.is_dir() {
                    left.push(path);
                } else if kind.is_symlink() && !fs::metadata(&path).is_ok_and(|m| m.is_file()) {
                    let to = fs::read_link(&path).unwrap_or_default();
                    links.push(format!("{} -> {}", below.display(), to.display()));
                }
            }
        }
        links.sort();
        if links.is_empty() {
            let text = "a backup follows every link in the data directory";
            return Ok(vec![Diagnosis::ok(&rule::LINKS, text)]);
        }
        let text = format!("kept as links, what lies there is not in the backup: {}", few(&links));
        Ok(vec![
            Diagnosis::warning(&rule::LINKS, text)
                .hint("Back those directories up yourself, or move them into the data directory.")
                .hint(
                    "For server logs nothing is lost: the link comes back, make its target first.",
                ),
        ])
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

/// Tablespaces: each location is looked at, whatever the others are.
fn tablespaces(data: &Path, control: &ControlFile, major: u16) -> Findings {
    let links = data.join(LINKS);
    let version = format!("PG_{major}_{}", control.catalog_version);
    let (mut found, mut count) = (Vec::new(), 0);
    for entry in entries(&links)? {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.parse::<u32>().is_err() {
            continue;
        }
        count += 1;
        let location = fs::read_link(entry.path()).map_or(entry.path(), |to| links.join(to));
        found.extend(trouble(&name, &location, &version));
    }
    if found.is_empty() {
        let text = format!("{count} tablespace(s), each there and readable");
        return Ok(vec![
            Diagnosis::ok(&rule::TABLESPACE_MISSING, text.clone()),
            Diagnosis::ok(&rule::TABLESPACE_UNREADABLE, text),
        ]);
    }
    Ok(found)
}

fn trouble(name: &str, location: &Path, version: &str) -> Option<Diagnosis> {
    let shown = location.display();
    let directory = location.join(version);
    // Behind a closed directory nobody sees whether something is there.
    let refused = [location, &directory].into_iter().find(|path| is_closed(path));
    if let Some(refused) = refused.map(Path::to_owned).or_else(|| database(&directory)) {
        let me = Users::new().user(Users::effective_uid());
        let text =
            format!("the tablespace {name}: the user {me} cannot read {}", refused.display());
        return Some(
            Diagnosis::error(&rule::TABLESPACE_UNREADABLE, text)
                .hint(format!("chown -R {me} '{shown}' && chmod u+rwx '{}'", refused.display())),
        );
    }
    (!directory.is_dir()).then(|| {
        let text = format!("the tablespace {name} is missing: there is no {}", directory.display());
        Diagnosis::error(&rule::TABLESPACE_MISSING, text)
            .hint(format!("Mount the disk that belongs to {shown}."))
            .hint("If it is lost: restore, or drop what lay there and the tablespace.")
    })
}

fn is_closed(path: &Path) -> bool {
    let denied = |error: io::Error| error.kind() == io::ErrorKind::PermissionDenied;
    fs::metadata(path).is_err_and(denied) || refuses(path)
}

/// A database's directory that cannot be read.
fn database(directory: &Path) -> Option<PathBuf> {
    let databases = entries(directory).unwrap_or_default();
    databases.into_iter().map(|entry| entry.path()).find(|path| refuses(path))
}

/// Configuration files outside the data directory: a backup takes those that it can read.
pub(super) fn configuration(doctor: &Doctor<'_>) -> Findings {
    let data = server::data_directory(&doctor.session, &doctor.job.options)?;
    let asked = Configuration::ask(&doctor.session, &data, doctor.major)?;
    let outside: Vec<_> = asked.outside.iter().map(|path| path.display().to_string()).collect();
    let text = match outside.len() {
        0 => "all configuration files that can be read are in the data directory".to_owned(),
        _ => format!("from outside the data directory a backup takes {}", few(&outside)),
    };
    let mut found = vec![Diagnosis::ok(&rule::CONFIGURATION, text)];
    found.extend(asked.findings.into_iter().map(|finding| {
        Diagnosis::warning(&rule::CONFIGURATION, finding.text)
            .hint("Let the user that takes the backups read it.")
    }));
    Ok(found)
}

fn entries(dir: &Path) -> Result<Vec<fs::DirEntry>> {
    let failed = || format!("read {}", dir.display());
    let entries = fs::read_dir(dir).or_kind(Kind::SourceFiles, failed)?;
    entries.collect::<io::Result<_>>().or_kind(Kind::SourceFiles, failed)
}

/// Whether this user may not read what is there; what is gone is no matter.
fn refuses(path: &Path) -> bool {
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
