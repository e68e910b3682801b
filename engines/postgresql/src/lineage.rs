//! One target, one cluster: what else is there belongs to a history of its own.

use errors::{Error, Kind, Result};
use formats::SystemIdentifier;
use stream::Job;

/// Two clusters in one target would be one chain of files that do not belong together, unless an
/// operator said that the new one continues it.
///
/// # Errors
/// `system-identifier`.
pub(crate) fn refuse_other_cluster(job: &Job, ours: SystemIdentifier) -> Result<()> {
    let Some(last) = job.links.last() else { return Ok(()) };
    let ours = ours.to_string();
    let theirs = last.lineage.get("system_identifier").cloned().unwrap_or_default();
    if theirs == ours || job.accepted.contains(&ours) {
        return Ok(());
    }
    Err(Error::new(
        Kind::SystemIdentifier,
        format!(
            "the server is the cluster {ours}, the backups of {} are of the cluster {theirs}",
            job.target
        ),
    )
    .hint("After initdb or pg_upgrade: `seawall accept` lets the new cluster continue this target, and the old backups stay restorable.")
    .hint("If it is another server, use a new target name: --target NAME, also in archive_command."))
}
