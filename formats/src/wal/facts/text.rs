//! Facts as text: names and values that stay as they are for later versions.
//!
//! | key | value |
//! |---|---|
//! | `wal.begin` | position of the segment's first byte |
//! | `wal.size` | segment size in bytes |
//! | `wal.system` | system identifier |
//! | `wal.major` | major version of the server |
//! | `wal.timelines` | of the first and of the last good page |
//! | `wal.records` | how many records begin and end in it |
//! | `wal.first` | begin of the first of them, and of the record before that |
//! | `wal.last` | begin and end of the last of them |
//! | `wal.finished` | how many transactions end in it |
//! | `wal.times` | first and last time of those ends, RFC 3339 with microseconds |
//! | `wal.xids` | oldest and newest number of those transactions; perhaps `incomplete` |
//! | `wal.restore_points` | one per line: begin, end, time, percent-encoded name; a last line `more` |
//! | `wal.forks` | one per line: position, old timeline, new timeline |
//! | `wal.overwrites` | `yes` if the first page gives up the record that reached it |
//! | `wal.opens` | length, bytes here, CRC-32C, then end, `passes` or `abandoned`, then kept bytes |
//! | `wal.tail` | begin, length, bytes here, CRC-32C, kept bytes |
//! | `wal.end` | `full`; `switch` with begin and end; `torn` with position and reason |
//!
//! Words are parted by one space; positions are as servers print them, numbers decimal, checksums
//! eight hexadecimal digits, kept bytes hexadecimal and `-` for none. Counts of 0 and empty lists
//! are left out. Readers pass over keys that they do not know.

mod read;
mod write;

pub use read::FactsError;
pub(super) use write::restore_point_bytes;

const BEGIN: &str = "wal.begin";
const SIZE: &str = "wal.size";
const SYSTEM: &str = "wal.system";
const MAJOR: &str = "wal.major";
const TIMELINES: &str = "wal.timelines";
const RECORDS: &str = "wal.records";
const FIRST: &str = "wal.first";
const LAST: &str = "wal.last";
const FINISHED: &str = "wal.finished";
const TIMES: &str = "wal.times";
const XIDS: &str = "wal.xids";
const RESTORE_POINTS: &str = "wal.restore_points";
const FORKS: &str = "wal.forks";
const OVERWRITES: &str = "wal.overwrites";
const OPENS: &str = "wal.opens";
const TAIL: &str = "wal.tail";
const END: &str = "wal.end";

/// Stands for bytes where there are none.
const NO_BYTES: &str = "-";

/// Stands for a restore point: there are more of them.
const MORE: &str = "more";

/// Stands behind a range of transactions: there may be others.
const INCOMPLETE: &str = "incomplete";
