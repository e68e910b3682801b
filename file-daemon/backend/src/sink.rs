//! The sink: files go to the plugin one after the other, in the order in which they were put.

mod reader;

use crate::envelope::{Content, Envelope};
use crate::names::Subject;
use crate::outbox::Outbox;
use crate::tally::Tally;
use crossbeam_channel::{SendTimeoutError, Sender, bounded};
use errors::{Error, Kind, Result};
use protocol::{FileType, ToPlugin};
use reader::{Reader, Task};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use stream::{Cancel, Durability, JobId, Link, LogKey, Progress, Receipt, Sink, VirtualFile};

/// Files that may wait to be read.
const WAITING: usize = 64;
/// A cancel wakes nobody who waits: he looks at such intervals.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What a sink belongs to.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) subject: Subject,
    pub(crate) job: JobId,
}

/// A sink into the daemon's stream.
pub(crate) struct DaemonSink {
    place: Place,
    outbox: Outbox,
    tasks: Sender<Task>,
    reader: JoinHandle<Tally>,
    shared: Arc<Shared>,
    /// What was finished, for who started this.
    finished: Arc<Mutex<Option<Envelope>>>,
}

impl DaemonSink {
    pub(crate) fn start(
        place: Place,
        outbox: &Outbox,
        cancel: &Cancel,
        progress: Arc<dyn Progress>,
    ) -> Result<Self> {
        let (tasks, waiting) = bounded(WAITING);
        let shared = Arc::new(Shared::new(cancel.clone()));
        let reader = Reader::new(place.clone(), outbox.clone(), Arc::clone(&shared), progress);
        let thread = thread::Builder::new().name("reader".to_owned());
        let run = move || reader.run(&waiting);
        let reader = thread.spawn(run).map_err(|error| Error::io("start a thread", error))?;
        let finished = Arc::default();
        Ok(Self { place, outbox: outbox.clone(), tasks, reader, shared, finished })
    }

    /// Whether nothing was put yet: then the job may begin anew.
    pub(crate) fn is_untouched(&self) -> bool {
        self.shared.counts().put == 0
    }

    /// Ends without a link. What is being read is cut off where it is, and when this returns, nothing
    /// of it is sent any more.
    pub(crate) fn discard(self) {
        self.shared.fail(Error::new(Kind::Interrupted, "the backup has failed"));
        drop(self.tasks);
        // What is being read may come from a tool that the engine has ended already.
        let _ = self.reader.join();
    }

    /// Where the finished link will be found.
    pub(crate) fn finished(&self) -> Arc<Mutex<Option<Envelope>>> {
        Arc::clone(&self.finished)
    }
}

impl Sink for DaemonSink {
    fn lanes(&self) -> usize {
        1
    }

    fn put(&self, file: VirtualFile) -> Result<Receipt> {
        let (writer, receipt) = stream::receipt();
        self.shared.begin();
        let mut task = Task { file, receipt: writer };
        loop {
            self.shared.check()?;
            match self.tasks.send_timeout(task, LOOK_AGAIN) {
                Ok(()) => return Ok(receipt),
                Err(SendTimeoutError::Timeout(back)) => task = back,
                Err(SendTimeoutError::Disconnected(_)) => {
                    return Err(Error::new(Kind::Bug, "the reader is gone"));
                }
            }
        }
    }

    fn has_log(&self, keys: &[LogKey]) -> Result<Vec<bool>> {
        // The daemon's volumes are not ours to look into.
        Ok(vec![false; keys.len()])
    }

    fn settle(&self) -> Result<()> {
        self.shared.wait()
    }

    fn durable(&self) -> Result<Durability> {
        self.settle().map(|()| Durability::CannotSay)
    }

    fn finish(self: Box<Self>, link: Link) -> Result<()> {
        self.settle()?;
        drop(self.tasks);
        let tally = self.reader.join().map_err(|_| Error::new(Kind::Bug, "the reader panicked"))?;
        let envelope = Envelope::new(link, Content::of(&tally));
        let text = envelope.print()?;
        let name = self.place.subject.link(&envelope.link.name());
        let bytes = text.len() as u64;
        self.outbox.send(nobodys_file(name, FileType::File, 0o600, Some(bytes)))?;
        self.outbox.data(text)?;
        self.outbox.send(ToPlugin::EndOfFile { bytes })?;
        for (number, bytes) in (0..).zip(envelope.pieces()?) {
            let name = format!("{}.{number}", self.place.subject.as_str());
            let index = index(&envelope, number);
            self.outbox.send(ToPlugin::Object { name, index, bytes })?;
        }
        *lock(&self.finished) = Some(envelope);
        Ok(())
    }
}

/// Directors sort objects of all jobs by this.
fn index(envelope: &Envelope, number: i32) -> i32 {
    let second = i32::try_from(envelope.link.started_at.timestamp()).unwrap_or(i32::MAX / 2);
    second.saturating_add(number)
}

/// The announcement of a file that is no file of the server's: root's, as of now.
pub(crate) fn nobodys_file(
    name: Vec<u8>,
    file_type: FileType,
    mode: u32,
    size: Option<u64>,
) -> ToPlugin {
    let (size, mtime) = (announced(size), chrono::Utc::now().timestamp());
    ToPlugin::File { name, file_type, mode, uid: 0, gid: 0, size, mtime, link: Vec::new() }
}

/// A size as the protocol has it: -1 where it is not known.
fn announced(size: Option<u64>) -> i64 {
    size.and_then(|size| i64::try_from(size).ok()).unwrap_or(-1)
}

/// What the reader and those who put share.
pub(crate) struct Shared {
    cancel: Cancel,
    counts: Mutex<Counts>,
    changed: Condvar,
}

#[derive(Default)]
struct Counts {
    put: u64,
    done: u64,
    failure: Option<Error>,
}

impl Shared {
    fn new(cancel: Cancel) -> Self {
        Self { cancel, counts: Mutex::default(), changed: Condvar::new() }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        lock(&self.counts)
    }

    fn begin(&self) {
        self.counts().put += 1;
    }

    fn end(&self, failure: Option<Error>) {
        let mut counts = self.counts();
        counts.done += 1;
        counts.failure = counts.failure.take().or(failure);
        self.changed.notify_all();
    }

    fn fail(&self, failure: Error) {
        let mut counts = self.counts();
        counts.failure.get_or_insert(failure);
        self.changed.notify_all();
    }

    fn check(&self) -> Result<()> {
        self.check_counts(&self.counts())
    }

    fn check_counts(&self, counts: &Counts) -> Result<()> {
        match &counts.failure {
            Some(failure) => Err(failure.repeat()),
            None if self.cancel.is_cancelled() => {
                Err(Error::new(Kind::Interrupted, "the job was cancelled"))
            }
            None => Ok(()),
        }
    }

    fn wait(&self) -> Result<()> {
        let mut counts = self.counts();
        while counts.done < counts.put {
            self.check_counts(&counts)?;
            let waited = self.changed.wait_timeout(counts, LOOK_AGAIN);
            counts = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        self.check_counts(&counts)
    }
}

/// A thread that died left the data whole: nothing here is changed in several steps.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
