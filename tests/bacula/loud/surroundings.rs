//! What a backend gets from a daemon that is not ours, and what it leaves there.

use super::room::Room;
use fixtures::bacula::{Level, Programs};
use std::fs;

pub(crate) fn a_backend_inherits_nothing_and_leaves_nothing(programs: &Programs) {
    let room = Room::start(programs, &["good", "bad"], &[]);
    let daemon = room.bacula.file_daemon_pid().unwrap();
    let status = fs::read_to_string(format!("/proc/{daemon}/status")).unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:\t")).unwrap();
    // Else it would prove nothing that the backend ignores less.
    assert_ne!(u64::from_str_radix(ignored, 16).unwrap() & !PIPE, 0, "{ignored}");

    let open_before = open_files(daemon);
    let _ = room.good_backup("good");
    room.nobody_is_left("good");
    let noted = |begin: &str| room.stand_in.noted(begin);
    assert_eq!(noted("begin ").as_deref(), Some("file-daemon-backend"));
    // Output and error; the socket has two copies that the stand-in made.
    assert_eq!(noted("open ").as_deref(), Some("[1, 2], sockets 3"));
    assert_eq!(noted("leads its group: ").as_deref(), Some("true"));
    let signals = |set: &str| u64::from_str_radix(noted(set).unwrap().trim(), 16).unwrap();
    assert_eq!((signals("SigBlk:"), signals("SigPnd:")), (0, 0));
    // The language's own start ignores this one, in any program.
    assert_eq!(signals("SigIgn:"), PIPE);

    room.stand_in.instruct(&[("FAULT", "die@body"), ("GRANDCHILD", "1")]);
    let _ = room.bacula.run_job("bad", Level::Full);
    room.nobody_is_left("bad");
    let left: Vec<String> =
        open_files(daemon).into_iter().filter(|file| !open_before.contains(file)).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// A set of signals with SIGPIPE alone.
const PIPE: u64 = 1 << (13 - 1);

/// What the daemon has open, but for what it keeps of its own connections.
fn open_files(process: u32) -> Vec<String> {
    let entries = fs::read_dir(format!("/proc/{process}/fd")).unwrap().flatten();
    let targets = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
    targets
        .map(|target| target.display().to_string())
        .filter(|to| !to.starts_with("socket:["))
        .collect()
}
