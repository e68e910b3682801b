//! The tool itself, without the program: what the workload asks of a backup can be had.

use crate::workload::{Workload, check};
use fixtures::mariadb::{self, PASSWORD};
use fixtures::{MariaDb, Outcome, Scratch, ScratchServer, run};
use std::path::Path;

/// A backup into a directory.
fn back_up(server: &MariaDb, to: &Path) -> Outcome {
    let mut backup = mariadb::program("mariadb-backup");
    backup.arg(format!("--defaults-file={}", server.client_file().display()));
    backup.arg("--backup").arg("--datadir").arg(server.data_dir());
    run(backup.arg("--target-dir").arg(to))
}

#[test]
fn the_tool_backs_up_the_workload_and_its_backup_is_consistent() {
    let scratch = Scratch::new();
    let mut server = MariaDb::init(&scratch);
    server.start();
    let workload = Workload::start(&server);
    workload.wait_for(100);
    let target = scratch.join("copy");
    back_up(&server, &target).ok();
    workload.wait_for_kinds(8);
    workload.stop();
    check(&server);
    run(mariadb::program("mariadb-backup").arg("--prepare").arg("--target-dir").arg(&target)).ok();
    let restored = MariaDb::start_on(&scratch, &target);
    check(&restored);
    assert!(!restored.log().contains(PASSWORD));
}

#[test]
fn the_workload_goes_on_where_it_was_stopped_and_ends_with_its_server() {
    let scratch = Scratch::new();
    let mut server = MariaDb::init(&scratch);
    server.start();
    let workload = Workload::start_over_all(&server);
    workload.wait_for(100);
    workload.stop();
    check(&server);
    let workload = Workload::resume(&server);
    workload.wait_for(100);
    server.kill();
    workload.stop();
    server.start();
}
