//! What the server says of itself.

use crate::session::Session;
use crate::tool::{Flavour, series};
use errors::{Error, Kind, Result};
use std::fs;
use std::path::{Path, PathBuf};
use stream::Options;

/// A server, as far as a backup must know it.
pub(crate) struct Server {
    /// As the server prints it: `10.11.19-MariaDB-…`.
    pub(crate) version: String,
    pub(crate) is_mariadb: bool,
    /// `@@server_uuid`, or MariaDB's `@@server_uid`; empty where it has neither.
    pub(crate) uuid: String,
    pub(crate) data_directory: PathBuf,
    /// Where ibdata1 is.
    pub(crate) system_tablespace: PathBuf,
    /// The path of binlogs without their numbers; `None`: it writes none.
    pub(crate) binlog_base: Option<PathBuf>,
    /// Bytes of redo log that the server has room for; 0 where it does not say.
    pub(crate) redo_capacity: u64,
    pub(crate) user: String,
}

impl Server {
    /// Asks.
    ///
    /// # Errors
    /// The session's own.
    pub(crate) fn ask(session: &mut Session, options: &Options) -> Result<Self> {
        let version = required(session, "version")?;
        let is_mariadb = version.contains("MariaDB");
        let uuid = match session.variable("server_uuid")? {
            Some(uuid) => uuid,
            None => session.variable("server_uid")?.unwrap_or_default(),
        };
        let data_directory = match options.text("data_directory") {
            Some(path) => PathBuf::from(path),
            None => required(session, "datadir")?.into(),
        };
        let home = session.variable("innodb_data_home_dir")?.unwrap_or_default();
        let files = session.variable("innodb_data_file_path")?.unwrap_or_default();
        let first = files.split([':', ';']).next().filter(|name| !name.is_empty());
        let home = data_directory.join(home);
        let has_binlog = session.variable("log_bin")?.as_deref() == Some("ON");
        let binlog_base = session.variable("log_bin_basename")?.filter(|base| !base.is_empty());
        let user = session.value("SELECT CURRENT_USER()")?.unwrap_or_default();
        Ok(Self {
            redo_capacity: redo_capacity(session)?,
            system_tablespace: home.join(first.unwrap_or("ibdata1")),
            binlog_base: binlog_base.filter(|_| has_binlog).map(PathBuf::from),
            version,
            is_mariadb,
            uuid,
            data_directory,
            user,
        })
    }

    /// The flavour that fits the server, unless the operator names one.
    ///
    /// # Errors
    /// `server-version`: the tool that is named cannot back up this server.
    pub(crate) fn flavour(&self, options: &Options) -> Result<Flavour> {
        let fits = if self.is_mariadb { Flavour::MariaDbBackup } else { Flavour::XtraBackup };
        let named = options.text("flavour").and_then(Flavour::parse);
        match named {
            Some(named) if named != fits => Err(Error::new(
                Kind::ServerVersion,
                format!("{named} cannot back up {}", self.version),
            )
            .hint(format!("This server wants {fits}: leave `flavour` at auto."))),
            _ => Ok(fits),
        }
    }

    /// The first numbers of the version: 10.11, 8.0.
    pub(crate) fn series(&self) -> (u32, u32) {
        series(&self.version)
    }

    /// Refuses a data directory that cannot be read here, or is not this server's.
    ///
    /// # Errors
    /// `source-files`.
    pub(crate) fn check_files(&self, session: &mut Session) -> Result<()> {
        let path = &self.system_tablespace;
        fs::File::open(path).map_err(|error| {
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            let error =
                Error::io(format!("open {}", path.display()), error).with_kind(Kind::SourceFiles);
            if missing {
                error.hint("The server's files must be on this host; its data directory is what SELECT @@datadir says, or the option data_directory.")
            } else {
                error.hint("Run as the user that owns the server's files, or as root.")
            }
        })?;
        let Some(pid_file) = session.variable("pid_file")? else { return Ok(()) };
        let pid_file = self.data_directory.join(pid_file);
        match working_directory(&pid_file) {
            Some(other) if !same_directory(&other, &self.data_directory) => Err(Error::new(
                Kind::SourceFiles,
                format!(
                    "{} is not the data directory of the server that answers: that one works in {}",
                    self.data_directory.display(),
                    other.display()
                ),
            )
            .hint("Two servers on one host: check host, port and socket.")),
            // Who may not look there, or runs in another namespace, cannot know.
            _ => Ok(()),
        }
    }
}

fn required(session: &mut Session, name: &str) -> Result<String> {
    session.variable(name)?.ok_or_else(|| {
        Error::new(Kind::Statement, format!("the server does not say its variable {name}"))
    })
}

/// A server works in its data directory.
fn working_directory(pid_file: &Path) -> Option<PathBuf> {
    let pid: u32 = fs::read_to_string(pid_file).ok()?.trim().parse().ok()?;
    fs::read_link(format!("/proc/{pid}/cwd")).ok()
}

fn same_directory(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: &Path| fs::metadata(path).map(|it| (it.dev(), it.ino())).ok();
    identity(one).is_none_or(|one| identity(other) == Some(one))
}

fn redo_capacity(session: &mut Session) -> Result<u64> {
    let number = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok());
    // MySQL from 8.0.30.
    if let Some(bytes) = number(session.variable("innodb_redo_log_capacity")?) {
        return Ok(bytes);
    }
    let size = number(session.variable("innodb_log_file_size")?).unwrap_or(0);
    let files = number(session.variable("innodb_log_files_in_group")?).unwrap_or(1);
    Ok(size.saturating_mul(files.max(1)))
}

/// LSN of the newest byte of the redo log.
///
/// # Errors
/// The session's own; `statement` where the server says it nowhere.
pub(crate) fn current_lsn(session: &mut Session) -> Result<u64> {
    // MariaDB; MySQL from 8.0.30; both, but only with PROCESS.
    for name in ["Innodb_lsn_current", "Innodb_redo_log_current_lsn"] {
        if let Some(lsn) = session.status(name)?.and_then(|text| text.parse().ok()) {
            return Ok(lsn);
        }
    }
    let rows = session.rows("SHOW ENGINE INNODB STATUS")?;
    let text = rows.into_iter().next().and_then(|row| row.into_iter().nth(2)).flatten();
    text.as_deref().and_then(lsn_in_status).ok_or_else(|| {
        Error::new(Kind::Statement, "SHOW ENGINE INNODB STATUS names no log sequence number")
    })
}

fn lsn_in_status(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("Log sequence number"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found_in_the_status() {
        let text = "---\nLOG\n---\nLog sequence number          46662\nLog flushed up to   46662\n";
        assert_eq!(lsn_in_status(text), Some(46662));
        assert_eq!(lsn_in_status("nothing"), None);
    }
}
