//! Workers: each writes the files that it was given.

use super::output::Output;
use super::shared::{Shared, Slice};
use crossbeam_channel::{Receiver, Sender};
use errors::{Error, Kind, Result};
use formats::xbstream::MemberPath;
use std::collections::HashMap;
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
