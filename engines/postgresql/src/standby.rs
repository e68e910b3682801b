//! What is different on a standby.
//!
//! It makes no checkpoints, only restartpoints at those of its primary: the start of a backup may be
//! older than the backup, and several may share one. It writes no log: the end of a backup is the
//! `minRecoveryPoint` of the pg_control that the backup holds, and nothing can end a segment.

use crate::data_directory::DataDirectory;
use crate::server::parse_lsn;
use crate::session::Session;
use errors::{Error, Kind, Result};
use formats::control::{ClusterState, ControlFile};
use formats::{Lsn, TimelineId};
use std::time::Duration;

/// Before 17 the server itself may read a torn pg_control.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(20);
/// How far back the log is looked for that somebody else archives.
pub(crate) const LOOK_BACK_SEGMENTS: u64 = 64;
/// How far the log has come: nothing in the files can be newer.
pub(crate) const NEWEST_LSN: &str =
    "SELECT greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::text";

/// pg_control as the server reads it in its own directory.
struct Reported {
    checkpoint: Lsn,
    min_recovery: Lsn,
    timeline: i32,
}

impl Reported {
    fn ask(session: &Session) -> Result<Self> {
        let sql = "SELECT checkpoint_lsn::text, min_recovery_end_lsn::text, \
                   min_recovery_end_timeline FROM pg_control_checkpoint(), pg_control_recovery()";
        let mut attempt = 1;
        loop {
            match session.ask(sql, &[]) {
                Ok(row) => {
                    return Ok(Self {
                        checkpoint: parse_lsn(row.get(0))?,
                        min_recovery: parse_lsn(row.get(1))?,
                        timeline: row.get(2),
                    });
                }
                Err(error) if attempt == ATTEMPTS || error.kind() != Kind::Statement => {
                    return Err(error);
                }
                Err(_) => std::thread::sleep(PAUSE),
            }
            attempt += 1;
        }
    }

    /// Both positions of pg_control only ever grow.
    fn is_not_after(&self, control: &ControlFile) -> bool {
        self.checkpoint <= control.checkpoint && self.min_recovery <= control.min_recovery_point
    }

    fn is_not_before(&self, control: &ControlFile) -> bool {
        self.checkpoint >= control.checkpoint && self.min_recovery >= control.min_recovery_point
    }
}

/// pg_control and its bytes, read between two looks of the server at its own: so it is the server's,
/// or a copy that is as good. Unlike a primary's, its checkpoint need not be a young one.
///
/// # Errors
/// `system-identifier`, and those of the data directory and the session.
pub(crate) fn control(
    session: &Session,
    data: &DataDirectory,
    start: Lsn,
) -> Result<(ControlFile, Vec<u8>)> {
    let before = Reported::ask(session)?;
    let (control, bytes) = data.control()?;
    let after = Reported::ask(session)?;
    let state = control.state;
    if before.is_not_after(&control)
        && after.is_not_before(&control)
        && control.redo >= start
        && state == ClusterState::InArchiveRecovery
    {
        return Ok((control, bytes));
    }
    if !session.ask("SELECT pg_is_in_recovery()", &[])?.get::<_, bool>(0) {
        return Err(promoted());
    }
    Err(Error::new(
        Kind::SystemIdentifier,
        format!(
            "{} is not the standby's data directory: it is {state}, its last restartpoint is {} and \
             it needs recovery to {}; the server says {} and {}",
            data.path.display(),
            control.checkpoint,
            control.min_recovery_point,
            after.checkpoint,
            after.min_recovery
        ),
    )
    .hint("It may be a copy, or another server of the same cluster: set data_directory, or run Seawall on the server's host."))
}

/// The log of a backup lies on one timeline, which the standby must still follow at its end.
///
/// # Errors
/// `server-role`.
pub(crate) fn require_timeline(session: &Session, timeline: TimelineId) -> Result<()> {
    let now = Reported::ask(session)?.timeline;
    if u32::try_from(now).ok() == Some(timeline.get()) {
        return Ok(());
    }
    Err(Error::new(
        Kind::ServerRole,
        format!("the backup began on timeline {timeline}, and the standby follows timeline {now} now"),
    )
    .hint("Take it again after the standby's next restartpoint, which is on the new timeline: CHECKPOINT on the new primary, then on the standby."))
}

fn promoted() -> Error {
    Error::new(Kind::ServerRole, "the standby was promoted while it was backed up")
        .hint("The backup is of no use. Take a new one of what is a primary now.")
}
