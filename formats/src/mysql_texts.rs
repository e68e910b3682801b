//! The texts that mariadb-backup and XtraBackup write beside a backup.
//!
//! MariaDB calls them `mariadb_backup_…` since 11.1 (MDEV-18931) and `xtrabackup_…` before, as
//! XtraBackup always does. Whichever name is there is the right one; the server's version does not
//! tell. Keys and values were measured with mariadb-backup 10.11 and XtraBackup 2.4; later versions
//! add keys, so unknown ones are kept and never refused.
//!
//! LSNs here are positions in InnoDB's redo log in bytes, from 0 to 2^64 - 1.

mod binlog;
mod checkpoints;
mod gtid;
mod info;
mod key_values;

pub use binlog::{BinlogError, BinlogPosition};
pub use checkpoints::{BackupType, Checkpoints};
pub use gtid::{GtidError, GtidSet, Gtids, MariaDbGtid};
pub use info::BackupInfo;
pub use key_values::{KeyValues, TextError};

/// The text with the log positions of a backup.
pub const CHECKPOINTS_NAMES: [&str; 2] = ["xtrabackup_checkpoints", "mariadb_backup_checkpoints"];

/// The text about how a backup was made.
pub const INFO_NAMES: [&str; 2] = ["xtrabackup_info", "mariadb_backup_info"];

/// The text with the place in the binlog to go on from.
pub const BINLOG_INFO_NAMES: [&str; 2] = ["xtrabackup_binlog_info", "mariadb_backup_binlog_info"];

/// Why a text is not what its name promises.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MysqlTextError {
    /// It is not made of keys and values.
    #[error("{0}")]
    Text(#[from] TextError),
    /// A key is missing without which the text is of no use.
    #[error("it has no {key}")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// A key has a value that cannot be understood.
    #[error("its {key} is {value:?}")]
    Value {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
    },
    /// The place in the binlog cannot be understood.
    #[error("{0}")]
    Binlog(#[from] BinlogError),
}

#[cfg(test)]
mod tests;
