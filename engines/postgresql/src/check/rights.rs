//! Rights: one finding for each GRANT.

use super::{Doctor, Findings, catalogue as rule, one};
use crate::server::{backup_functions, quote_identifier};
use errors::Rule;
use stream::Diagnosis;

pub(super) fn start(doctor: &Doctor<'_>) -> Findings {
    function(doctor, &rule::GRANT_START, backup_functions(doctor.major)[0])
}

pub(super) fn stop(doctor: &Doctor<'_>) -> Findings {
    function(doctor, &rule::GRANT_STOP, backup_functions(doctor.major)[1])
}

fn function(doctor: &Doctor<'_>, rule: &'static Rule, function: &str) -> Findings {
    let sql = "SELECT has_function_privilege(current_user, $1, 'EXECUTE')";
    let user = &doctor.user;
    if doctor.session.ask(sql, &[&function])?.get(0) {
        return one(Diagnosis::ok(rule, format!("{user} may call {function}")));
    }
    one(Diagnosis::error(rule, format!("the database user {user} may not call {function}"))
        .hint(format!("GRANT EXECUTE ON FUNCTION {function} TO {};", quote_identifier(user))))
}

pub(super) fn settings(doctor: &Doctor<'_>) -> Findings {
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
