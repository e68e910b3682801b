//! The rights that a backup needs, asked for before the first byte: the tools find some of them
//! missing only when all data was copied (measured).

use crate::server::Server;
use crate::session::Session;
use crate::tool::Flavour;
use errors::{Error, Kind, Result};

/// The rights that are missing.
///
/// # Errors
/// The session's own.
pub(crate) fn missing(
    session: &mut Session,
    server: &Server,
    flavour: Flavour,
    checkpoint: bool,
) -> Result<Vec<&'static str>> {
    let mut granted = String::new();
    for row in session.rows("SHOW GRANTS")? {
        let Some(line) = row.into_iter().next().flatten() else { continue };
        if let Some(rights) = of_server(&line) {
            granted.push_str(&rights.to_uppercase());
            granted.push(',');
        }
    }
    let granted: Vec<&str> = granted.split(',').map(str::trim).collect();
    let has = |right: &str| granted.contains(&right) || granted.contains(&"ALL PRIVILEGES");
    // Each right goes by several names over the versions; the first is the one to grant.
    let wanted = wanted(server, flavour, checkpoint);
    Ok(wanted.into_iter().filter(|names| !names.iter().any(|n| has(n))).map(|n| n[0]).collect())
}

fn wanted(server: &Server, flavour: Flavour, checkpoint: bool) -> Vec<&'static [&'static str]> {
    let mut wanted: Vec<&'static [&'static str]> = vec![&["RELOAD"], &["PROCESS"]];
    let has_binlog = server.binlog_base.is_some();
    match flavour {
        Flavour::MariaDbBackup if has_binlog && server.series() >= (10, 5) => {
            wanted.push(&["BINLOG MONITOR", "REPLICATION CLIENT", "SUPER"]);
        }
        Flavour::MariaDbBackup if has_binlog => wanted.push(&["REPLICATION CLIENT", "SUPER"]),
        Flavour::MariaDbBackup => {}
        Flavour::XtraBackup => {
            wanted.push(&["LOCK TABLES"]);
            wanted.push(&["REPLICATION CLIENT"]);
            if server.series() >= (8, 0) {
                wanted.push(&["BACKUP_ADMIN"]);
            }
        }
    }
    if checkpoint && flavour == Flavour::MariaDbBackup {
        wanted.push(&["SUPER"]);
    }
    wanted
}

/// The rights of a line of `SHOW GRANTS` that hold for the whole server.
fn of_server(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("GRANT ")?;
    rest.split_once(" ON *.* TO ").map(|(rights, _)| rights)
}

/// Refuses a user with too few rights, and prints what to grant.
///
/// # Errors
/// `missing-grant`.
pub(crate) fn check(
    session: &mut Session,
    server: &Server,
    flavour: Flavour,
    checkpoint: bool,
) -> Result<()> {
    let missing = missing(session, server, flavour, checkpoint)?;
    if missing.is_empty() {
        return Ok(());
    }
    let text = format!("{} lacks {}", server.user, missing.join(", "));
    Err(Error::new(Kind::MissingGrant, text).hint(statement(&server.user, &missing)))
}

/// The statement that grants them.
pub(crate) fn statement(user: &str, missing: &[&str]) -> String {
    let (name, host) = user.rsplit_once('@').unwrap_or((user, "%"));
    format!("GRANT {} ON *.* TO `{name}`@`{host}`;", missing.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_of_one_database_are_none_of_the_server() {
        assert_eq!(of_server("GRANT RELOAD, PROCESS ON *.* TO `b`@`%`"), Some("RELOAD, PROCESS"));
        assert_eq!(of_server("GRANT SELECT ON `t`.* TO `b`@`%`"), None);
        assert_eq!(of_server("GRANT `role` TO `b`@`%`"), None);
    }

    #[test]
    fn the_statement_names_user_and_host() {
        assert_eq!(
            statement("backup@localhost", &["RELOAD", "PROCESS"]),
            "GRANT RELOAD, PROCESS ON *.* TO `backup`@`localhost`;"
        );
    }
}
