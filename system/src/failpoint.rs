//! Failpoints: every durable step has a name, and tests end or fail the program there.
//!
//! A name is `<object>.<step>.before` or `.after`. Without the feature `failpoints` a hit does
//! nothing. With it, `SEAWALL_FAILPOINT=<name>[@<nth>]=kill|io|full` ends the process with
//! SIGKILL at the nth hit (the first by default), or makes the step fail.

use std::io;

/// Which object a durable step is about, and which steps it goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    object: &'static str,
    steps: &'static [&'static str],
}

/// An object of the repository: written under a temporary name, linked, named away.
const PUT: &[&str] = &["put", "sync", "link", "unlink", "sync-dir"];
/// A small file of a restored tree that is replaced whole.
const REPLACE: &[&str] = &["sync", "rename", "sync-dir"];

/// A directory that is new in its parent.
pub const DIRECTORY: Point = Point { object: "directory", steps: &["sync-dir"] };
/// The repository's own document.
pub const REPOSITORY: Point = Point { object: "repository", steps: PUT };
/// The lease of a running job.
pub const LOCK: Point = Point { object: "lock", steps: PUT };
/// A job's claim of its label.
pub const CLAIM: Point = Point { object: "claim", steps: PUT };
/// A volume of a job.
pub const VOLUME: Point = Point { object: "volume", steps: PUT };
/// The rows of a volume.
pub const ROWS: Point = Point { object: "rows", steps: PUT };
/// A piece of log.
pub const LOG: Point = Point { object: "log", steps: PUT };
/// A lineage that is accepted.
pub const LINEAGE: Point = Point { object: "lineage", steps: PUT };
/// The link that makes a backup visible.
pub const LINK: Point = Point { object: "link", steps: PUT };
/// A piece of log, fetched for recovery.
pub const FETCHED: Point = Point { object: "fetched", steps: &["rename"] };
/// The file systems that a restore wrote to.
pub const TREE: Point = Point { object: "tree", steps: &["sync"] };
/// The files that let a server start.
pub const HELD_BACK: Point = Point { object: "held-back", steps: &["sync", "rename", "sync-dir"] };
/// The recovery settings of a restored tree.
pub const SETTINGS: Point = Point { object: "settings", steps: REPLACE };
/// The file that tells a server to recover.
pub const SIGNAL: Point = Point { object: "signal", steps: REPLACE };
/// The marker beside a restored tree.
pub const MARKER: Point = Point { object: "marker", steps: REPLACE };

/// What a file daemon's job leaves on the host for the next one.
pub const HOST_STATE: Point = Point { object: "host-state", steps: REPLACE };
/// A directory that a restore finds, and does not mix with its own.
pub const SET_ASIDE: Point = Point { object: "set-aside", steps: &["rename"] };

const ALL: &[Point] = &[
    DIRECTORY, REPOSITORY, LOCK, CLAIM, VOLUME, ROWS, LOG, LINEAGE, LINK, FETCHED, TREE, HELD_BACK,
    SETTINGS, SIGNAL, MARKER, HOST_STATE, SET_ASIDE,
];

/// The names of all failpoints.
#[must_use]
pub fn names() -> Vec<String> {
    let mut names = Vec::new();
    for point in ALL {
        for step in point.steps {
            for side in ["before", "after"] {
                names.push(format!("{}.{step}.{side}", point.object));
            }
        }
    }
    names
}

/// Runs a durable step between its two failpoints.
///
/// # Errors
/// The step's own, or the one that a test asked for.
pub fn around<T>(
    point: Point,
    step: &'static str,
    act: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    hit(point, step, "before")?;
    let done = act()?;
    hit(point, step, "after")?;
    Ok(done)
}

#[cfg(not(feature = "failpoints"))]
#[inline]
fn hit(_point: Point, _step: &str, _side: &str) -> io::Result<()> {
    Ok(())
}

#[cfg(feature = "failpoints")]
fn hit(point: Point, step: &str, side: &str) -> io::Result<()> {
    armed::hit(point, step, side)
}

#[cfg(feature = "failpoints")]
mod armed {
    use super::Point;
    use std::io;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Order {
        name: String,
        nth: u64,
        action: String,
    }

    fn order() -> Option<&'static Order> {
        static ORDER: OnceLock<Option<Order>> = OnceLock::new();
        let read = || {
            let text = std::env::var("SEAWALL_FAILPOINT").ok()?;
            let (place, action) = text.split_once('=')?;
            let (name, nth) = place.split_once('@').unwrap_or((place, "1"));
            Some(Order { name: name.into(), nth: nth.parse().ok()?, action: action.into() })
        };
        ORDER.get_or_init(read).as_ref()
    }

    pub(super) fn hit(point: Point, step: &str, side: &str) -> io::Result<()> {
        static HITS: AtomicU64 = AtomicU64::new(0);
        assert!(point.steps.contains(&step), "{}.{step} is not listed", point.object);
        let Some(order) = order() else { return Ok(()) };
        if order.name != format!("{}.{step}.{side}", point.object)
            || HITS.fetch_add(1, Ordering::Relaxed) + 1 != order.nth
        {
            return Ok(());
        }
        match order.action.as_str() {
            "full" => Err(io::ErrorKind::StorageFull.into()),
            "io" => Err(io::Error::other("failpoint")),
            _ => {
                let me = rustix::process::getpid();
                let _ = rustix::process::kill_process(me, rustix::process::Signal::KILL);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names = names();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
