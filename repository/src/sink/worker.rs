//! Workers: read, look, checksum, compress, write.

use super::body::BodyReader;
use super::buffers::PartBuffer;
use super::shared::Shared;
use super::task::{Source, Task};
use crate::log::LogStore;
use crate::volume::{Member, Part};
use crossbeam_channel::{Receiver, select};
use errors::{Error, Kind, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use stream::{FileKind, LogKey, LogPiece, LogSink, Outcome, PartialFile, Tap};

/// Works until the queue is closed and empty. After a failure the rest of the tasks is answered
/// with it.
pub(super) fn run(shared: &Shared, worker: usize, queue: &Queue, log: &LogStore) {
    let mut block = Vec::new();
    while let Some(mut task) = queue.next() {
        let outcome = shared.check().and_then(|()| {
            // A panic must not leave the job waiting for a task that nobody does any more.
            catch_unwind(AssertUnwindSafe(|| perform(shared, worker, log, &mut task, &mut block)))
                .unwrap_or_else(|_| Err(Error::new(Kind::Bug, "a worker panicked")))
        });
        if let Err(error) = &outcome {
            shared.fail(error.repeat());
        }
        task.receipts.tell(task.number, outcome);
        shared.open.end_task();
    }
}

/// Where the tasks come from.
#[derive(Clone)]
pub(super) struct Queue {
    pub(super) tasks: Receiver<Task>,
    /// Disconnected when there will be no more tasks. The tasks' own channel cannot tell: the
    /// reader of a stream keeps it open, and may wait for a tool that never says anything again.
    pub(super) closed: Receiver<()>,
}

impl Queue {
    fn next(&self) -> Option<Task> {
        select! {
            recv(self.tasks) -> task => task.ok(),
            recv(self.closed) -> _ => self.tasks.try_recv().ok(),
        }
    }
}

fn perform(
    shared: &Shared,
    worker: usize,
    log: &LogStore,
    task: &mut Task,
    block: &mut Vec<u8>,
) -> Result<Outcome> {
    if let FileKind::Log(key) = &task.member.kind {
        let tap = task.tap.take();
        return append_log(shared, log, &key.clone(), task, tap);
    }
    let shared_file = match &task.source {
        Source::Part(part) => return store_part(shared, worker, &task.member, part),
        Source::File(file) => Some(Arc::clone(file)),
        _ => None,
    };
    let file = match &shared_file {
        Some(shared_file) => match shared_file.open()? {
            Some(file) => Some(file),
            None => return Ok(Outcome { vanished: true, ..Outcome::default() }),
        },
        None => None,
    };
    let mut tap = task.tap.take();
    let mut job = Copy { shared, worker, member: &task.member, outcome: Outcome::default() };
    let mut body = BodyReader {
        source: &mut task.source,
        file,
        tap: tap.as_mut(),
        cancel: &shared.cancel,
        block: std::mem::take(block),
    };
    match task.partial.is_empty() {
        true => job.copy(&mut body, task.range, task.cut)?,
        false => job.copy_ranges(&mut body, &task.partial)?,
    }
    *block = std::mem::take(&mut body.block);
    job.outcome.findings = tap.map(Tap::findings).unwrap_or_default();
    Ok(job.outcome)
}

fn append_log(
    shared: &Shared,
    log: &LogStore,
    key: &LogKey,
    task: &Task,
    tap: Option<Box<dyn Tap>>,
) -> Result<Outcome> {
    let Source::File(file) = &task.source else {
        return Err(Error::new(Kind::Bug, format!("the piece of log {key} is no file")));
    };
    let path = file.path().to_owned();
    let written_at = task.member.mtime;
    let appended = log.append(LogPiece { key: key.clone(), path, written_at, tap })?;
    let (_, bytes) = task.range;
    shared.progress.advance(bytes);
    Ok(Outcome { bytes, findings: appended.findings, ..Outcome::default() })
}

fn store_part(
    shared: &Shared,
    worker: usize,
    member: &Member,
    part: &PartBuffer,
) -> Result<Outcome> {
    let crc32c = shared.with_volume(worker, member.size, |volume| {
        volume.begin(member.clone())?;
        volume.body(part.filled())?;
        volume.end()
    })?;
    shared.progress.advance(member.size);
    Ok(Outcome { bytes: member.size, crc32c, ..Outcome::default() })
}

/// Copies one task's bytes into members.
struct Copy<'a> {
    shared: &'a Shared,
    worker: usize,
    member: &'a Member,
    outcome: Outcome,
}

impl Copy<'_> {
    /// The task's range, as one member or as parts.
    fn copy(
        &mut self,
        body: &mut BodyReader<'_>,
        (offset, length): (u64, u64),
        cut: Option<u64>,
    ) -> Result<()> {
        let mut done = 0;
        loop {
            let size = cut.unwrap_or(u64::MAX).min(length - done);
            let at = offset + done;
            let member = self.member_at(at, size);
            let shared = self.shared;
            let (crc32c, missing) = shared.with_volume(self.worker, size, |volume| {
                volume.begin(member)?;
                let missing = body.read_exactly(at, size, &mut |block| {
                    shared.progress.advance(block.len() as u64);
                    volume.body(block)
                })?;
                Ok((volume.end()?, missing))
            })?;
            self.account(size, crc32c, missing)?;
            done += size;
            if done >= length {
                return Ok(());
            }
        }
    }

    /// Ranges of a partial file, a member for each piece.
    fn copy_ranges(&mut self, body: &mut BodyReader<'_>, pieces: &[PartialFile]) -> Result<()> {
        for piece in pieces {
            let (size, partial) = (piece.body_bytes(), Some(piece.clone()));
            let member = Member { size, partial, ..self.member.clone() };
            let shared = self.shared;
            let (crc32c, missing) = shared.with_volume(self.worker, size, |volume| {
                volume.begin(member)?;
                let mut missing = 0;
                for range in piece.ranges() {
                    missing += body.read_exactly(range.offset, range.length, &mut |block| {
                        shared.progress.advance(block.len() as u64);
                        volume.body(block)
                    })?;
                }
                Ok((volume.end()?, missing))
            })?;
            self.account(size, crc32c, missing)?;
        }
        Ok(())
    }

    fn member_at(&self, offset: u64, size: u64) -> Member {
        let part = self.member.part.map(|part| Part { offset, ..part });
        Member { size, part, ..self.member.clone() }
    }

    fn account(&mut self, size: u64, crc32c: u32, missing: u64) -> Result<()> {
        let length = usize::try_from(size)
            .map_err(|_| Error::new(Kind::Bug, "a part larger than memory addresses"))?;
        self.outcome.crc32c = crc32c::crc32c_combine(self.outcome.crc32c, crc32c, length);
        self.outcome.bytes += size;
        self.outcome.shortfall += missing;
        Ok(())
    }
}
