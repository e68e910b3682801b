//! Who a process is, so that a lock of a dead one is not respected.

use errors::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fs;

/// A process on a host, told apart from a later one with the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// Name of the host.
    pub host: String,
    /// The boot of that host: changes with each start of the kernel.
    pub boot: String,
    /// Process number.
    pub pid: u32,
    /// When the process began, in clock ticks since the boot.
    pub started_ticks: u64,
}

/// Whether a process still runs, as far as this host can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// It runs.
    Alive,
    /// It is gone.
    Dead,
    /// It belongs to another host.
    Elsewhere,
}

impl ProcessIdentity {
    /// This process.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn current() -> Result<Self> {
        let pid = std::process::id();
        let started_ticks = start_ticks(pid).ok_or_else(|| {
            Error::io("read /proc/self/stat", std::io::ErrorKind::NotFound.into())
        })?;
        Ok(Self { host: host_name(), boot: boot_id()?, pid, started_ticks })
    }

    /// Whether the process still runs.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn liveness(&self) -> Result<Liveness> {
        if self.host != host_name() {
            return Ok(Liveness::Elsewhere);
        }
        let same = self.boot == boot_id()? && start_ticks(self.pid) == Some(self.started_ticks);
        Ok(if same { Liveness::Alive } else { Liveness::Dead })
    }
}

fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn boot_id() -> Result<String> {
    let path = "/proc/sys/kernel/random/boot_id";
    let text =
        fs::read_to_string(path).map_err(|error| Error::io(format!("read {path}"), error))?;
    Ok(text.trim().to_owned())
}

/// Field 22 of `/proc/<pid>/stat` (proc(5)); `None` when there is no such process.
fn start_ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in field 2 may hold blanks and parentheses: count from the last one.
    let after_name = &stat[stat.rfind(')')? + 1..];
    after_name.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives() {
        let me = ProcessIdentity::current().unwrap();
        assert_eq!(me.liveness().unwrap(), Liveness::Alive);
    }

    #[test]
    fn a_reused_number_is_another_process() {
        let mut other = ProcessIdentity::current().unwrap();
        other.started_ticks += 1;
        assert_eq!(other.liveness().unwrap(), Liveness::Dead);
        other.host.push('x');
        assert_eq!(other.liveness().unwrap(), Liveness::Elsewhere);
    }
}
