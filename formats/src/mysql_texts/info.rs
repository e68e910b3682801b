//! `*_info`: how a backup was made.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;

use super::{BinlogPosition, KeyValues, MysqlTextError};

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
