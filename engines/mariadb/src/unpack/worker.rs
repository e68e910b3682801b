//! Workers: each writes the files that it was given.

use super::decode::Stage;
use super::holes::{Holes, solid_parts};
use super::shared::{Shared, Slice};
use crossbeam_channel::{Receiver, Sender};
use errors::{Error, Kind, Result};
use formats::xbstream::{Dialect, MemberPath};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a worker is to do.
pub(super) enum Work {
    /// Something happens to a file. The events of one file come in their order.
    File { path: MemberPath, at: u64, what: Happening },
    /// Say when everything before is done.
    Pause(Sender<()>),
}

/// What happens to a file.
pub(super) enum Happening {
    Begin { rewrite: bool },
    Data(Slice),
    Hole { length: u64 },
    End,
}

/// The way to one worker.
pub(super) struct Lane {
    queue: Sender<Work>,
    /// Files that it has open.
    open: usize,
}

impl Lane {
    pub(super) fn new(queue: Sender<Work>) -> Self {
        Self { queue, open: 0 }
    }

    /// The less, the sooner it gets to a new file.
    pub(super) fn load(&self) -> (usize, usize) {
        (self.open, self.queue.len())
    }

    pub(super) fn begin(&mut self) {
        self.open += 1;
    }

    pub(super) fn end(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// Waits for room. Workers end after this lane is gone and not before, whatever happens.
    pub(super) fn send(&self, work: Work) -> Result<()> {
        self.queue.send(work).map_err(|_| Error::new(Kind::Bug, "a thread that writes is gone"))
    }
}

/// Works until the lane is gone. After a failure the rest is thrown away, so that nobody waits.
pub(super) fn run(shared: &Shared<'_>, queue: &Receiver<Work>) {
    let mut open = HashMap::new();
    for work in queue {
        match work {
            Work::Pause(done) => {
                // Whoever waits for it has gone only after a failure.
                let _ = done.send(());
            }
            Work::File { .. } if shared.has_failed() => open.clear(),
            Work::File { path, at, what } => {
                let perform = || perform(shared, &mut open, &path, what);
                let done = catch_unwind(AssertUnwindSafe(perform))
                    .unwrap_or_else(|_| Err(Error::new(Kind::Bug, "a thread that writes died")));
                if let Err(error) = done {
                    shared.fail(error.context(format!("unpack byte {at} of the stream")));
                }
            }
        }
    }
}

fn perform(
    shared: &Shared<'_>,
    open: &mut HashMap<MemberPath, Output>,
    path: &MemberPath,
    what: Happening,
) -> Result<()> {
    let unknown = || Error::new(Kind::Bug, format!("{path} was not begun"));
    match what {
        Happening::Begin { rewrite } => {
            let output = Output::create(shared, path, rewrite)?;
            open.insert(path.clone(), output);
            Ok(())
        }
        Happening::Data(slice) => open.get_mut(path).ok_or_else(unknown)?.data(slice.bytes()),
        Happening::Hole { length } => open.get_mut(path).ok_or_else(unknown)?.hole(length),
        Happening::End => {
            let output = open.remove(path).ok_or_else(unknown)?;
            shared.count(output.end()?);
            Ok(())
        }
    }
}

/// A file of the tree that is being written, and how its bytes are unpacked.
pub(super) struct Output {
    stages: Vec<Stage>,
    plain: Plain,
}

/// The file as it will be.
struct Plain {
    path: Vec<u8>,
    file: File,
    /// Bytes so far, holes included.
    size: u64,
    /// Where the last byte ends that was written.
    end: u64,
    /// `None`: zeros stay zeros.
    holes: Option<Holes>,
}

impl Output {
    pub(super) fn create(shared: &Shared<'_>, path: &MemberPath, rewrite: bool) -> Result<Self> {
        let (name, stages) = shared.packing.stages(path.as_bytes())?;
        let file = shared.tree.create(name, rewrite).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Error::new(
                Kind::Manifest,
                format!("{} is there already: it was sent twice", name.escape_ascii()),
            ),
            _ => Error::io(format!("create {}", name.escape_ascii()), error),
        })?;
        // A table that was made during the backup is called `.new` until it is prepared.
        let is_table = name.ends_with(b".ibd") || name.ends_with(b".new");
        let may_have_holes = shared.dialect == Dialect::MariaDb && is_table;
        let holes = may_have_holes.then(Holes::default);
        let plain = Plain { path: name.to_vec(), file, size: 0, end: 0, holes };
        Ok(Self { stages, plain })
    }

    /// The next bytes, as the stream has them.
    pub(super) fn data(&mut self, bytes: &[u8]) -> Result<()> {
        through(&mut self.stages, bytes, &mut self.plain)
    }

    /// Zeros that were not sent.
    fn hole(&mut self, length: u64) -> Result<()> {
        if !self.stages.is_empty() {
            let path = self.plain.path.escape_ascii();
            return Err(Error::new(Kind::Manifest, format!("{path} is packed and has holes")));
        }
        self.plain.size += length;
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn replace_file(&mut self, file: File) {
        self.plain.file = file;
    }

    /// Nothing more comes. Gives the bytes of the plain file.
    fn end(mut self) -> Result<u64> {
        // Each stage has given out all it can when its input ends, so that they end in turn.
        for stage in &mut self.stages {
            stage.finish().map_err(|error| self.plain.damaged(&error))?;
        }
        let Plain { file, size, end, .. } = &self.plain;
        if size > end {
            file.set_len(*size).map_err(|error| self.plain.failed(error))?;
        }
        Ok(*size)
    }
}

/// Gives bytes to the first stage, and what comes out of it to those behind.
fn through(stages: &mut [Stage], bytes: &[u8], plain: &mut Plain) -> Result<()> {
    let Some((stage, behind)) = stages.split_first_mut() else { return plain.write(bytes) };
    let mut input = bytes;
    loop {
        match stage.next(&mut input).map_err(|error| plain.damaged(&error))? {
            Some(bytes) => through(behind, bytes, plain)?,
            None => return Ok(()),
        }
    }
}

impl Plain {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let at = self.size;
        let wants_holes = self.holes.as_mut().is_some_and(|holes| {
            holes.look(at, bytes);
            holes.are_wanted()
        });
        if wants_holes {
            for (at, part) in solid_parts(at, bytes) {
                self.write_at(at, part)?;
            }
        } else {
            self.write_at(at, bytes)?;
        }
        self.size += bytes.len() as u64;
        Ok(())
    }

    fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        self.file.write_all_at(bytes, at).map_err(|error| self.failed(error))?;
        self.end = at + bytes.len() as u64;
        Ok(())
    }

    fn failed(&self, error: io::Error) -> Error {
        Error::io(format!("write {}", self.path.escape_ascii()), error)
    }

    fn damaged(&self, error: &Error) -> Error {
        error.repeat().context(format!("decode {}", self.path.escape_ascii()))
    }
}
