//! The backend of the file daemons' plugins, on real servers. A double of the daemon speaks to it;
//! the daemons themselves are in the tests of `bacula`.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod bareos;
mod ended;
mod mariadb;
mod postgresql;

use fixtures::file_daemon::{Ask, Conversation, StoredJob};
use fixtures::{Lab, ScratchServer as _};
use protocol::Purpose;
use std::process::Command;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_seawall");

/// The backend, as the servers' user.
fn backend(lab: &Lab) -> Command {
    let mut command = lab.command(&["--config", "seawall.toml"]);
    command.env("SEAWALL_STATE_DIR", lab.scratch.join("state"));
    command
}

/// A server and an empty configuration.
fn lab() -> Lab {
    let lab = Lab::new(PROGRAM);
    std::fs::write(lab.scratch.join("seawall.toml"), "").unwrap();
    lab
}

/// The plugin line of a lab's server.
fn line(lab: &Lab) -> String {
    format!("seawall:url={}:target=pg-main", lab.server.url())
}

/// Backs up to the end of the daemon's job.
fn backup(lab: &Lab, ask: &Ask<'_>) -> StoredJob {
    let mut talk = Conversation::start(backend(lab), lab.scratch.path(), Purpose::Backup, ask);
    talk.take_files();
    talk.finish(true)
}

/// Restores jobs to the end.
fn restore(lab: &Lab, ask: &Ask<'_>, jobs: &[&StoredJob]) -> StoredJob {
    let objects: Vec<Vec<u8>> = jobs.iter().flat_map(|job| job.objects.clone()).collect();
    let ask = Ask { objects: &objects, level: b' ', ..ask.clone() };
    let mut talk = Conversation::start(backend(lab), lab.scratch.path(), Purpose::Restore, &ask);
    talk.give_back(jobs);
    talk.finish(true)
}
