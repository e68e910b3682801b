//! What a server does with its log.

use crate::session::Session;
use errors::Result;

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
    pub(super) fn ask(session: &Session) -> Result<Self> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
