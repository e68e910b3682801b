//! The place in the binlog where a backup ends.

use super::gtid::Gtids;
use crate::text::decimal;

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
