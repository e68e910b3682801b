//! What goes to the plugin: one thread writes, everybody else hands over.

use crate::sink::lock;
use crossbeam_channel::{Receiver, Sender, bounded, select};
use errors::{Error, Kind, Result};
use protocol::{FileType, Severity, ToPlugin};
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use stream::Cancel;

/// Frames that may wait; with the blocks in them they bound the memory.
const WAITING: usize = 6;
/// Reports that may wait, while nobody reads: more are not worth a standstill.
const REPORTS: usize = 1000;

/// One frame.
enum Out {
    Message(ToPlugin),
    Data(Vec<u8>),
    /// Answered when everything before it is written.
    Flush(Sender<()>),
}

/// The way to the plugin.
#[derive(Clone)]
pub(crate) struct Outbox {
    out: Sender<Out>,
    reports: Sender<ToPlugin>,
    /// Blocks whose bytes are written, to be filled again.
    used: Receiver<Vec<u8>>,
    cancel: Cancel,
    /// How many files were announced.
    files: Arc<AtomicU64>,
    /// Bytes of the body that is being sent.
    open: Arc<Mutex<Option<u64>>>,
}

impl Outbox {
    /// Starts the writer. Where the plugin is gone, it cancels the job.
    pub(crate) fn start(socket: UnixStream, cancel: Cancel) -> Result<Self> {
        let (out, waiting) = bounded(WAITING);
        let (reports, reported) = bounded(REPORTS);
        let (back, used) = bounded(WAITING);
        let mut writer = Writer { socket, back, cancel: cancel.clone(), is_broken: false };
        let run = move || writer.run(&waiting, &reported);
        let thread = thread::Builder::new().name("to-plugin".to_owned());
        thread.spawn(run).map_err(|error| Error::io("start a thread", error))?;
        Ok(Self { out, reports, used, cancel, files: Arc::default(), open: Arc::default() })
    }

    /// Sends a message; waits while the plugin is busy.
    pub(crate) fn send(&self, message: ToPlugin) -> Result<()> {
        match &message {
            ToPlugin::File { file_type, .. } => {
                self.files.fetch_add(1, Ordering::Relaxed);
                *lock(&self.open) = (*file_type == FileType::File).then_some(0);
            }
            ToPlugin::EndOfFile { .. } => *lock(&self.open) = None,
            _ => {}
        }
        self.hand_over(Out::Message(message))
    }

    /// Ends a body that was cut off, so that another file may follow. Nothing else may be sending.
    pub(crate) fn close_cut_off(&self) -> Result<()> {
        let open = *lock(&self.open);
        open.map_or(Ok(()), |bytes| self.send(ToPlugin::EndOfFile { bytes }))
    }

    /// Says that there are no more files, and how many there were.
    pub(crate) fn end_of_files(&self) -> Result<()> {
        self.send(ToPlugin::EndOfFiles { files: self.files.load(Ordering::Relaxed) })
    }

    /// Sends a block of a body.
    pub(crate) fn data(&self, block: Vec<u8>) -> Result<()> {
        let bytes = block.len() as u64;
        self.hand_over(Out::Data(block))?;
        if let Some(sent) = lock(&self.open).as_mut() {
            *sent += bytes;
        }
        Ok(())
    }

    /// A block to fill: one that was sent already, with the bytes that were in it, or a new one.
    pub(crate) fn block(&self) -> Vec<u8> {
        self.used.try_recv().unwrap_or_default()
    }

    /// Reports something, without waiting.
    pub(crate) fn report(&self, severity: Severity, text: impl Into<String>) {
        self.mention(ToPlugin::Report { severity, text: text.into() });
    }

    /// Sends a message that stands beside all others, without waiting.
    pub(crate) fn mention(&self, message: ToPlugin) {
        let _ = self.reports.try_send(message);
    }

    /// Waits until all is written, or nobody is there to read it.
    pub(crate) fn flush(&self) {
        let (done, wait) = bounded(1);
        if self.out.send(Out::Flush(done)).is_ok() {
            let _ = wait.recv();
        }
    }

    fn hand_over(&self, out: Out) -> Result<()> {
        if self.cancel.is_cancelled() && matches!(out, Out::Data(_)) {
            return Err(cancelled());
        }
        self.out.send(out).map_err(|_| cancelled())
    }
}

fn cancelled() -> Error {
    Error::new(Kind::Interrupted, "the job was cancelled")
}

/// The other end of all this.
struct Writer {
    socket: UnixStream,
    back: Sender<Vec<u8>>,
    cancel: Cancel,
    is_broken: bool,
}

impl Writer {
    fn run(&mut self, waiting: &Receiver<Out>, reported: &Receiver<ToPlugin>) {
        loop {
            let out = select! {
                recv(reported) -> message => message.map(Out::Message),
                recv(waiting) -> out => out,
            };
            let Ok(out) = out else { return };
            // What was reported before comes before.
            for message in reported.try_iter() {
                self.write(&Out::Message(message));
            }
            self.write(&out);
            match out {
                Out::Data(block) => drop(self.back.try_send(block)),
                Out::Flush(done) => drop(done.send(())),
                Out::Message(_) => {}
            }
        }
    }

    fn write(&mut self, out: &Out) {
        let written = match out {
            _ if self.is_broken => Ok(()),
            Out::Message(message) => protocol::send(&mut self.socket, message),
            Out::Data(block) => protocol::send_data(&mut self.socket, block),
            Out::Flush(_) => Ok(()),
        };
        if written.is_err_and(|error| is_gone(&error)) {
            // From here on everything is thrown away, so that nobody waits for ever.
            self.is_broken = true;
            self.cancel.cancel();
        }
    }
}

/// A message that is too long is our own fault and breaks nothing but itself; all else is the end.
fn is_gone(error: &io::Error) -> bool {
    error.kind() != io::ErrorKind::InvalidInput
}
