//! A run of the program, and the most memory that it had.

use crate::say;
use fixtures::Lab;
use serde_json::Value;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// How often the kernel is asked.
const INTERVAL: Duration = Duration::from_millis(3);
/// How far the two figures may lie apart before one of them is not believed.
const TOLERANCE: u64 = 16 << 20;

/// The largest resident set of a process, in bytes.
pub(crate) struct Peak {
    what: String,
    /// As the program told in its answer.
    told: u64,
    /// As it was seen from outside.
    seen: u64,
}

impl Peak {
    pub(crate) fn bytes(&self) -> u64 {
        self.told.max(self.seen)
    }

    /// # Panics
    /// It was not.
    pub(crate) fn require_below(&self, limit: u64) {
        let bytes = self.bytes();
        assert!(bytes < limit, "{} took {bytes} bytes of memory, {limit} are allowed", self.what);
    }
}

/// Runs the program to its end and watches it.
pub(crate) fn measure(lab: &Lab, name: &str, words: &[&str]) -> Peak {
    let began = Instant::now();
    let what = format!("{name}: {}", words[0]);
    let mut command = lab.command(words);
    command.args(["--output", "json", "--quiet"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let pid = child.id();
    let (output, seen) = std::thread::scope(|scope| {
        let watch = scope.spawn(move || watch(pid));
        let output = child.wait_with_output().unwrap();
        (output, watch.join().unwrap())
    });
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {}\n{stdout}{stderr}", output.status);
    let answer: Value = serde_json::from_str(&stdout).unwrap();
    let told = answer["peak_memory_bytes"].as_u64();
    let told = told.unwrap_or_else(|| panic!("{what}: no peak_memory_bytes in {stdout}"));
    say(&format!(
        "{what}: {:.1} MiB told, {:.1} MiB seen, in {:.1} s",
        mebibytes(told),
        mebibytes(seen),
        began.elapsed().as_secs_f64()
    ));
    assert!(told.abs_diff(seen) < TOLERANCE, "{what}: {told} bytes told, {seen} bytes seen");
    Peak { what, told, seen }
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// The last peak that the kernel tells of a process, until it ends.
fn watch(pid: u32) -> u64 {
    let path = format!("/proc/{pid}/status");
    let mut seen = 0;
    while let Some(peak) = fs::read_to_string(&path).ok().and_then(|status| peak_of(&status)) {
        // What starts the program becomes it, with a peak of its own before.
        seen = peak.unwrap_or(seen);
        std::thread::sleep(INTERVAL);
    }
    seen
}

/// The peak in a process's status; `None` once it has given its memory back. The inner one is
/// `None` while it is another program.
fn peak_of(status: &str) -> Option<Option<u64>> {
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim())
    };
    let kibibytes: u64 = field("VmHWM:")?.strip_suffix("kB")?.trim().parse().ok()?;
    Some((field("Name:")? == "seawall").then_some(kibibytes * 1024))
}

#[test]
fn what_the_kernel_writes_is_read() {
    let status = |name: &str| format!("Name:\t{name}\nVmHWM:\t  10 kB\nThreads:\t1\n");
    assert_eq!(peak_of(&status("seawall")), Some(Some(10240)));
    assert_eq!(peak_of(&status("setpriv")), Some(None));
    assert_eq!(peak_of("Name:\tseawall\nState:\tZ (zombie)\n"), None);
}
