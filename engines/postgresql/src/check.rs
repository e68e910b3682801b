//! `check`: everything that would make a backup fail, before it is taken.

use crate::data_directory::DataDirectory;
use crate::server::Server;
use crate::session::{self, Session};
use errors::{Error, Result};
use stream::{Advice, Job, Severity};

/// Asks server and data directory. What can be found is a finding; what cannot be asked ends the
/// check with the last one.
///
/// # Errors
/// None of its own: even a server that is down is a finding.
pub(crate) fn run(job: &Job) -> Result<Vec<Advice>> {
    let mut found = Vec::new();
    let place = session::place(&job.options);
    let Some(session) = note(
        &mut found,
        "postgresql-connection",
        &format!("connected to {place}"),
        Session::open(job),
    ) else {
        return Ok(found);
    };
    let asked = Server::ask(&session, &job.options);
    let Some(server) = note(&mut found, "postgresql-rights", "the user may take backups", asked)
    else {
        return Ok(found);
    };
    let version = format!("the server is PostgreSQL {}", server.version);
    found.push(fine("postgresql-version", version));
    note(&mut found, "postgresql-role", "the server is a primary", server.require_primary());
    let archiving = server.require_archiving(&job.options);
    note(&mut found, "postgresql-archiving", "the server archives its log", archiving);
    let path = server.data_directory.display();
    let opened = DataDirectory::open(&server.data_directory, server.system_identifier);
    let readable = format!("{path} is the server's data directory, and readable");
    note(&mut found, "postgresql-data-directory", &readable, opened);
    if !server.may_replicate {
        found.push(Advice {
            id: "postgresql-slot",
            severity: Severity::Warning,
            text: "the user has no REPLICATION: no slot holds the log back during a backup"
                .to_owned(),
            hints: vec![format!("ALTER ROLE {} REPLICATION;", server.user)],
        });
    }
    Ok(found)
}

fn note<T>(found: &mut Vec<Advice>, id: &'static str, good: &str, result: Result<T>) -> Option<T> {
    match result {
        Ok(value) => {
            found.push(fine(id, good.to_owned()));
            Some(value)
        }
        Err(error) => {
            found.push(bad(id, &error));
            None
        }
    }
}

fn fine(id: &'static str, text: String) -> Advice {
    Advice { id, severity: Severity::Ok, text, hints: Vec::new() }
}

fn bad(id: &'static str, error: &Error) -> Advice {
    Advice { id, severity: Severity::Error, text: error.line(), hints: error.hints().to_vec() }
}
