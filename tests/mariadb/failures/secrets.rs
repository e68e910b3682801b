//! Where the password is not.

use super::TOOL_LOG;
use super::aftermath::{tools, wait_until};
use super::ended::{PHASES, Running};
use super::restore::files_below;
use crate::lab::Lab;
use fixtures::mariadb::PASSWORD;
use fixtures::run;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

#[test]
fn the_password_is_in_no_command_line_log_or_repository() {
    let lab = Lab::new();
    let running = Running::start(&lab, &PHASES[2], &["-vv"]);
    let read = |pid: u32, name: &str| {
        let bytes = fs::read(format!("/proc/{pid}/{name}")).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let tool = tools(&lab)[0];
    for (pid, name) in [(tool, "cmdline"), (running.pid(), "cmdline")] {
        assert!(!read(pid, name).contains(PASSWORD), "{name}: {}", read(pid, name));
    }
    let environment = read(tool, "environ");
    assert!(!environment.contains(PASSWORD), "{environment}");
    let files = option_files(lab.scratch.path());
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);

    let outcome = running.end();
    assert_eq!(outcome.code(), 0, "{}", outcome.stderr);
    wait_until("gone", || files[0].exists().then(|| files[0].display().to_string()));
    for text in [&outcome.stdout, &outcome.stderr] {
        assert!(!text.contains(PASSWORD), "{text}");
    }
    assert!(outcome.stderr.contains("completed OK!"), "the messages of the tool are told");
    let log = fs::read_to_string(lab.scratch.join(TOOL_LOG)).unwrap();
    assert!(!log.contains(PASSWORD), "{log}");
    for path in files_below(&lab.repo()) {
        let plain = run(std::process::Command::new("zstd").args(["-dqcf"]).arg(&path));
        assert!(!plain.stdout.contains(PASSWORD), "{}", path.display());
    }
}

/// The files that hold the password for the tool.
pub(crate) fn option_files(dir: &Path) -> Vec<PathBuf> {
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("seawall-") && name.ends_with(".cnf")
    };
    fs::read_dir(dir).unwrap().flatten().map(|it| it.path()).filter(is_ours).collect()
}
