//! The tool as a child process: in a group of its own, ended with the job; and the named pipes that
//! it may make instead of its standard output.
//!
//! mariadb-backup does not hear SIGTERM (it blocks it, measured): SIGINT ends it, and SIGKILL
//! where that does not. The server frees the tool's locks when its connection goes.

use super::{Messages, Tool, command};
use errors::{Error, Kind, Result};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use stream::Cancel;

/// How often a child is looked at.
const POLL: Duration = Duration::from_millis(20);

/// A tool that runs.
pub(crate) struct Child {
    name: String,
    child: std::process::Child,
    pub(crate) messages: Arc<Messages>,
    drain: Option<JoinHandle<()>>,
    ended: Option<ExitStatus>,
    alive: Arc<AtomicBool>,
}

/// What a child is to have.
pub(crate) struct Start<'a> {
    pub(crate) arguments: &'a [OsString],
    /// A file for all its messages.
    pub(crate) log: Option<&'a Path>,
    /// Whether somebody reads its standard output.
    pub(crate) has_output: bool,
}

impl Child {
    /// Starts the tool.
    ///
    /// # Errors
    /// `tool`.
    pub(crate) fn start(tool: &Tool, start: &Start<'_>) -> Result<Self> {
        let name = tool.flavour.to_string();
        let log = start.log.map(open_log).transpose()?;
        let output = if start.has_output { Stdio::piped() } else { Stdio::null() };
        let failed = |error| {
            Error::io(format!("start {}", tool.program.display()), error).with_kind(Kind::Tool)
        };
        let mut child = command(&tool.program)
            .args(start.arguments)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let messages = Arc::new(Messages::default());
        let stderr = child.stderr.take();
        let drain = {
            let messages = Arc::clone(&messages);
            let run = move || {
                if let Some(stderr) = stderr {
                    messages.drain(stderr, log);
                }
            };
            std::thread::Builder::new().name("tool-messages".into()).spawn(run).map_err(failed)
        };
        let mut this = Self {
            name,
            child,
            messages,
            drain: None,
            ended: None,
            alive: Arc::new(AtomicBool::new(true)),
        };
        this.drain = Some(drain?);
        Ok(this)
    }

    /// Whether it lives, for who reads its pipes.
    pub(crate) fn alive(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.alive)
    }

    /// Its standard output, once.
    pub(crate) fn take_output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Whether it has ended.
    ///
    /// # Errors
    /// The system cannot say.
    pub(crate) fn poll(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().map_err(|error| Error::io("wait", error))?;
            self.alive.store(self.ended.is_none(), Ordering::Release);
        }
        Ok(self.ended)
    }

    /// Waits for the end. A cancel, or trouble that is seen meanwhile, ends the tool first.
    ///
    /// # Errors
    /// `interrupted`, or the trouble.
    pub(crate) fn wait(
        &mut self,
        cancel: &Cancel,
        grace: Duration,
        trouble: impl Fn(&Messages) -> Option<Error>,
    ) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.poll()? {
                self.join();
                return Ok(status);
            }
            let cancelled = || Error::new(Kind::Interrupted, "the job was cancelled");
            let why = cancel.is_cancelled().then(cancelled).or_else(|| trouble(&self.messages));
            if let Some(why) = why {
                self.end(grace);
                return Err(why);
            }
            std::thread::sleep(POLL);
        }
    }

    /// Ends the tool: SIGINT, and SIGKILL when the grace is over.
    pub(crate) fn end(&mut self, grace: Duration) {
        // Nobody reads any more: a tool that writes is woken by that too.
        drop(self.child.stdout.take());
        self.signal(Signal::INT);
        let deadline = Instant::now() + grace;
        while Instant::now() < deadline {
            if !matches!(self.poll(), Ok(None)) {
                self.join();
                return;
            }
            std::thread::sleep(POLL);
        }
        tracing::warn!("{} did not end within {} s: it is killed", self.name, grace.as_secs());
        self.signal(Signal::KILL);
        self.ended = self.child.wait().ok().or(self.ended);
        self.alive.store(false, Ordering::Release);
        self.join();
    }

    fn signal(&self, signal: Signal) {
        if self.ended.is_some() {
            return;
        }
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // It may have ended meanwhile: that is what is wanted.
            let _ = kill_process_group(pid, signal);
        }
    }

    fn join(&mut self) {
        if let Some(drain) = self.drain.take() {
            let _ = drain.join();
        }
    }

    /// An end that is no success, as an error.
    pub(crate) fn failure(&self, status: ExitStatus) -> Error {
        let how = match (status.code(), status.signal()) {
            (Some(code), _) => format!("ended with status {code}"),
            (None, Some(signal)) => format!("was ended by signal {signal}"),
            (None, None) => "ended".to_owned(),
        };
        Error::new(Kind::Tool, format!("{} {how}: {}", self.name, self.messages.complaint()))
            .hint("`-vv` shows all that the tool says; the option tool_log keeps it in a file.")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if matches!(self.poll(), Ok(None)) {
            self.end(Duration::from_secs(2));
        }
    }
}

fn open_log(path: &Path) -> Result<File> {
    let file = File::options().append(true).create(true).open(path);
    file.map_err(|error| Error::io(format!("open {}", path.display()), error))
}

/// How often a pipe is looked for, and its first byte.
const PIPE_POLL: Duration = Duration::from_millis(5);

/// A named pipe that the tool makes, and that is read from the moment it is there.
///
/// Waits for the pipe and for its writer, as long as the tool lives. A plain opening would wait
/// for ever for a tool that has died.
pub(crate) struct Fifo {
    path: PathBuf,
    alive: Arc<AtomicBool>,
    state: Pipe,
}

enum Pipe {
    Absent,
    /// Open, and nobody has written yet.
    Silent(File),
    Flowing(File),
}

impl Fifo {
    pub(crate) fn new(path: PathBuf, alive: Arc<AtomicBool>) -> Self {
        Self { path, alive, state: Pipe::Absent }
    }

    /// Opens without waiting for a writer.
    fn open(&self) -> io::Result<Option<File>> {
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        match File::options().read(true).custom_flags(flags).open(&self.path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Read for Fifo {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // Asked before the pipe: what was written before the end is read after it.
            let is_alive = self.alive.load(Ordering::Acquire);
            match std::mem::replace(&mut self.state, Pipe::Absent) {
                Pipe::Absent => {
                    if let Some(file) = self.open()? {
                        self.state = Pipe::Silent(file);
                        continue;
                    }
                }
                Pipe::Silent(mut file) => {
                    let read = file.read(buffer);
                    match read {
                        Ok(1..) => {
                            let flags = fcntl_getfl(&file)? - OFlags::NONBLOCK;
                            fcntl_setfl(&file, flags)?;
                            self.state = Pipe::Flowing(file);
                            return read;
                        }
                        Ok(0) => self.state = Pipe::Silent(file),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                            self.state = Pipe::Silent(file);
                        }
                        Err(error) => return Err(error),
                    }
                }
                Pipe::Flowing(mut file) => {
                    let read = file.read(buffer);
                    self.state = Pipe::Flowing(file);
                    return read;
                }
            }
            if !is_alive {
                return Ok(0);
            }
            std::thread::sleep(PIPE_POLL);
        }
    }
}
