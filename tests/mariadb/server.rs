//! The tool itself, without the program: what the workload asks of a backup can be had.

use crate::workload::{Workload, check, check_hot};
use fixtures::mariadb::{PASSWORD, Programs};
use fixtures::{MariaDb, Outcome, Scratch, ScratchServer, run};
use std::path::Path;

/// A backup into a directory.
fn back_up(programs: &Programs, server: &MariaDb, to: &Path) -> Outcome {
    let mut backup = programs.command("mariadb-backup");
    backup.arg(format!("--defaults-file={}", server.client_file().display()));
    backup.arg("--backup").arg("--datadir").arg(server.data_dir());
    run(backup.arg("--target-dir").arg(to))
}

pub(crate) fn the_tool_backs_up_the_workload_and_its_backup_is_consistent(programs: &Programs) {
    let scratch = Scratch::new();
    let mut server = programs.init(&scratch, "m", "");
    server.start();
    let workload = Workload::start(&server);
    workload.wait_for(100);
    let target = scratch.join("copy");
    back_up(programs, &server, &target).ok();
    workload.wait_for_kinds(8);
    workload.stop();
    check(&server);
    let mut prepare = programs.command("mariadb-backup");
    // 11.8 makes files there, as the server's user.
    prepare.env("TMPDIR", scratch.path()).arg("--prepare").arg("--target-dir").arg(&target);
    run(&mut prepare).ok();
    let restored = programs.start_on(&scratch, &target);
    check_hot(&restored);
    assert!(!restored.log().contains(PASSWORD));
}

pub(crate) fn the_workload_goes_on_where_it_was_stopped_and_ends_with_its_server(
    programs: &Programs,
) {
    let scratch = Scratch::new();
    let mut server = programs.init(&scratch, "m", "");
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
