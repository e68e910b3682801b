//! Backup mode: its start, its stop, and what holds the log back in between.

use crate::server::{Server, parse_lsn};
use crate::session::Session;
use chrono::{DateTime, Utc};
use errors::{Context, Error, Kind, Result};
use formats::{BackupLabel, Lsn, TimelineId};
use stream::Job;

/// What the server said at the end of a backup.
pub(crate) struct Stopped {
    /// The first position that the backup can be recovered to: a primary's is the end of its
    /// backup-end record, a standby's its minRecoveryPoint.
    pub(crate) lsn: Lsn,
    /// The text of `backup_label`, byte for byte.
    pub(crate) label: Vec<u8>,
    /// The text of `tablespace_map`, byte for byte; empty without tablespaces.
    pub(crate) tablespace_map: Vec<u8>,
    /// The server's clock, after the stop.
    pub(crate) time: DateTime<Utc>,
}

/// Keeps the server from recycling the log of this backup, for as long as the session lives. It is
/// a help, no condition: without the right for it, or a free slot, the log is usually still there.
pub(crate) fn hold_log(session: &Session, server: &Server, job: &Job) {
    if !server.may_replicate {
        tracing::info!("the database user has no REPLICATION: no slot holds the log back");
        return;
    }
    let name = format!("seawall_{}_{}", job.id, std::process::id());
    // Reserved at once, and temporary: it ends with the session.
    let sql = "SELECT slot_name::text FROM pg_create_physical_replication_slot($1, true, true)";
    if let Err(error) = session.ask(sql, &[&name]) {
        tracing::info!("no slot holds the log back: {}", error.line());
    }
}

/// Starts the backup; waits for the server's checkpoint. Answers its redo LSN.
///
/// # Errors
/// `statement`, `interrupted`.
pub(crate) fn start(session: &Session, server: &Server, job: &Job) -> Result<Lsn> {
    let fast = job.options.flag("start_fast");
    let label = format!("seawall {} {}", job.target, job.id);
    let sql = if server.major >= 15 {
        "SELECT pg_backup_start($1, $2)::text"
    } else {
        "SELECT pg_start_backup($1, $2, false)::text"
    };
    let what = if server.in_recovery { "restartpoint" } else { "checkpoint" };
    job.progress.phase(&format!("wait for the server's {what}"));
    let row = session.wait_for(sql, &[&label, &fast])?;
    parse_lsn(row.get(0))
}

/// Ends the backup. The server does not wait for its archiver: the log is proven by ourselves.
///
/// # Errors
/// `statement`, `interrupted`.
pub(crate) fn stop(session: &Session, server: &Server) -> Result<Stopped> {
    // As bytes of the database's own encoding: a path may be in any, or in none.
    let columns = "lsn::text, convert_to(labelfile, getdatabaseencoding()), \
                   convert_to(coalesce(spcmapfile, ''), getdatabaseencoding())";
    let function =
        if server.major >= 15 { "pg_backup_stop(false)" } else { "pg_stop_backup(false, false)" };
    let row = session.wait_for(&format!("SELECT {columns} FROM {function}"), &[])?;
    // A standby is as old as the last transaction that it has replayed, by the primary's clock.
    let clock = if server.in_recovery {
        "SELECT coalesce(pg_last_xact_replay_timestamp(), clock_timestamp())"
    } else {
        "SELECT clock_timestamp()"
    };
    let time = session.ask(clock, &[])?.get(0);
    Ok(Stopped { lsn: parse_lsn(row.get(0))?, label: row.get(1), tablespace_map: row.get(2), time })
}

impl Stopped {
    /// The label must speak of this backup: its start, the timeline that pg_control named, and the
    /// server's role.
    ///
    /// # Errors
    /// `statement`.
    pub(crate) fn check(&self, start: Lsn, timeline: TimelineId, server: &Server) -> Result<()> {
        let label = BackupLabel::parse(&self.label)
            .or_kind(Kind::Statement, || "read the backup label that the server gave")?;
        let same_timeline = label.start_timeline.is_none_or(|named| named == timeline);
        // A standby's end must lie behind the checkpoint record with which recovery begins.
        let is_behind = self.lsn > start && self.lsn > label.checkpoint;
        let same_role = (label.from == "standby") == server.in_recovery;
        if label.start_wal == start && same_timeline && same_role && is_behind {
            return Ok(());
        }
        Err(Error::new(
            Kind::Statement,
            format!(
                "the server's label of a {} begins at {} and ends at {}, the backup of a {} began at {start} on timeline {timeline}",
                label.from,
                label.start_wal,
                self.lsn,
                server.role()
            ),
        ))
    }
}
