//! Workers: read, look, checksum, compress, write.

use super::body::BodyReader;
use super::shared::Shared;
use super::task::{Source, Task};
use crate::log::LogStore;
use crate::volume::{Member, Part};
use crossbeam_channel::Receiver;
use errors::{Error, Kind, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use stream::{FileKind, LogKey, LogPiece, LogSink, Outcome, Tap};

/// Works until there are no more tasks. After a failure the rest of them is answered with it.
pub(super) fn run(shared: &Shared, worker: usize, queue: &Receiver<Task>, log: &LogStore) {
    let mut block = Vec::new();
    for mut task in queue {
        let outcome = shared.check().and_then(|()| {
            // A panic must not leave the job waiting for a task that nobody does any more.
            catch_unwind(AssertUnwindSafe(|| perform(shared, worker, log, &mut task, &mut block)))
                .unwrap_or_else(|_| Err(Error::new(Kind::Bug, "a worker panicked")))
        });
        if let Err(error) = &outcome {
            shared.fail(error.repeat());
        }
        task.receipts.tell(task.number, outcome);
        shared.end_task();
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
        Source::File(file) => Some(std::sync::Arc::clone(file)),
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
    match task.range {
        Some((offset, length)) => job.known(&mut body, offset, length, task.cut)?,
        None => job.unknown(&mut body, task.cut)?,
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
    let bytes = task.range.map_or(0, |(_, length)| length);
    shared.progress.advance(bytes);
    Ok(Outcome { bytes, findings: appended.findings, ..Outcome::default() })
}

/// Copies one task's bytes into members.
struct Copy<'a> {
    shared: &'a Shared,
    worker: usize,
    member: &'a Member,
    outcome: Outcome,
}

impl Copy<'_> {
    /// A range of known length, as one member or as parts.
    fn known(
        &mut self,
        body: &mut BodyReader<'_>,
        offset: u64,
        length: u64,
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

    /// A body of unknown length, in parts; at least one, so that an empty body exists.
    fn unknown(&mut self, body: &mut BodyReader<'_>, cut: Option<u64>) -> Result<()> {
        let limit = cut.ok_or_else(|| Error::new(Kind::Bug, "an endless member"))?;
        let mut part = Vec::new();
        loop {
            let at = self.outcome.bytes;
            body.read_part(at, limit, &mut part)?;
            let size = part.len() as u64;
            if size == 0 && at > 0 {
                return Ok(());
            }
            let member = self.member_at(at, size);
            let crc32c = self.shared.with_volume(self.worker, size, |volume| {
                volume.begin(member)?;
                volume.body(&part)?;
                volume.end()
            })?;
            self.shared.progress.advance(size);
            self.account(size, crc32c, 0)?;
            if size < limit {
                return Ok(());
            }
        }
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
