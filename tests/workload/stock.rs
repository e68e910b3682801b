//! What PostgreSQL's own tools say of a restored cluster.

use fixtures::postgresql::{PostgreSql, program};
use fixtures::run;
use std::path::Path;

/// The manifest, every file, and the log from start to stop.
pub(crate) fn verify_backup(data: &Path) {
    run(program("pg_verifybackup").arg(data)).ok();
}

/// Every table and every B-tree of every database, with each row of a table found in its indexes.
pub(crate) fn amcheck(server: &PostgreSql) -> Vec<String> {
    let mut command = program("pg_amcheck");
    command.arg("--host").arg(server.socket_dir()).args(["--port", &server.port().to_string()]);
    command.args(["--username", "postgres", "--all", "--install-missing", "--jobs", "2"]);
    complaints(command.args(["--heapallindexed", "--parent-check"]))
}

/// Every page of a server that was stopped in order.
pub(crate) fn checksums(data: &Path) -> Vec<String> {
    complaints(program("pg_checksums").args(["--check", "-D"]).arg(data))
}

fn complaints(command: &mut std::process::Command) -> Vec<String> {
    let outcome = run(command);
    if outcome.status.success() {
        return Vec::new();
    }
    vec![format!("{command:?}: {}\n{}{}", outcome.status, outcome.stdout, outcome.stderr)]
}
