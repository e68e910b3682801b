//! Why a walk ends before the bytes do.

use std::fmt;

use crate::Lsn;

/// The log is good up to a position, and nothing after it can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log ends at {at}: {reason}")]
pub struct Stop {
    /// Where the first record begins that is not there as a whole; the end of the last good one
    /// where nothing follows it.
    pub at: Lsn,
    /// What is there instead.
    pub reason: StopReason,
}

/// What ended a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// Zeros: nothing was written there yet, or not copied.
    Zeros,
    /// A page has the magic of another version, or of no page.
    PageMagic,
    /// A page has flags of an unknown meaning, or a header of the wrong length for its place.
    PageFlags,
    /// A page belongs elsewhere in the log: it is left from an earlier use of the file.
    PageAddress,
    /// A page's timeline is 0, or older than that of the page before.
    PageTimeline,
    /// A segment's first page is that of another cluster, or has other sizes.
    PageIdentity,
    /// A page does not continue the record that reaches up to it, or continues one where none does.
    Continuation,
    /// A record's length is less than a header's or more than any server writes.
    RecordLength,
    /// A record's resource manager does not exist.
    ResourceManager,
    /// A record does not name the one before it.
    Previous,
    /// A record's checksum is wrong.
    Checksum,
    /// A record's checksum is right and its content is not.
    Content,
    /// The bytes end before the segment does.
    Short,
    /// There are more bytes than the segment has.
    Long,
}

/// Each reason with the word that stands for it in stored facts, and its meaning.
const WORDS: [(StopReason, &str, &str); 14] = [
    (StopReason::Zeros, "zeros", "only zeros follow"),
    (StopReason::PageMagic, "page-magic", "no page of this version follows"),
    (StopReason::PageFlags, "page-flags", "a page with invalid flags follows"),
    (StopReason::PageAddress, "page-address", "a page from an earlier use of the file follows"),
    (StopReason::PageTimeline, "page-timeline", "a page of an older timeline follows"),
    (StopReason::PageIdentity, "page-identity", "a page of another cluster follows"),
    (StopReason::Continuation, "continuation", "a record is not continued on the next page"),
    (StopReason::RecordLength, "record-length", "a record has an impossible length"),
    (StopReason::ResourceManager, "resource-manager", "a record has no known resource manager"),
    (StopReason::Previous, "previous", "a record does not follow the one before it"),
    (StopReason::Checksum, "checksum", "a record has a wrong checksum"),
    (StopReason::Content, "content", "a record holds what no server writes"),
    (StopReason::Short, "short", "the segment's bytes end early"),
    (StopReason::Long, "long", "there are more bytes than a segment has"),
];

impl StopReason {
    fn words(self) -> (&'static str, &'static str) {
        let entry = WORDS.iter().find(|(reason, ..)| *reason == self);
        entry.map_or(("", ""), |(_, word, meaning)| (word, meaning))
    }

    pub(crate) fn word(self) -> &'static str {
        self.words().0
    }

    pub(crate) fn from_word(text: &str) -> Option<Self> {
        WORDS.iter().find(|(_, word, _)| *word == text).map(|(reason, ..)| *reason)
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.words().1)
    }
}
