//! The server dies under a backup.

use super::aftermath::{self, Before};
use super::ended::{PHASES, Running};
use super::misses;
use crate::lab::Lab;
use fixtures::ScratchServer;

#[test]
fn a_server_that_dies_fails_the_backup() {
    let mut lab = Lab::new();
    let mut wrong = Vec::new();
    for (name, line, _) in PHASES {
        let before = Before::of(&lab);
        let running = Running::start(&lab, &(name, line, 60), &[]);
        lab.server.kill();
        let outcome = running.end();
        lab.server.start();
        aftermath::look(&lab, &before, name);
        wrong.extend(misses(name, &outcome, 27, &["mariadb-backup ended with status 1"]));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
