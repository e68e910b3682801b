//! Where InnoDB's log is.

use crate::session::Session;
use errors::{Error, Kind, Result};

/// LSN of the newest byte of the redo log.
///
/// # Errors
/// The session's own; `statement` where the server says it nowhere.
pub(crate) fn current(session: &mut Session) -> Result<u64> {
    // MariaDB; MySQL from 8.0.30; both, but only with PROCESS.
    for name in ["Innodb_lsn_current", "Innodb_redo_log_current_lsn"] {
        if let Some(lsn) = session.status(name)?.and_then(|text| text.parse().ok()) {
            return Ok(lsn);
        }
    }
    let rows = session.rows("SHOW ENGINE INNODB STATUS")?;
    let text = rows.into_iter().next().and_then(|row| row.into_iter().nth(2)).flatten();
    text.as_deref().and_then(in_status).ok_or_else(|| {
        Error::new(Kind::Statement, "SHOW ENGINE INNODB STATUS names no log sequence number")
    })
}

fn in_status(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("Log sequence number"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found_in_the_status() {
        let text = "---\nLOG\n---\nLog sequence number          46662\nLog flushed up to   46662\n";
        assert_eq!(in_status(text), Some(46662));
        assert_eq!(in_status("nothing"), None);
    }
}
