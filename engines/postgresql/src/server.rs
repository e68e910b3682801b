//! What the server says of itself, asked once at the beginning: its version, its cluster, the rights
//! that it gives, and what it does with its log.

use crate::session::{self, Session};
use errors::{Context, Error, Kind, Result};
use formats::SystemIdentifier;
use std::collections::BTreeMap;
use std::path::PathBuf;
use stream::{Job, Options, words};

/// The majors whose backups are made and tested.
pub(crate) const SUPPORTED: std::ops::RangeInclusive<u16> = 10..=18;

/// A server's answers.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) major: u16,
    /// As `SHOW server_version` prints it.
    pub(crate) version: String,
    pub(crate) system_identifier: SystemIdentifier,
    pub(crate) in_recovery: bool,
    pub(crate) user: String,
    pub(crate) data_directory: PathBuf,
    pub(crate) archiving: Archiving,
    pub(crate) may_replicate: bool,
}

impl Server {
    /// Asks the server; first for its version, then for the rights that the other questions need.
    ///
    /// # Errors
    /// `server-version`, `missing-grant`, and the session's own.
    pub(crate) fn ask(session: &Session, options: &Options) -> Result<Self> {
        let row = session.ask(
            "SELECT current_setting('server_version_num')::int4, current_setting('server_version'), \
             current_user::text, pg_is_in_recovery(), \
             (SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user)",
            &[],
        )?;
        let major = major(row.get(0))?;
        let (version, user): (String, String) = (row.get(1), row.get(2));
        refuse_missing_grants(session, &user, major)?;
        Ok(Self {
            major,
            version,
            system_identifier: system_identifier(session)?,
            in_recovery: row.get(3),
            user,
            data_directory: data_directory(session, options)?,
            archiving: Archiving::ask(session)?,
            may_replicate: row.get::<_, Option<bool>>(4).unwrap_or(false),
        })
    }

    /// The server, for people who read a link.
    pub(crate) fn words(&self, job: &Job) -> BTreeMap<String, String> {
        words([
            ("version", self.version.clone()),
            ("role", self.role().to_owned()),
            ("address", session::place(&job.options)),
            ("user", self.user.clone()),
            ("data_directory", self.data_directory.display().to_string()),
        ])
    }

    /// Refuses a server that archives nothing, unless the options allow it. A standby need not
    /// archive where `others_archive`: somebody else brings the log of its cluster.
    ///
    /// # Errors
    /// `not-archiving`, and those of the question.
    pub(crate) fn require_archiving(
        &self,
        options: &Options,
        others_archive: impl FnOnce() -> Result<bool>,
    ) -> Result<()> {
        let obstacle = match self.in_recovery {
            true => self.archiving.obstacle_on_standby(),
            false => self.archiving.obstacle(),
        };
        let Some(obstacle) = obstacle else { return Ok(()) };
        if self.in_recovery && others_archive()? {
            return Ok(());
        }
        if !options.flag("require_archiving") {
            tracing::warn!("{obstacle}: this backup restores to its own end only");
            return Ok(());
        }
        let refused = if self.in_recovery {
            Error::new(
                Kind::NotArchiving,
                format!("nobody archives the log of this standby's cluster here: {obstacle}"),
            )
            .hint("Let the primary archive with `seawall wal push` into the same repository and target, or set archive_mode = always on the standby.")
            .hint("Where the primary does, the repository has no segment of late: SELECT pg_switch_wal() on the primary brings one.")
        } else {
            Error::new(Kind::NotArchiving, format!("the server does not archive its log: {obstacle}"))
                .hint("Set wal_level = replica, archive_mode = on and archive_command = 'seawall wal push %p --repo … --target …', and restart the server.")
        };
        Err(refused.hint("With --set require_archiving=false the backup is taken all the same; it restores to its own end only."))
    }

    /// What the server is, in a word.
    pub(crate) fn role(&self) -> &'static str {
        if self.in_recovery { "standby" } else { "primary" }
    }
}

/// The major of a `server_version_num`.
///
/// # Errors
/// `server-version`: it is not supported.
pub(crate) fn major(version_num: i32) -> Result<u16> {
    let major = u16::try_from(version_num / 10_000).unwrap_or(0);
    if SUPPORTED.contains(&major) {
        return Ok(major);
    }
    let (first, last) = (SUPPORTED.start(), SUPPORTED.end());
    Err(Error::new(Kind::ServerVersion, format!("the server is PostgreSQL {major}"))
        .hint(format!("Supported are {first} to {last}.")))
}

/// The data directory as this host sees it.
///
/// # Errors
/// The session's own.
pub(crate) fn data_directory(session: &Session, options: &Options) -> Result<PathBuf> {
    match options.text("data_directory") {
        Some(path) => Ok(path.into()),
        None => Ok(setting(session, "data_directory")?.into()),
    }
}

/// Which cluster this is.
///
/// # Errors
/// The session's own.
pub(crate) fn system_identifier(session: &Session) -> Result<SystemIdentifier> {
    let row = session.ask("SELECT system_identifier FROM pg_control_system()", &[])?;
    Ok(SystemIdentifier::new(row.get::<_, i64>(0).cast_unsigned()))
}

/// The value of a setting that every supported major has.
///
/// # Errors
/// `statement`: this user may not see it.
pub(crate) fn setting(session: &Session, name: &str) -> Result<String> {
    Ok(session.ask("SELECT current_setting($1)", &[&name])?.get(0))
}

/// The functions that start and stop a backup, with their signatures.
pub(crate) fn backup_functions(major: u16) -> [&'static str; 2] {
    if major >= 15 {
        ["pg_backup_start(text, boolean)", "pg_backup_stop(boolean)"]
    } else {
        ["pg_start_backup(text, boolean, boolean)", "pg_stop_backup(boolean, boolean)"]
    }
}

fn refuse_missing_grants(session: &Session, user: &str, major: u16) -> Result<()> {
    let missing = missing_grants(session, user, major)?;
    if missing.is_empty() {
        return Ok(());
    }
    let refused = Error::new(
        Kind::MissingGrant,
        format!("the database user {user} is not a superuser and lacks {} right(s)", missing.len()),
    );
    Err(missing.into_iter().fold(refused, |error, grant| error.hint(format!("{grant};"))))
}

/// The GRANT statements that the user still needs.
pub(crate) fn missing_grants(session: &Session, user: &str, major: u16) -> Result<Vec<String>> {
    let quoted = quote_identifier(user);
    let mut missing = Vec::new();
    for function in backup_functions(major) {
        let sql = "SELECT has_function_privilege(current_user, $1, 'EXECUTE')";
        if !session.ask(sql, &[&function])?.get::<_, bool>(0) {
            missing.push(format!("GRANT EXECUTE ON FUNCTION {function} TO {quoted}"));
        }
    }
    let sql = "SELECT pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')";
    if !session.ask(sql, &[])?.get::<_, bool>(0) {
        missing.push(format!("GRANT pg_read_all_settings TO {quoted}"));
    }
    Ok(missing)
}

/// A name as SQL takes it.
pub(crate) fn quote_identifier(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.bytes().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit()) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Reads a number that the server prints as an LSN.
///
/// # Errors
/// `bug`: it is none.
pub(crate) fn parse_lsn(text: &str) -> Result<formats::Lsn> {
    text.parse().or_kind(Kind::Bug, || format!("read the LSN {text:?}"))
}

/// The settings that decide whether log is archived.
#[derive(Debug, Clone)]
pub(crate) struct Archiving {
    pub(crate) wal_level: String,
    pub(crate) mode: String,
    /// Empty: none.
    pub(crate) command: String,
    /// Empty: none. From 15.
    pub(crate) library: String,
}

impl Archiving {
    /// # Errors
    /// The session's own.
    fn ask(session: &Session) -> Result<Self> {
        // `true`: nothing instead of an error where the server does not know the setting.
        let row = session.ask(
            "SELECT current_setting('wal_level'), current_setting('archive_mode'), \
             current_setting('archive_command'), coalesce(current_setting('archive_library', true), '')",
            &[],
        )?;
        Ok(Self {
            wal_level: row.get(0),
            mode: row.get(1),
            command: row.get(2),
            library: row.get(3),
        })
    }

    /// Why no log is archived; `None` when it is.
    pub(crate) fn obstacle(&self) -> Option<String> {
        if self.wal_level == "minimal" {
            return Some("wal_level is minimal".to_owned());
        }
        if self.mode == "off" {
            return Some("archive_mode is off".to_owned());
        }
        let none = self.library.is_empty() && matches!(self.command.as_str(), "" | "(disabled)");
        none.then(|| "archive_command is empty".to_owned())
    }

    /// Why a standby itself archives nothing: only one that is told to do it always does.
    pub(crate) fn obstacle_on_standby(&self) -> Option<String> {
        if self.mode == "always" {
            return self.obstacle();
        }
        Some(format!("archive_mode is {}, which archives nothing on a standby", self.mode))
    }
}

/// Two clusters in one target would be one chain of files that do not belong together, unless an
/// operator said that the new one continues it.
///
/// # Errors
/// `system-identifier`.
pub(crate) fn refuse_other_cluster(job: &Job, ours: SystemIdentifier) -> Result<()> {
    let Some(last) = job.links.last() else { return Ok(()) };
    let ours = ours.to_string();
    let theirs = last.lineage.get("system_identifier").cloned().unwrap_or_default();
    if theirs == ours || job.accepted.contains(&ours) {
        return Ok(());
    }
    Err(Error::new(
        Kind::SystemIdentifier,
        format!(
            "the server is the cluster {ours}, the backups of {} are of the cluster {theirs}",
            job.target
        ),
    )
    .hint("After initdb or pg_upgrade: `seawall accept` lets the new cluster continue this target, and the old backups stay restorable.")
    .hint("If it is another server, use a new target name: --target NAME, also in archive_command."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_supported_majors() {
        assert_eq!(major(150_020).unwrap(), 15);
        assert_eq!(major(100_023).unwrap(), 10);
        assert_eq!(major(90_624).unwrap_err().kind(), Kind::ServerVersion);
        assert_eq!(major(190_000).unwrap_err().kind(), Kind::ServerVersion);
    }

    #[test]
    fn the_functions_have_two_names() {
        assert_eq!(backup_functions(14)[0], "pg_start_backup(text, boolean, boolean)");
        assert_eq!(backup_functions(15)[1], "pg_backup_stop(boolean)");
    }

    #[test]
    fn identifiers_are_quoted_where_they_must_be() {
        assert_eq!(quote_identifier("backup_1"), "backup_1");
        assert_eq!(quote_identifier("Back\"up"), "\"Back\"\"up\"");
    }

    fn archiving(level: &str, mode: &str, command: &str, library: &str) -> Archiving {
        Archiving {
            wal_level: level.into(),
            mode: mode.into(),
            command: command.into(),
            library: library.into(),
        }
    }

    #[test]
    fn what_keeps_log_from_being_archived() {
        assert_eq!(archiving("replica", "on", "cp %p x", "").obstacle(), None);
        assert_eq!(archiving("logical", "always", "", "basic_archive").obstacle(), None);
        for (level, mode, command, word) in [
            ("minimal", "off", "", "wal_level"),
            ("replica", "off", "(disabled)", "archive_mode"),
            ("replica", "on", "", "archive_command"),
        ] {
            assert!(archiving(level, mode, command, "").obstacle().unwrap().starts_with(word));
        }
    }

    #[test]
    fn a_standby_archives_only_when_told_to_do_it_always() {
        assert_eq!(archiving("replica", "always", "cp %p x", "").obstacle_on_standby(), None);
        for (mode, command, word) in [
            ("on", "cp %p x", "archive_mode is on, which"),
            ("off", "", "archive_mode is off, which"),
            ("always", "", "archive_command"),
        ] {
            let obstacle = archiving("replica", mode, command, "").obstacle_on_standby();
            assert!(obstacle.unwrap().starts_with(word));
        }
    }
}
