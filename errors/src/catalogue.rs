//! Kind → code → exit status → what it means → what to do.

/// One row of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The kind this row is about.
    pub kind: Kind,
    /// Stable, unique name: in machine output and in the documentation.
    pub code: &'static str,
    /// Exit status, 2 to 70: above 125 the archiver of PostgreSQL would take it for a signal.
    pub exit: u8,
    /// What has happened.
    pub meaning: &'static str,
    /// What the operator can do.
    pub remedy: &'static str,
}

macro_rules! kinds {
    ($($kind:ident $code:literal $exit:literal $meaning:literal $remedy:literal)*) => {
        /// What sort of failure an error is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind {
            $(#[doc = $meaning] $kind,)*
        }

        const ENTRIES: &[Entry] = &[
            $(Entry {
                kind: Kind::$kind,
                code: $code,
                exit: $exit,
                meaning: $meaning,
                remedy: $remedy,
            },)*
        ];

        impl Kind {
            /// This kind's row of the catalogue.
            #[must_use]
            pub fn entry(self) -> &'static Entry {
                // The variants stand in the order of the rows: both come from one list.
                &ENTRIES[self as usize]
            }
        }
    };
}

kinds! {
    Usage "usage" 2
        "The command line asks for something that does not exist or does not fit together."
        "Read the hint, or `seawall help <verb>`."
    Config "config" 2
        "The configuration cannot be read, or a value in it is not valid."
        "`seawall config check` names the file and the line."
    Incomplete "incomplete" 3
        "Part of the work failed; what was finished is whole and usable."
        "Read the messages above the summary, mend the cause, run the command again."
    RepositoryMissing "repository-missing" 10
        "There is no Seawall repository at this place."
        "Check the path and that the disk is mounted; `seawall init --repo PATH` makes a new one."
    BackupRunning "backup-running" 11
        "Another backup of the same target is running."
        "Wait for it, or end it. A lock whose process is gone is not respected."
    FormatTooNew "format-too-new" 13
        "The repository was written by a newer Seawall."
        "Use that version or a later one."
    NotFound "not-found" 14
        "The named backup, target or piece of log is definitely not in the repository."
        "`seawall list` shows what is there."
    Exists "exists" 15
        "An object of this name with other content is already in the repository."
        "Nothing was overwritten. Two servers may be archiving to one target: look at both before you go on."
    TargetNotEmpty "target-not-empty" 15
        "The directory to restore to has files in it."
        "Choose an empty directory, or move the files away."
    TargetRunning "target-running" 15
        "A server is running in the directory to restore to."
        "Stop the server, or choose another directory."
    NoSpace "no-space" 16
        "The disk is full, or a quota is used up."
        "Make room where the message says, then run the command again."
    Io "io" 17
        "A file or directory of the repository or of a restored tree cannot be read or written."
        "The message names the path and the system's own words."
    Connect "connect" 20
        "No connection to the database server could be made, or it broke."
        "Check host, port and socket directory, and that the server runs."
    Auth "auth" 21
        "The server refused the user or the password."
        "Check user, password, `.pgpass` and `pg_hba.conf`."
    MissingGrant "missing-grant" 22
        "The database user lacks a right that the backup needs."
        "Run the GRANT statements of the hints as a superuser."
    ServerRole "server-role" 22
        "The server is in the wrong role for this work (a standby, or it changed its role meanwhile)."
        "Use the server that the message names."
    ServerVersion "server-version" 22
        "The server's version or its on-disk format is not supported."
        "`seawall version` lists what is supported."
    SystemIdentifier "system-identifier" 22
        "The data belongs to another database cluster than expected."
        "Check target, data directory and repository: two clusters must not share one target."
    NotArchiving "not-archiving" 23
        "The server does not archive its log, so no later point in time could be reached."
        "Switch archiving on as the hint shows, or ask for a backup without it."
    LogGap "log-gap" 24
        "The log in the repository does not reach from the backup to the target."
        "The message names the gap and what can be reached instead."
    SourceFiles "source-files" 25
        "The server's files cannot be read from this host, or by this user."
        "Run as the user that the hint names, on the host of the server."
    Statement "statement" 26
        "The server refused or failed a statement."
        "The message carries the server's own words."
    Tool "tool" 27
        "A program of the database's makers that does part of the work is missing, does not fit, or failed."
        "The message carries the tool's own words; the whole of them is in the log."
    Checksum "checksum" 30
        "Stored bytes are not what was written."
        "The message names object and offset. Restore from another backup, and look at the disk."
    Page "page" 31
        "A page of the database fails its checksum on the source."
        "Look at the named file and block on the server; the backup holds the page as it was."
    Manifest "manifest" 32
        "A document of the repository is damaged or contradicts another one."
        "`seawall verify` lists all of them. Restore from another backup."
    RestoreCheck "restore-check" 33
        "The restored files are not what the backup says they should be."
        "Do not start a server on them. Run the restore again; then `seawall verify`."
    Network "network" 50
        "A remote service did not answer, or answered with a passing fault."
        "Try again."
    Timeout "timeout" 60
        "Something took longer than its limit."
        "The message names what was waited for and the option that sets the limit."
    Interrupted "interrupted" 63
        "A signal ended the command."
        "Nothing half-made is listed; run the command again."
    Bug "bug" 70
        "Seawall met a state that it holds for impossible."
        "Please report it with the message and the log."
}

/// All rows, in the order of their exit statuses.
#[must_use]
pub fn catalogue() -> &'static [Entry] {
    ENTRIES
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_and_statuses_in_range() {
        let mut seen = HashSet::new();
        for entry in catalogue() {
            assert!(seen.insert(entry.code), "{} stands twice", entry.code);
            assert!((2..=70).contains(&entry.exit), "{}: {}", entry.code, entry.exit);
            assert_eq!(entry.kind.entry().code, entry.code);
        }
    }

    #[test]
    fn rows_are_sorted_by_exit_status() {
        assert!(catalogue().is_sorted_by_key(|entry| entry.exit));
    }
}
