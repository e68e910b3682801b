//! The tool itself, without the program: what the workload asks of a backup can be had.

use crate::workload::{Workload, check};
use fixtures::mariadb::{self, PASSWORD};
use fixtures::{MariaDb, Scratch, ScratchServer, run};

#[test]
fn the_tool_backs_up_the_workload_and_its_backup_is_consistent() {
    let scratch = Scratch::new();
    let mut server = MariaDb::init(&scratch);
    server.start();
    let workload = Workload::start(&server);
    workload.wait_for(200);
    let target = scratch.join("copy");
    let mut backup = mariadb::program("mariadb-backup");
    backup.arg(format!("--defaults-file={}", server.client_file().display()));
    backup.arg("--backup").arg("--datadir").arg(server.data_dir());
    run(backup.arg("--target-dir").arg(&target)).ok();
    let counts = workload.stop();
    assert!(counts.len() >= 8, "a storm of too few kinds: {counts:?}");
    check(&server);
    run(mariadb::program("mariadb-backup").arg("--prepare").arg("--target-dir").arg(&target)).ok();
    let restored = MariaDb::start_on(&scratch, &target);
    check(&restored);
    assert!(!restored.log().contains(PASSWORD));
}
