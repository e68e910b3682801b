//! What the databases hold that a restore treats in its own way.

use super::{Doctor, Findings, NAMED_MAX, catalogue as rule, few, one};
use crate::server::quote_identifier;
use stream::Diagnosis;

pub(super) fn databases(doctor: &Doctor<'_>) -> Findings {
    if doctor.major < 15 {
        return Ok(Vec::new());
    }
    let changed: Vec<String> = doctor.value(
        "SELECT coalesce(array_agg(datname::text ORDER BY datname), '{}') FROM pg_database \
         WHERE datcollversion <> pg_database_collation_actual_version(oid)",
    )?;
    if changed.is_empty() {
        let text = "the library orders text as when the databases were made";
        return one(Diagnosis::ok(&rule::COLLATION_DATABASE, text));
    }
    let text =
        format!("the library that orders text has changed under the databases {}", few(&changed));
    let found = Diagnosis::warning(&rule::COLLATION_DATABASE, text).hint(
        "Indexes on text may be in the wrong order, here and in every restore to such a host.",
    );
    let hint = |name: &String| {
        let name = quote_identifier(name);
        format!(
            "In {name}: REINDEX DATABASE {name}; ALTER DATABASE {name} REFRESH COLLATION VERSION;"
        )
    };
    one(changed.iter().take(NAMED_MAX).map(hint).fold(found, Diagnosis::hint))
}

pub(super) fn collations(doctor: &Doctor<'_>) -> Findings {
    let changed: Vec<String> = doctor.value(
        "SELECT coalesce(array_agg(format('%I.%I', nspname, collname) ORDER BY nspname, collname), '{}') \
         FROM pg_collation AS c JOIN pg_namespace AS n ON n.oid = c.collnamespace \
         WHERE collversion <> pg_collation_actual_version(c.oid)",
    )?;
    let database: String = doctor.value("SELECT current_database()::text")?;
    if changed.is_empty() {
        let text = format!("the collations of {database} are those of the library");
        return one(Diagnosis::ok(&rule::COLLATION, text));
    }
    let text =
        format!("in {database} the library has changed under the collations {}", few(&changed));
    let found = Diagnosis::warning(&rule::COLLATION, text)
        .hint("REINDEX the indexes that use them; ask the other databases too (--set dbname=…).");
    let hint = |name: &String| format!("ALTER COLLATION {name} REFRESH VERSION;");
    one(changed.iter().take(NAMED_MAX).map(hint).fold(found, Diagnosis::hint))
}

pub(super) fn prepared(doctor: &Doctor<'_>) -> Findings {
    let old: Vec<String> = doctor.value(
        "SELECT coalesce(array_agg(gid ORDER BY prepared), '{}') FROM pg_prepared_xacts \
         WHERE prepared < clock_timestamp() - interval '1 day'",
    )?;
    if old.is_empty() {
        return one(Diagnosis::ok(&rule::PREPARED, "no prepared transaction is older than a day"));
    }
    let found = Diagnosis::warning(
        &rule::PREPARED,
        format!("prepared transactions are older than a day: {}", few(&old)),
    )
    .hint("They hold locks and keep VACUUM off, and every restore brings them back.");
    let hint = |gid: &String| {
        let gid = gid.replace('\'', "''");
        format!("In its database: COMMIT PREPARED '{gid}'; or ROLLBACK PREPARED '{gid}';")
    };
    one(old.iter().take(NAMED_MAX).map(hint).fold(found, Diagnosis::hint))
}

pub(super) fn unlogged(doctor: &Doctor<'_>) -> Findings {
    let tables: Vec<String> = doctor.value(
        "SELECT coalesce(array_agg(oid::regclass::text ORDER BY oid::regclass::text), '{}') FROM pg_class \
         WHERE relpersistence = 'u' AND relkind = 'r'",
    )?;
    let database: String = doctor.value("SELECT current_database()::text")?;
    if tables.is_empty() {
        let text = format!("{database} has no unlogged tables");
        return one(Diagnosis::ok(&rule::UNLOGGED, text));
    }
    // They were made to be lost: no reason for another exit status.
    let text = format!("unlogged tables of {database} come back empty: {}", few(&tables));
    one(Diagnosis::ok(&rule::UNLOGGED, text)
        .hint("ALTER TABLE … SET LOGGED where the rows must come back."))
}
