//! The tool as a child process: in a group of its own, ended with the job.
//!
//! mariadb-backup does not hear SIGTERM (it blocks it, measured): SIGINT ends it, and SIGKILL
//! where that does not. The server frees the tool's locks when its connection goes.

use super::{Messages, Tool, command};
use errors::{Error, Kind, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
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
