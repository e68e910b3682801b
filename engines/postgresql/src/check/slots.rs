//! Replication slots.

use super::{Doctor, Findings, catalogue as rule, one};
use stream::Diagnosis;

pub(super) fn lost(doctor: &Doctor<'_>) -> Findings {
    if doctor.major < 13 {
        // Slots are never lost there: they fill the disk.
        return Ok(Vec::new());
    }
    let lost: Vec<String> = doctor.value(
        "SELECT coalesce(array_agg(slot_name || ' (' || wal_status || ')' ORDER BY slot_name), '{}') \
         FROM pg_replication_slots WHERE wal_status IN ('lost', 'unreserved')",
    )?;
    if lost.is_empty() {
        return one(Diagnosis::ok(&rule::SLOT_LOST, "no slot has lost its log"));
    }
    let hint = |name: &String| {
        let name = name.split(' ').next().unwrap_or_default();
        format!("SELECT pg_drop_replication_slot('{name}');")
    };
    let found = Diagnosis::warning(
        &rule::SLOT_LOST,
        format!("the log of these slots is gone or about to go: {}", lost.join(", ")),
    )
    .hint("Make their standbys or subscribers anew; a slot that is unreserved can still catch up.");
    one(lost.iter().map(hint).fold(found, Diagnosis::hint))
}

pub(super) fn retaining(doctor: &Doctor<'_>) -> Findings {
    let sql = format!(
        "SELECT coalesce(array_agg(slot_name || ' (' || \
             pg_size_pretty(pg_wal_lsn_diff({0}, restart_lsn)) || ')' ORDER BY slot_name), '{{}}') \
         FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL \
         AND pg_wal_lsn_diff({0}, restart_lsn) > pg_size_bytes(current_setting('max_wal_size'))",
        doctor.position()
    );
    let retaining: Vec<String> = doctor.value(&sql)?;
    if retaining.is_empty() {
        return one(Diagnosis::ok(&rule::SLOT_RETAINS, "no inactive slot holds much log back"));
    }
    let hint = |name: &String| {
        let name = name.split(' ').next().unwrap_or_default();
        format!("If nobody needs it any more: SELECT pg_drop_replication_slot('{name}');")
    };
    let found = Diagnosis::warning(
        &rule::SLOT_RETAINS,
        format!("inactive slots hold back more than max_wal_size: {}", retaining.join(", ")),
    );
    let found = retaining.iter().map(hint).fold(found, Diagnosis::hint);
    one(if doctor.major >= 13 {
        found.hint("max_slot_wal_keep_size bounds what a slot may hold back.")
    } else {
        found
    })
}

pub(super) fn free(doctor: &Doctor<'_>) -> Findings {
    let row = doctor.session.ask(
        "SELECT current_setting('max_replication_slots')::int8, \
         (SELECT count(*) FROM pg_replication_slots)",
        &[],
    )?;
    let (limit, used): (i64, i64) = (row.get(0), row.get(1));
    let text = format!("{used} of {limit} replication slots are in use");
    if used < limit {
        return one(Diagnosis::ok(&rule::SLOTS_FREE, text));
    }
    one(Diagnosis::warning(
        &rule::SLOTS_FREE,
        format!("{text}: none is free to hold the log back during a backup"),
    )
    .hint("Drop a slot that nobody needs: SELECT * FROM pg_replication_slots WHERE NOT active;")
    .hint(format!("Or ALTER SYSTEM SET max_replication_slots = {}; and restart.", limit + 5)))
}
