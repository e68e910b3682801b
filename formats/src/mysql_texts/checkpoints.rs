//! `*_checkpoints`: which part of InnoDB's log a backup stands for.

use std::collections::BTreeMap;

use super::{KeyValues, MysqlTextError};

/// What a backup is, or has become by being prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackupType {
    /// `full-backuped`: as it was taken.
    Full,
    /// `incremental`: as it was taken.
    Incremental,
    /// `log-applied`: prepared, and further incrementals can be applied.
    LogApplied,
    /// `full-prepared`: prepared for good (XtraBackup; MariaDB has no such state).
    FullPrepared,
    /// Something else.
    Other(String),
}

/// What a `*_checkpoints` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoints {
    /// What the backup is.
    pub backup_type: BackupType,
    /// LSN where an incremental begins, which is its parent's `to_lsn`; 0 of a full.
    pub from_lsn: u64,
    /// LSN of the last checkpoint, where the next incremental begins. The backup is consistent
    /// later, at `last_lsn`. On a server without writes it equals `from_lsn` (measured).
    pub to_lsn: u64,
    /// LSN where the copy of the log ends.
    pub last_lsn: Option<u64>,
    /// LSN up to which the server had flushed its log (XtraBackup).
    pub flushed_lsn: Option<u64>,
    /// Whether preparing finds the place in the binlog: `recover_binlog_info`.
    pub recover_binlog_info: Option<bool>,
    /// Whether secondary indexes were left out (XtraBackup up to 2.4).
    pub compact: Option<bool>,
    /// Keys of other versions.
    pub other: BTreeMap<String, String>,
}

impl Checkpoints {
    /// Reads the text.
    ///
    /// # Errors
    ///
    /// Where the type, `from_lsn` or `to_lsn` is missing, or a value is no number.
    pub fn parse(bytes: &[u8]) -> Result<Self, MysqlTextError> {
        let mut values = KeyValues::parse(bytes)?;
        let missing = |key| MysqlTextError::Missing { key };
        let backup_type = values.text("backup_type").ok_or(missing("backup_type"))?;
        Ok(Self {
            backup_type: BackupType::of(backup_type),
            from_lsn: values.number("from_lsn")?.ok_or(missing("from_lsn"))?,
            to_lsn: values.number("to_lsn")?.ok_or(missing("to_lsn"))?,
            last_lsn: values.number("last_lsn")?,
            flushed_lsn: values.number("flushed_lsn")?,
            recover_binlog_info: flag(&mut values, "recover_binlog_info")?,
            compact: flag(&mut values, "compact")?,
            other: values.into_rest(),
        })
    }

    /// Whether the backup ends before it begins. A tool that was told to begin at an LSN that the
    /// server has not reached makes such a backup, says that all is well, and it is worth nothing
    /// (measured).
    pub fn is_backwards(&self) -> bool {
        self.to_lsn < self.from_lsn || self.last_lsn.is_some_and(|last| last < self.to_lsn)
    }
}

fn flag(values: &mut KeyValues, key: &'static str) -> Result<Option<bool>, MysqlTextError> {
    Ok(values.number(key)?.map(|number| number != 0))
}

impl BackupType {
    fn of(text: String) -> Self {
        match text.as_str() {
            "full-backuped" => Self::Full,
            "incremental" => Self::Incremental,
            "log-applied" => Self::LogApplied,
            "full-prepared" => Self::FullPrepared,
            _ => Self::Other(text),
        }
    }
}
