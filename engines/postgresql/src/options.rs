//! The options of this engine: the one definition of each.

use stream::{OptionKind, OptionSpec};

const SSL_MODES: OptionKind =
    OptionKind::Choice(&["disable", "prefer", "require", "verify-ca", "verify-full"]);

/// All of them.
pub(crate) const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        aliases: &["db_host"],
        native_env: Some("PGHOST"),
        ..OptionSpec::new(
            "host",
            OptionKind::Text,
            "Host name, address, or directory of the server's socket.",
        )
    },
    OptionSpec {
        aliases: &["db_port"],
        native_env: Some("PGPORT"),
        default: Some("5432"),
        ..OptionSpec::new("port", OptionKind::Count, "Port, also in the name of the socket.")
    },
    OptionSpec {
        aliases: &["db_user"],
        native_env: Some("PGUSER"),
        ..OptionSpec::new(
            "user",
            OptionKind::Text,
            "Database user; the user of this process by default.",
        )
    },
    OptionSpec {
        aliases: &["db_password"],
        native_env: Some("PGPASSWORD"),
        ..OptionSpec::new(
            "password",
            OptionKind::Secret,
            "Password; better in a file or in `.pgpass`.",
        )
    },
    OptionSpec::new(
        "role",
        OptionKind::Text,
        "The role to take on once connected (SET ROLE); it then needs the rights, not the user.",
    ),
    OptionSpec::new("password_file", OptionKind::Path, "A file whose first line is the password."),
    OptionSpec {
        native_env: Some("PGPASSFILE"),
        ..OptionSpec::new(
            "passfile",
            OptionKind::Path,
            "A password file as libpq reads it; `~/.pgpass` by default.",
        )
    },
    OptionSpec {
        aliases: &["db_name"],
        native_env: Some("PGDATABASE"),
        default: Some("postgres"),
        ..OptionSpec::new(
            "dbname",
            OptionKind::Text,
            "Database to connect to; the backup holds all of them.",
        )
    },
    OptionSpec {
        native_env: Some("PGSSLMODE"),
        default: Some("prefer"),
        ..OptionSpec::new("sslmode", SSL_MODES, "TLS over TCP, as libpq has it.")
    },
    OptionSpec {
        native_env: Some("PGSSLROOTCERT"),
        ..OptionSpec::new(
            "sslrootcert",
            OptionKind::Path,
            "Certificates to trust (PEM); the system's by default.",
        )
    },
    OptionSpec {
        native_env: Some("PGSSLCERT"),
        ..OptionSpec::new("sslcert", OptionKind::Path, "Certificate of this client (PEM).")
    },
    OptionSpec {
        native_env: Some("PGSSLKEY"),
        ..OptionSpec::new("sslkey", OptionKind::Path, "Key of this client (PEM).")
    },
    OptionSpec {
        aliases: &["connect_timeout"],
        native_env: Some("PGCONNECT_TIMEOUT"),
        default: Some("10"),
        ..OptionSpec::new(
            "connect_timeout_secs",
            OptionKind::Seconds,
            "Longest wait for a connection.",
        )
    },
    OptionSpec::new(
        "data_directory",
        OptionKind::Path,
        "The data directory as this host sees it, where that differs from what the server says.",
    ),
    OptionSpec {
        default: Some("true"),
        ..OptionSpec::new(
            "start_fast",
            OptionKind::Flag,
            "Checkpoint at once, instead of spread over minutes.",
        )
    },
    OptionSpec::new(
        "wal_archive_dir",
        OptionKind::Path,
        "The directory that archive_command fills: where --level log looks for segments.",
    ),
    OptionSpec {
        default: Some("true"),
        ..OptionSpec::new(
            "switch_wal",
            OptionKind::Flag,
            "End the segment that is being written, so that --level log holds all up to now.",
        )
    },
    OptionSpec {
        default: Some("true"),
        ..OptionSpec::new(
            "require_archiving",
            OptionKind::Flag,
            "Refuse to back up a server that archives no log.",
        )
    },
    OptionSpec {
        default: Some("60"),
        ..OptionSpec::new(
            "archive_timeout_secs",
            OptionKind::Seconds,
            "Longest wait for log that a standby has dropped and its primary has not archived yet.",
        )
    },
    OptionSpec::new(
        "exclude",
        OptionKind::List,
        "Paths in the data directory whose content is left out, such as `log`; `*` and `?` match \
         within a name.",
    ),
    OptionSpec::new(
        "ignore_subdirs",
        OptionKind::List,
        "Names of directories whose content is left out wherever they stand, but for directories \
         that the server needs.",
    ),
    OptionSpec {
        unused: Some("log is read where the server writes it, without waiting for the archive"),
        ..OptionSpec::new(
            "switch_wal_timeout",
            OptionKind::Seconds,
            "Accepted for configurations of Bareos; nothing waits for the archive of a primary.",
        )
    },
    OptionSpec {
        unused: Some("the log of a backup is in the backup, and is proven there"),
        ..OptionSpec::new(
            "stop_wait_wal_archive",
            OptionKind::Flag,
            "Accepted for configurations of Bareos; a backup has its log with it.",
        )
    },
    OptionSpec::new(
        "follow_links",
        OptionKind::Flag,
        "Copy directories that links in the data directory lead to; they are restored in place.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use stream::Options;

    /// Every option of Bareos's plugin for PostgreSQL, with a value that it has there.
    #[test]
    fn options_of_the_bareos_plugin_are_known() {
        let mut options = Options::new(OPTIONS);
        for (name, value) in [
            ("wal_archive_dir", "/var/lib/pgsql/wal_archive"),
            ("db_user", "root"),
            ("db_password", "x"),
            ("db_host", "/run/postgresql"),
            ("db_port", "5432"),
            ("db_name", "postgres"),
            ("role", "backup"),
            ("ignore_subdirs", "pgsql_tmp,log"),
            ("switch_wal", "True"),
            ("switch_wal_timeout", "60"),
            ("start_fast", "False"),
            ("stop_wait_wal_archive", "True"),
        ] {
            options.set(name, value).unwrap();
        }
        assert!(options.flag("switch_wal") && !options.flag("start_fast"));
        assert_eq!(options.unused().count(), 2);
    }
}
