//! The server: its settings, its role and its clock; the rights that it gives; its replication
//! slots.

use super::{Doctor, Findings, catalogue as rule, one};
use crate::server::{backup_functions, quote_identifier};
use chrono::{DateTime, TimeDelta, Utc};
use errors::Rule;
use stream::Diagnosis;

/// More than a network and a busy host explain.
const SKEW_MAX: TimeDelta = TimeDelta::seconds(2);

pub(super) fn role(doctor: &Doctor<'_>) -> Findings {
    let role = if doctor.in_recovery { "standby" } else { "primary" };
    one(Diagnosis::ok(&rule::ROLE, format!("the server is a {role}")))
}

pub(super) fn wal_level(doctor: &Doctor<'_>) -> Findings {
    let level = doctor.setting("wal_level")?;
    let text = format!("wal_level is {level}");
    if level != "minimal" {
        return one(Diagnosis::ok(&rule::WAL_LEVEL, text));
    }
    one(Diagnosis::error(&rule::WAL_LEVEL, text)
        .hint("ALTER SYSTEM SET wal_level = replica; then restart the server.")
        .hint("Older backups cannot be recovered across the time at minimal: take a new one then."))
}

pub(super) fn full_page_writes(doctor: &Doctor<'_>) -> Findings {
    switched_on(
        doctor,
        &rule::FULL_PAGE_WRITES,
        "full_page_writes",
        "after a crash torn pages stay torn (during a backup the server writes full pages all the same)",
    )
}

pub(super) fn fsync(doctor: &Doctor<'_>) -> Findings {
    switched_on(doctor, &rule::FSYNC, "fsync", "a power cut can damage every file of the cluster")
}

fn switched_on(doctor: &Doctor<'_>, rule: &'static Rule, name: &str, otherwise: &str) -> Findings {
    if doctor.setting(name)? == "on" {
        return one(Diagnosis::ok(rule, format!("{name} is on")));
    }
    one(Diagnosis::warning(rule, format!("{name} is off: {otherwise}"))
        .hint(format!("ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();")))
}

pub(super) fn checksums(doctor: &Doctor<'_>) -> Findings {
    if doctor.setting("data_checksums")? == "on" {
        return one(Diagnosis::ok(&rule::CHECKSUMS, "the cluster has data checksums"));
    }
    let text = "the cluster has no data checksums: damage by the disk goes into backups unnoticed";
    one(Diagnosis::warning(&rule::CHECKSUMS, text).hint(if doctor.major >= 12 {
        "Stop the server in order, run pg_checksums --enable -D <data directory>, start it."
    } else {
        "Before 12 only a new cluster can have them: initdb -k."
    }))
}

pub(super) fn clock(doctor: &Doctor<'_>) -> Findings {
    let before = Utc::now();
    let server: DateTime<Utc> = doctor.value("SELECT clock_timestamp()")?;
    let skew = skew(before, server, Utc::now());
    if skew.abs() <= SKEW_MAX {
        return one(Diagnosis::ok(&rule::CLOCK, "the clocks of server and host agree"));
    }
    let seconds = skew.num_seconds().abs();
    let where_to = if skew > TimeDelta::zero() { "ahead of" } else { "behind" };
    one(Diagnosis::warning(
        &rule::CLOCK,
        format!("the server's clock is {seconds} s {where_to} this host's"),
    )
    .hint("Let a time service set both: a time to recover to is the server's.")
    .hint(format!("Until then name times as SELECT clock_timestamp() says them (now {server}).")))
}

/// How far a clock that was read in between is from ours: nothing while it may have been right.
fn skew(before: DateTime<Utc>, read: DateTime<Utc>, after: DateTime<Utc>) -> TimeDelta {
    if read < before {
        read - before
    } else if read > after {
        read - after
    } else {
        TimeDelta::zero()
    }
}

pub(super) fn grant_start(doctor: &Doctor<'_>) -> Findings {
    grant(doctor, &rule::GRANT_START, backup_functions(doctor.major)[0])
}

pub(super) fn grant_stop(doctor: &Doctor<'_>) -> Findings {
    grant(doctor, &rule::GRANT_STOP, backup_functions(doctor.major)[1])
}

fn grant(doctor: &Doctor<'_>, rule: &'static Rule, function: &str) -> Findings {
    let sql = "SELECT has_function_privilege(current_user, $1, 'EXECUTE')";
    let user = &doctor.user;
    if doctor.session.ask(sql, &[&function])?.get(0) {
        return one(Diagnosis::ok(rule, format!("{user} may call {function}")));
    }
    one(Diagnosis::error(rule, format!("the database user {user} may not call {function}"))
        .hint(format!("GRANT EXECUTE ON FUNCTION {function} TO {};", quote_identifier(user))))
}

pub(super) fn grant_settings(doctor: &Doctor<'_>) -> Findings {
    let user = &doctor.user;
    let sql = "SELECT pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')";
    if doctor.value(sql)? {
        return one(Diagnosis::ok(&rule::GRANT_SETTINGS, format!("{user} may read all settings")));
    }
    let text = format!("the database user {user} may not read all settings");
    one(Diagnosis::error(&rule::GRANT_SETTINGS, text)
        .hint(format!("GRANT pg_read_all_settings TO {};", quote_identifier(user))))
}

pub(super) fn replication(doctor: &Doctor<'_>) -> Findings {
    let user = &doctor.user;
    let sql = "SELECT coalesce((SELECT rolsuper OR rolreplication FROM pg_roles \
               WHERE rolname = current_user), false)";
    if doctor.value(sql)? {
        return one(Diagnosis::ok(&rule::REPLICATION, format!("{user} may use a slot")));
    }
    let text = "the user has no REPLICATION: no slot holds the log back during a backup";
    one(Diagnosis::warning(&rule::REPLICATION, text)
        .hint(format!("ALTER ROLE {} REPLICATION;", quote_identifier(user))))
}

pub(super) fn slots_lost(doctor: &Doctor<'_>) -> Findings {
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

pub(super) fn slots_retaining(doctor: &Doctor<'_>) -> Findings {
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

pub(super) fn slots_free(doctor: &Doctor<'_>) -> Findings {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_answer_is_no_wrong_clock() {
        let at = |second: i64| DateTime::from_timestamp(second, 0).unwrap();
        assert_eq!(skew(at(10), at(15), at(20)), TimeDelta::zero());
        assert_eq!(skew(at(10), at(5), at(20)), TimeDelta::seconds(-5));
        assert_eq!(skew(at(10), at(23), at(20)), TimeDelta::seconds(3));
    }
}
