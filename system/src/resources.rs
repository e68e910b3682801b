//! Free space and peak memory, as the kernel tells them.

use errors::{Error, Result};
use std::fs;
use std::path::Path;

/// Bytes that this user may still write to the file system of `path`.
///
/// # Errors
/// The path cannot be looked at.
pub fn free_bytes(path: &Path) -> Result<u64> {
    let stat = rustix::fs::statvfs(path).map_err(|error| {
        Error::io(format!("ask free space of {}", path.display()), error.into())
    })?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// The largest resident set of this process so far, in bytes (`VmHWM` of proc(5)).
#[must_use]
pub fn peak_memory_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_answers() {
        assert!(peak_memory_bytes().unwrap() > 100_000);
        assert!(free_bytes(Path::new("/")).is_ok());
        assert!(free_bytes(Path::new("/no/such/place")).is_err());
    }
}
