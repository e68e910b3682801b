//! The two tools, and what is different between them.

use formats::xbstream::Dialect;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whose tool makes a backup, and prepares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Flavour {
    /// For MariaDB.
    #[serde(rename = "mariadb-backup")]
    MariaDbBackup,
    /// For MySQL and Percona Server.
    #[serde(rename = "xtrabackup")]
    XtraBackup,
}

impl Flavour {
    /// Reads the name; `None` for any other word.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::MariaDbBackup, Self::XtraBackup].into_iter().find(|it| it.to_string() == text)
    }

    /// Its streams' chunks.
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::MariaDbBackup => Dialect::MariaDb,
            Self::XtraBackup => Dialect::Percona,
        }
    }

    /// Where users of file daemons look for its trees: the names that Bareos' plugins have.
    pub(crate) fn tree_directory(self) -> &'static str {
        match self {
            Self::MariaDbBackup => "_mariadb-backup",
            Self::XtraBackup => "_percona",
        }
    }

    /// The program's names.
    pub(crate) fn programs(self) -> &'static [&'static str] {
        match self {
            Self::MariaDbBackup => &["mariadb-backup", "mariabackup"],
            Self::XtraBackup => &["xtrabackup"],
        }
    }

    /// Whether redo log must be told to stay open until the last increment (`--apply-log-only`):
    /// XtraBackup rolls back otherwise, and mariadb-backup does not know the option.
    pub(crate) fn keeps_log_open(self) -> bool {
        self == Self::XtraBackup
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MariaDbBackup => "mariadb-backup",
            Self::XtraBackup => "xtrabackup",
        })
    }
}
