//! What the target holds: of this cluster, and without a gap behind the newest backup.

use super::{Doctor, Findings, catalogue as rule, one};
use crate::{cover, server};
use stream::Diagnosis;

pub(super) fn gap(doctor: &Doctor<'_>) -> Findings {
    let Some(stored) = doctor.stored else { return Ok(Vec::new()) };
    let bases = doctor.job.links.iter().filter(|link| link.earliest.is_some());
    let Some(link) = bases.max_by_key(|link| link.job) else { return Ok(Vec::new()) };
    let window = cover::window(link, stored.log, None)?;
    let name = link.name();
    if let Some(gap) = window.gap {
        let (first, last, pieces) = (gap.first, gap.last, gap.pieces);
        return one(Diagnosis::warning(
            &rule::LOG_GAP,
            format!("behind the backup {name}, {pieces} segment(s) are missing, from {first} to {last}"),
        )
        .hint("If they are still in pg_wal or elsewhere: seawall wal push <path> for each, in the data directory.")
        .hint("Otherwise take a backup now: nothing behind the gap can be recovered from this one."));
    }
    if !window.is_whole {
        let text = format!("the log that the backup {name} itself needs is missing");
        return one(Diagnosis::warning(&rule::LOG_GAP, text)
            .hint("Take a backup now, and see `seawall wal verify`."));
    }
    one(Diagnosis::ok(&rule::LOG_GAP, format!("the log behind the backup {name} has no gap")))
}

pub(super) fn other(doctor: &Doctor<'_>) -> Findings {
    if doctor.job.links.is_empty() {
        return Ok(Vec::new());
    }
    let ours = server::system_identifier(&doctor.session)?;
    one(match server::refuse_other_cluster(doctor.job, ours) {
        Ok(()) => {
            let text = format!("the cluster {ours} may be backed up as {}", doctor.job.target);
            Diagnosis::ok(&rule::OTHER_CLUSTER, text)
        }
        Err(refusal) => Diagnosis::failure(&rule::OTHER_CLUSTER, &refusal),
    })
}

/// Later backups are compared with earlier ones; before the first there are only the databases.
pub(super) fn room(doctor: &Doctor<'_>) -> Findings {
    let free = doctor.stored.and_then(|stored| stored.free);
    let Some(free) = free.filter(|_| doctor.job.links.is_empty()) else { return Ok(Vec::new()) };
    // The size of a database is told only to those who may connect to it.
    let size: i64 = doctor.value(
        "SELECT coalesce(sum(pg_database_size(oid)), 0)::int8 FROM pg_database \
         WHERE has_database_privilege(oid, 'CONNECT')",
    )?;
    let size = u64::try_from(size).unwrap_or(0);
    let mebibytes = |bytes: u64| format!("{} MiB", bytes >> 20);
    let text = format!("the databases have {}, {} are free", mebibytes(size), mebibytes(free));
    if free >= size {
        return one(Diagnosis::ok(&rule::FIRST_BACKUP, text));
    }
    one(Diagnosis::warning(&rule::FIRST_BACKUP, format!("{text}: the first backup may not fit"))
        .hint("Make room; stored backups are compressed, often to a third or less."))
}
