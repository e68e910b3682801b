//! Writes the files of a tool's stream into a directory, as the tool's own extractor would.
//!
//! The calling thread reads blocks, takes the stream apart and proves its checksums; workers write.
//! Nothing is copied between them: a worker gets a part of the block that was read. There is a fixed
//! number of blocks, so the memory does not depend on the stream or on how slow the disk is.
//!
//! What mbstream and xbstream do is done here too, where a backup can depend on it (`ds_local.cc`,
//! and measured with mbstream 10.11):
//!
//! - A rename replaces what has the new name. One of a file that is not there does nothing: the tool
//!   sends it for each table that was renamed, also for those it had not copied by then.
//! - A removal takes a file, a whole directory (`DROP DATABASE`), or with `*` at the end the
//!   partitions of a table, and does nothing where there are none.
//! - Of a table with compressed pages, zeros become holes, or it would take the room of a plain one.
//!
//! And what they do wrong is not: a file that is there already ends it (mbstream ends with 0), as
//! does a stream that ends too early (both end with 0). A table that is renamed into a database
//! without any other file arrives there, and partitions are removed; mbstream does neither.

mod decode;
mod feed;
mod holes;
mod shared;
mod tree;
mod worker;

use crossbeam_channel::bounded;
use errors::{Error, Kind, Result};
use feed::Feed;
use formats::xbstream::{Dialect, Summary};
use shared::Shared;
use std::io::Read;
use std::path::Path;
use std::thread;
use stream::{Cancel, Progress};
use tree::Tree;
use worker::Lane;
use zeroize::Zeroizing;

/// More threads than this wait for one another.
const WORKERS_MAX: usize = 32;

/// Events that may wait for one worker; the bytes in them are counted by the blocks.
const QUEUE_EVENTS: usize = 256;

/// How a stream is unpacked.
pub(crate) struct Unpack<'a> {
    /// Whose stream it is.
    pub(crate) dialect: Dialect,
    /// A directory, empty but for what the other streams of this backup wrote.
    pub(crate) into: &'a Path,
    /// Threads that write.
    pub(crate) workers: usize,
    /// Ends the work.
    pub(crate) cancel: &'a Cancel,
    /// Told of bytes of the stream.
    pub(crate) progress: &'a dyn Progress,
    /// Files that the tool compressed or encrypted are written plain, under their plain names.
    pub(crate) decode: bool,
    /// What the tool encrypted with.
    pub(crate) key: Option<&'a Zeroizing<Vec<u8>>>,
    /// The stream is a backup by itself, and not one of several.
    pub(crate) is_whole: bool,
}

/// What was unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unpacked {
    /// Files that were written, each rewrite counted again.
    pub(crate) members: u64,
    /// Bytes of these as they were written, holes included.
    pub(crate) bytes: u64,
    /// Renames of files that were not there.
    pub(crate) idle_renames: u64,
    /// What the stream holds.
    pub(crate) summary: Summary,
}

/// Unpacks a stream to its end. Nothing is synced; the caller does that once for the whole tree.
///
/// # Errors
/// `checksum` or `manifest` where the stream is damaged or no whole backup, `tool` where a file is
/// encrypted and there is no key for it, those of the file system, `interrupted`. The directory is
/// void then.
pub(crate) fn unpack(stream: &mut dyn Read, how: &Unpack<'_>) -> Result<Unpacked> {
    let tree = Tree::open(how.into)
        .map_err(|error| Error::io(format!("open {}", how.into.display()), error))?;
    let shared = Shared::new(tree, how);
    let workers = how.workers.clamp(1, WORKERS_MAX);
    let fed = thread::scope(|scope| {
        let mut lanes = Vec::with_capacity(workers);
        for number in 0..workers {
            let (lane, queue) = bounded(QUEUE_EVENTS);
            let shared = &shared;
            thread::Builder::new()
                .name(format!("unpack-{number}"))
                .spawn_scoped(scope, move || worker::run(shared, &queue))
                .map_err(|error| Error::io("start a thread", error))?;
            lanes.push(Lane::new(lane));
        }
        Feed::new(&shared, lanes, how).run(stream)
    });
    // Whoever failed first knows why; the stream's reader may only have noticed it.
    shared.check()?;
    let (summary, idle_renames) = fed?;
    if how.is_whole {
        summary.check().map_err(|error| Error::new(Kind::Manifest, error.to_string()))?;
    }
    let (members, bytes) = (summary.members, shared.written());
    Ok(Unpacked { members, bytes, idle_renames, summary })
}

#[cfg(test)]
mod tests;
