//! The reader: from the stream to the workers.

use super::Unpack;
use super::shared::{Block, Blocks, Shared, Slice};
use super::worker::{Happening, Lane, Work};
use crossbeam_channel::bounded;
use errors::{Error, Kind, Result};
use formats::member_encoding::plain_name;
use formats::xbstream::{FileEvent, Files, MemberPath, Problem, Summary, What, XbstreamError};
use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::Arc;

/// Reads a stream, and says who writes what.
pub(super) struct Feed<'a> {
    shared: &'a Shared<'a>,
    how: &'a Unpack<'a>,
    lanes: Vec<Lane>,
    /// Which lane has the file.
    open: HashMap<MemberPath, usize>,
    idle_renames: u64,
}

impl<'a> Feed<'a> {
    pub(super) fn new(shared: &'a Shared<'a>, lanes: Vec<Lane>, how: &'a Unpack<'a>) -> Self {
        Self { shared, how, lanes, open: HashMap::new(), idle_renames: 0 }
    }

    /// Reads to the end, and gives what the stream holds and how many renames did nothing. The
    /// workers may still be writing then.
    pub(super) fn run(mut self, stream: &mut dyn Read) -> Result<(Summary, u64)> {
        let result = self.read(stream);
        if let Err(error) = &result {
            // The workers need not write what is void.
            self.shared.fail(error.repeat());
        }
        result.map(|summary| (summary, self.idle_renames))
    }

    fn read(&mut self, stream: &mut dyn Read) -> Result<Summary> {
        let mut files = Files::new(self.how.dialect);
        let mut blocks = Blocks::new();
        loop {
            let mut block = blocks.take();
            let is_last = self.fill(stream, &mut block)?;
            self.shared.check()?;
            self.how.progress.advance(block.len() as u64);
            let block = Arc::new(block);
            let mut rest: &[u8] = &block;
            loop {
                let at = files.position();
                let event = files.next(&mut rest).map_err(|error| broken(&error))?;
                let Some(event) = event else { break };
                self.route(event, at, &block, block.len() - rest.len())?;
            }
            if is_last {
                return files.finish().map_err(|error| broken(&error));
            }
        }
    }

    /// Reads until the block is full; `true` at the end of the stream.
    fn fill(&self, stream: &mut dyn Read, block: &mut Block) -> Result<bool> {
        while !block.room().is_empty() {
            if self.how.cancel.is_cancelled() {
                return Err(Error::new(Kind::Interrupted, "the work was cancelled"));
            }
            match stream.read(block.room()) {
                Ok(0) => return Ok(true),
                Ok(bytes) => block.filled(bytes),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unreadable(error)),
            }
        }
        Ok(false)
    }

    /// Hands an event on. Its bytes end where those of the block do that were taken.
    fn route(
        &mut self,
        event: FileEvent<'_>,
        at: u64,
        block: &Arc<Block>,
        taken: usize,
    ) -> Result<()> {
        let FileEvent { path, what } = event;
        let what = match what {
            What::Begin { rewrite } => {
                if rewrite {
                    self.settle()?;
                }
                self.begin(&path);
                Happening::Begin { rewrite }
            }
            What::Data { bytes, .. } => {
                let begin = taken.saturating_sub(bytes.len());
                Happening::Data(Slice::new(block, begin..taken))
            }
            What::Hole { length, .. } => Happening::Hole { length },
            What::End(_) => Happening::End,
            What::Rename { to } => return self.rename(&path, &to, at),
            What::Remove => return self.remove(&path, at),
        };
        self.send(path, at, what)
    }

    /// Gives a new file to whoever has the least to do.
    fn begin(&mut self, path: &MemberPath) {
        let least = self.lanes.iter_mut().enumerate().min_by_key(|(_, lane)| lane.load());
        if let Some((number, lane)) = least {
            lane.begin();
            self.open.insert(path.clone(), number);
        }
    }

    fn send(&mut self, path: MemberPath, at: u64, what: Happening) -> Result<()> {
        let number = self.open.get(&path).copied();
        let lane = number.and_then(|number| self.lanes.get_mut(number));
        let lane = lane.ok_or_else(|| Error::new(Kind::Bug, format!("nobody writes {path}")))?;
        if matches!(what, Happening::End) {
            lane.end();
            self.open.remove(&path);
        }
        lane.send(Work::File { path, at, what })
    }

    fn rename(&mut self, from: &MemberPath, to: &MemberPath, at: u64) -> Result<()> {
        self.settle()?;
        let (from, to) = (self.name(from), self.name(to));
        let renamed = self.shared.tree.rename(from, to).map_err(|error| {
            let (from, to) = (from.escape_ascii(), to.escape_ascii());
            Error::io(format!("unpack byte {at} of the stream: rename {from} to {to}"), error)
        })?;
        self.idle_renames += u64::from(!renamed);
        Ok(())
    }

    fn remove(&mut self, path: &MemberPath, at: u64) -> Result<()> {
        self.settle()?;
        let name = self.name(path);
        self.shared.tree.remove(name).map_err(|error| {
            let doing = format!("unpack byte {at} of the stream: remove {}", name.escape_ascii());
            Error::io(doing, error)
        })
    }

    /// What the file is called in the tree.
    fn name<'p>(&self, path: &'p MemberPath) -> &'p [u8] {
        let path = path.as_bytes();
        if self.how.decode { plain_name(path) } else { path }
    }

    /// Waits until everything is done that was handed on: what comes next depends on it.
    fn settle(&self) -> Result<()> {
        let (done, all_done) = bounded(self.lanes.len());
        for lane in &self.lanes {
            lane.send(Work::Pause(done.clone()))?;
        }
        drop(done);
        all_done.iter().for_each(drop);
        self.shared.check()
    }
}

/// A stream that is not what the tool wrote, or that no tool writes.
fn broken(error: &XbstreamError) -> Error {
    let kind = match error.problem {
        Problem::Magic
        | Problem::Cut { .. }
        | Problem::Checksum { .. }
        | Problem::Order { .. }
        | Problem::Map { .. }
        | Problem::Range => Kind::Checksum,
        _ => Kind::Manifest,
    };
    Error::new(kind, error.to_string())
}

/// What the stream's own reader says of it, with its kind where it is one of ours.
fn unreadable(error: io::Error) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(ours) => ours.repeat().context("read the stream"),
        None => Error::io("read the stream", error),
    }
}
