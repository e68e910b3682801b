//! Write-ahead log, byte by byte: pages, records, and what they say about time and transactions.
//!
//! A [`Walker`] goes over the log as it is fed and hands out [`Record`]s; a record's [`Event`] is
//! what a backup tool wants to know of it. [`SegmentFacts`] is what one segment says by itself, small
//! enough to be stored with it, and a [`Summary`] joins the facts of segments that follow each other.
//!
//! All numbers are little-endian and records begin at multiples of 8 bytes (`MAXALIGN`), as on every
//! 64-bit machine that servers of 10 to 18 are built for, but for big-endian ones.

mod event;
mod facts;
mod page;
mod record;
mod time;
mod walk;
mod xid;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use event::{CheckpointKind, Event, Finish};
pub use facts::{
    Crossing, FactsError, Fork, JoinError, Opening, Outcome, RestorePoint, SegmentEnd,
    SegmentFacts, SegmentScan, SegmentXids, Summary, Tail, TimeSpan,
};
pub use page::{FirstPage, FirstPageError, FirstPageMismatch};
pub use record::{BlockReference, Parts, Record, RecordHeader, Rmgr};
pub use walk::{Stop, StopReason, Walker};
pub use xid::{Xid, XidRange};
