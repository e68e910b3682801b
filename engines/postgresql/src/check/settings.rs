//! Settings of the server, its role and its clock.

use super::{Doctor, Findings, catalogue as rule, one};
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
