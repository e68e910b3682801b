//! What the repository holds of the target: of this cluster, without a gap behind the newest backup,
//! and how far behind the server. By its own pieces, for what the server's archiver counts is no
//! proof.

use super::{Doctor, Findings, catalogue as rule, one};
use crate::cover;
use crate::server::{self, parse_lsn};
use crate::wal::HISTORY_SHARD;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use errors::{Error, Kind, Result};
use formats::{Lsn, SegmentName, SegmentSize};
use stream::{Diagnosis, LogKey, LogView};

/// A segment is being written, one is being archived, one may wait.
const SEGMENTS_BEHIND_MAX: u64 = 3;
/// Older log is worth a word, where the server wrote more.
const AGE_MAX: TimeDelta = TimeDelta::minutes(15);
/// What a server writes without anybody's doing.
const IDLE_BYTES: u64 = 8192;

/// What the server says.
struct Now {
    written: Lsn,
    size: SegmentSize,
    lineage: String,
    time: DateTime<Utc>,
    /// What its archiver says that it archived last.
    claimed: Option<String>,
}

/// The newest segment that is kept.
struct Newest {
    key: LogKey,
    end: Lsn,
}

pub(super) fn lag(doctor: &Doctor<'_>) -> Findings {
    let Some(stored) = doctor.stored else { return Ok(Vec::new()) };
    if doctor.in_recovery || !doctor.archives()? {
        return Ok(Vec::new());
    }
    let now = ask(doctor)?;
    let Some(newest) = newest(stored.log, &now)? else {
        return one(nothing(&now));
    };
    let behind = now.written.0.saturating_sub(newest.end.0);
    Ok(vec![bytes(&now, &newest, behind), age(stored.log, &now, &newest, behind)?])
}

fn ask(doctor: &Doctor<'_>) -> Result<Now> {
    let row = doctor.session.ask(
        "SELECT pg_current_wal_lsn()::text, pg_size_bytes(current_setting('wal_segment_size')), \
         system_identifier, clock_timestamp(), last_archived_wal \
         FROM pg_control_system(), pg_stat_archiver",
        &[],
    )?;
    let size = u64::try_from(row.get::<_, i64>(1)).ok().and_then(SegmentSize::new);
    let system = row.get::<_, i64>(2).cast_unsigned();
    Ok(Now {
        written: parse_lsn(row.get(0))?,
        size: size.ok_or_else(|| Error::new(Kind::Bug, "the segment size is none"))?,
        lineage: formats::SystemIdentifier::new(system).to_string(),
        time: row.get(3),
        claimed: row.get(4),
    })
}

/// Names alone: of the newest timeline that has segments, the last one.
fn newest(log: &dyn LogView, now: &Now) -> Result<Option<Newest>> {
    let lineage = &now.lineage;
    for lane in log.lanes(lineage)?.into_iter().rev() {
        for shard in log.shards(lineage, &lane)?.into_iter().rev() {
            if shard == HISTORY_SHARD {
                continue;
            }
            for name in log.names(lineage, &lane, &shard)?.into_iter().rev() {
                let Some(segment) = SegmentName::parse(&name, now.size) else { continue };
                let end = segment.first_lsn(now.size).checked_add(now.size.bytes());
                let key = LogKey { lineage: lineage.clone(), lane, shard, name };
                return Ok(Some(Newest { key, end: end.unwrap_or(now.written) }));
            }
        }
    }
    Ok(None)
}

fn nothing(now: &Now) -> Diagnosis {
    match &now.claimed {
        Some(claimed) => Diagnosis::warning(
            &rule::LAG_BYTES,
            format!(
                "the server says that it archived {claimed}, and the repository holds no log of it"
            ),
        )
        .hint("Another place gets the log: compare archive_command with --repo and --target."),
        None => Diagnosis::ok(&rule::LAG_BYTES, "nothing has been archived yet"),
    }
}

fn bytes(now: &Now, newest: &Newest, behind: u64) -> Diagnosis {
    let name = &newest.key.name;
    let segments = behind / now.size.bytes();
    if segments <= SEGMENTS_BEHIND_MAX {
        let text = format!("the log is here up to {name}, {behind} bytes behind the server");
        return Diagnosis::ok(&rule::LAG_BYTES, text);
    }
    Diagnosis::warning(
        &rule::LAG_BYTES,
        format!(
            "the newest segment here is {name}: the server is {behind} bytes ({segments} segments) ahead"
        ),
    )
    .hint("What is not here is lost with the server: see the findings on archive_command and the archiver.")
    .hint("The server's log names the reason when the command fails; pg_stat_archiver counts failures.")
}

fn age(log: &dyn LogView, now: &Now, newest: &Newest, behind: u64) -> Result<Diagnosis> {
    let Some(info) = log.info(&newest.key)? else {
        return Ok(Diagnosis::ok(&rule::LAG_TIME, "the newest segment is on its way"));
    };
    let age = now.time - info.written_at;
    let time = info.written_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    if behind <= IDLE_BYTES {
        let text = format!("nothing was written since the newest segment here, of {time}");
        return Ok(Diagnosis::ok(&rule::LAG_TIME, text));
    }
    if age <= AGE_MAX {
        return Ok(Diagnosis::ok(&rule::LAG_TIME, format!("the newest segment here is of {time}")));
    }
    let text = format!(
        "the newest segment here is of {time}, {} minutes ago, and the server wrote more since",
        age.num_minutes()
    );
    Ok(Diagnosis::warning(&rule::LAG_TIME, text)
        .hint("ALTER SYSTEM SET archive_timeout = '60s'; SELECT pg_reload_conf(); then at most a minute is lost.")
        .hint("SELECT pg_switch_wal(); archives what there is now."))
}

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

pub(super) fn other_cluster(doctor: &Doctor<'_>) -> Findings {
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
