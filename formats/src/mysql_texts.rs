//! The texts that mariadb-backup and XtraBackup write beside a backup.
//!
//! MariaDB calls them `mariadb_backup_…` since 11.1 (MDEV-18931) and `xtrabackup_…` before, as
//! XtraBackup always does. Whichever name is there is the right one; the server's version does not
//! tell. Keys and values were measured with mariadb-backup 10.11 and XtraBackup 2.4; later versions
//! add keys, so unknown ones are kept and never refused.
//!
//! LSNs here are positions in InnoDB's redo log in bytes, from 0 to 2^64 - 1.

mod gtid;
mod key_values;

use std::collections::BTreeMap;

use chrono::NaiveDateTime;

use crate::text::decimal;

pub use gtid::{GtidError, GtidSet, Gtids, MariaDbGtid};
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

/// What a `*_info` says. Only what decides something is typed; what is missing is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupInfo {
    /// The backup's own identity.
    pub uuid: Option<String>,
    /// `mariadb-backup` or `xtrabackup`.
    pub tool_name: Option<String>,
    /// Its version.
    pub tool_version: Option<String>,
    /// The server's version.
    pub server_version: Option<String>,
    /// When it began, in the local time of the host that took it.
    pub start_time: Option<NaiveDateTime>,
    /// When it ended, likewise.
    pub end_time: Option<NaiveDateTime>,
    /// The place in the binlog to go on from; nothing where the server writes none.
    pub binlog: Option<BinlogPosition>,
    /// As `from_lsn` of the checkpoints.
    pub innodb_from_lsn: Option<u64>,
    /// As `to_lsn` of the checkpoints.
    pub innodb_to_lsn: Option<u64>,
    /// Whether only some databases or tables are in it.
    pub partial: Option<bool>,
    /// Whether it is an incremental.
    pub incremental: Option<bool>,
    /// Whether its members are compressed.
    pub compressed: Option<bool>,
    /// Whether its members are encrypted (XtraBackup).
    pub encrypted: Option<bool>,
    /// All else, as it stands. `lock_time` is of no use: MariaDB's copy outside of the stream has a
    /// time of day there, and the one inside has 0 (measured).
    pub other: BTreeMap<String, String>,
}

impl BackupInfo {
    /// Reads the text.
    ///
    /// # Errors
    ///
    /// Where an LSN is no number, a yes or no is neither, or the place in the binlog cannot be
    /// understood. A time that cannot is kept in `other`: nothing depends on it.
    pub fn parse(bytes: &[u8]) -> Result<Self, MysqlTextError> {
        let mut values = KeyValues::parse(bytes)?;
        let start_time = time(&mut values, "start_time");
        let end_time = time(&mut values, "end_time");
        let mut other = BTreeMap::new();
        let mut understood = |key: &str, value: Result<NaiveDateTime, String>| {
            value.map_err(|text| other.insert(key.to_owned(), text)).ok()
        };
        let start_time = start_time.and_then(|value| understood("start_time", value));
        let end_time = end_time.and_then(|value| understood("end_time", value));
        let binlog = values.text("binlog_pos");
        Ok(Self {
            uuid: values.text("uuid"),
            tool_name: values.text("tool_name"),
            tool_version: values.text("tool_version"),
            server_version: values.text("server_version"),
            start_time,
            end_time,
            binlog: binlog.as_deref().map(BinlogPosition::parse_sentence).transpose()?,
            innodb_from_lsn: values.number("innodb_from_lsn")?,
            innodb_to_lsn: values.number("innodb_to_lsn")?,
            partial: yes(&mut values, "partial")?,
            incremental: yes(&mut values, "incremental")?,
            compressed: yes(&mut values, "compressed")?,
            encrypted: yes(&mut values, "encrypted")?,
            other: {
                other.extend(values.into_rest());
                other
            },
        })
    }
}

fn time(values: &mut KeyValues, key: &str) -> Option<Result<NaiveDateTime, String>> {
    let text = values.text(key)?;
    let time = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S");
    Some(time.map_err(|_| text))
}

/// `compressed` says what it is instead of `Y` (`write_xtrabackup_info`).
fn yes(values: &mut KeyValues, key: &'static str) -> Result<Option<bool>, MysqlTextError> {
    let Some(value) = values.text(key) else { return Ok(None) };
    match value.as_str() {
        "N" => Ok(Some(false)),
        "Y" | "compressed" => Ok(Some(true)),
        _ => Err(MysqlTextError::Value { key, value }),
    }
}

/// A place in the binlog: everything before it is in the backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BinlogPosition {
    /// The file, without its directory.
    pub file: String,
    /// Where in the file the next event begins, in bytes.
    pub position: u64,
    /// What the server had executed; nothing where it has no GTIDs.
    pub gtids: Option<Gtids>,
}

/// Why a text says no place in a binlog.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BinlogError {
    /// It is written otherwise.
    #[error("{text:?} is no place in a binlog")]
    Place {
        /// The text.
        text: String,
    },
    /// The file's name leads elsewhere.
    #[error("{name:?} is no name of a binlog")]
    File {
        /// The name.
        name: String,
    },
    /// The GTIDs are of neither flavour.
    #[error("{text:?} are neither GTIDs of MariaDB nor of MySQL")]
    Gtids {
        /// The text.
        text: String,
    },
}

impl BinlogPosition {
    /// Reads a `*_binlog_info`: file, position and GTIDs with tabs between them, where GTIDs may be
    /// missing, or many lines long. Nothing for an empty text.
    ///
    /// # Errors
    ///
    /// Where the text says something else.
    pub fn parse_file(bytes: &[u8]) -> Result<Option<Self>, BinlogError> {
        let text = String::from_utf8_lossy(bytes);
        if text.trim().is_empty() {
            return Ok(None);
        }
        let no_place = || BinlogError::Place { text: text.clone().into_owned() };
        let mut parts = text.splitn(3, '\t');
        let (file, position) = parts.next().zip(parts.next()).ok_or_else(no_place)?;
        let position = decimal(position.trim()).ok_or_else(no_place)?;
        Self::new(file, position, parts.next().unwrap_or_default()).map(Some)
    }

    /// Reads the sentence in `*_info`, which the tool also prints: `filename 'bin.000001', position
    /// '2382038', GTID of the last change '0-11-16'`, where GTIDs may be missing.
    ///
    /// # Errors
    ///
    /// Where the text says something else.
    pub fn parse_sentence(text: &str) -> Result<Self, BinlogError> {
        let no_place = || BinlogError::Place { text: text.to_owned() };
        let rest = text.trim().strip_prefix("filename '").ok_or_else(no_place)?;
        let (file, rest) = rest.split_once("', position '").ok_or_else(no_place)?;
        let (position, rest) = rest.split_once('\'').ok_or_else(no_place)?;
        let position = decimal(position).ok_or_else(no_place)?;
        let gtids = match rest.trim() {
            "" => "",
            rest => rest
                .strip_prefix(", GTID of the last change '")
                .and_then(|gtids| gtids.strip_suffix('\''))
                .ok_or_else(no_place)?,
        };
        Self::new(file, position, gtids)
    }

    fn new(file: &str, position: u64, gtids: &str) -> Result<Self, BinlogError> {
        // It will be looked for among the archived binlogs.
        let is_name = !matches!(file, "" | "." | "..") && !file.contains(['/', '\0', '\n', '\'']);
        if !is_name {
            return Err(BinlogError::File { name: file.to_owned() });
        }
        let gtids = gtids.trim();
        let wrong = || BinlogError::Gtids { text: gtids.to_owned() };
        let gtids = match gtids {
            "" => None,
            _ => Some(gtids.parse().map_err(|_| wrong())?),
        };
        Ok(Self { file: file.to_owned(), position, gtids })
    }
}

#[cfg(test)]
mod tests;
