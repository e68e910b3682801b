//! What must be so after every failure of a backup.

use super::TOOL_LOG;
use crate::lab::Lab;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long what was ended may take to be gone.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What was there before.
pub(crate) struct Before {
    listed: Vec<String>,
    files: BTreeSet<OsString>,
}

impl Before {
    pub(crate) fn of(lab: &Lab) -> Self {
        Self { listed: lab.listed(), files: names(lab.scratch.path()) }
    }

    /// The server and the host are rid of the backup.
    pub(crate) fn is_calm(&self, lab: &Lab, row: &str) {
        wait_until(row, || {
            let tools = tools(lab);
            (!tools.is_empty()).then(|| format!("tools still run: {tools:?}"))
        });
        wait_until(row, || {
            let rows = lab.server.rows(
                "SELECT id, user, command, info FROM information_schema.processlist \
                 WHERE id <> CONNECTION_ID() AND command <> 'Daemon' AND user <> 'system user'",
            );
            (!rows.is_empty()).then(|| format!("sessions are left: {rows:?}"))
        });
    }

    /// Nothing new is listed, and nothing temporary is left.
    pub(crate) fn is_clean(&self, lab: &Lab, row: &str) {
        assert_eq!(lab.listed(), self.listed, "{row}");
        let names = names(lab.scratch.path());
        let left: Vec<_> = names.difference(&self.files).filter(|name| *name != TOOL_LOG).collect();
        assert!(left.is_empty(), "{row}: {left:?} is left");
    }

    /// And the next backup works.
    pub(crate) fn goes_on(&self, lab: &Lab, row: &str) {
        let next = lab.backup("full");
        assert_eq!(lab.listed().len(), self.listed.len() + 1, "{row}: {next}");
    }
}

/// After a failure that the program itself saw.
pub(crate) fn look(lab: &Lab, before: &Before, row: &str) {
    before.is_calm(lab, row);
    before.is_clean(lab, row);
    before.goes_on(lab, row);
    let _ = fs::remove_file(lab.scratch.join(TOOL_LOG));
}

fn names(dir: &Path) -> BTreeSet<OsString> {
    fs::read_dir(dir).unwrap().flatten().map(|entry| entry.file_name()).collect()
}

/// The processes of tools that work on the lab's server.
pub(crate) fn tools(lab: &Lab) -> Vec<u32> {
    let data = lab.server.data_dir().display().to_string();
    let is_ours = |pid: &u32| {
        let read = |name| fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
        read("comm").trim() == "mariadb-backup" && read("cmdline").contains(&data)
    };
    let pids = fs::read_dir("/proc").unwrap().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_ours).collect()
}

/// Waits until nothing is wrong any more.
pub(crate) fn wait_until(row: &str, wrong: impl Fn() -> Option<String>) {
    let deadline = Instant::now() + PATIENCE;
    while let Some(text) = wrong() {
        assert!(Instant::now() < deadline, "{row}: {text}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
