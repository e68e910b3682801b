//! One backend: a process, its socket, and what it says.

use crate::context::Settings;
use crate::ending::{self, Leader};
use crate::leftover::{self, Scratch};
use crate::socket::{For, Socket};
use crate::stop::{self, Stop};
use crate::trouble::{self, Trouble, out_of_turn};
use crate::waiting::Waiting;
use crate::{Daemon, program, spawn, text};
use protocol::{Frame, FrameError, Incoming, Severity, ToBackend, ToPlugin, send, send_data};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a backend whose socket has ended may take to tell its exit status.
const STATUS_WAIT: Duration = Duration::from_secs(3);

/// How long the kernel may take to end what was killed.
const KILL_WAIT: Duration = Duration::from_secs(5);

/// Heads of frames are read in groups; bodies that are larger pass by this buffer.
const BUFFER: usize = 8 << 10;

/// What a backend said that is for the caller to understand.
#[derive(Debug)]
pub(crate) enum Heard {
    Message(ToPlugin),
    /// Bytes of a body can be taken.
    Data,
}

/// A backend that was started. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Backend {
    child: Child,
    group: libc::pid_t,
    out: Socket,
    incoming: Incoming<BufReader<Socket>>,
    words: File,
    /// For temporary files; it goes when the process has.
    _scratch: Option<Scratch>,
    stop: Arc<Stop>,
    silence: Duration,
    patience: Duration,
    deadline: Option<Instant>,
}

impl Backend {
    /// Starts the program. Nothing has been said yet.
    pub(crate) fn start(
        settings: &Settings,
        stop: &Arc<Stop>,
        working_dir: &[u8],
    ) -> Result<Self, Trouble> {
        let program = settings.program.clone().map_or_else(program::find, Ok)?;
        let starting = || -> io::Result<Self> {
            let (out, theirs) = Socket::pair(settings.silence)?;
            let (reader, for_stop) = (out.again()?, out.again()?);
            // Where the daemon's directory is none, the system's serves.
            let scratch = Scratch::new(Path::new(OsStr::from_bytes(working_dir))).ok();
            let path = scratch.as_ref().map(Scratch::path);
            let (child, words) = spawn::spawn(&program, theirs, path)?;
            let group = libc::pid_t::try_from(child.id()).map_err(io::Error::other)?;
            stop.enter(group, for_stop);
            let (stop, deadline) = (Arc::clone(stop), None);
            let incoming = Incoming::new(BufReader::with_capacity(BUFFER, reader));
            let Settings { silence, patience, .. } = *settings;
            Ok(Self {
                child,
                group,
                out,
                incoming,
                words,
                _scratch: scratch,
                stop,
                silence,
                patience,
                deadline,
            })
        };
        let cannot = |error| format!("{} cannot be started: {error}", program.display());
        starting().map_err(|error| cannot(error).into())
    }

    /// Says something.
    pub(crate) fn say(&mut self, daemon: &dyn Daemon, message: &ToBackend) -> Result<(), Trouble> {
        let said = send(&mut self.waiting(daemon), message);
        said.map_err(|error| self.unheard(daemon, &error))
    }

    /// Sends bytes of a body.
    pub(crate) fn give(&mut self, daemon: &dyn Daemon, bytes: &[u8]) -> Result<(), Trouble> {
        let given = send_data(&mut self.waiting(daemon), bytes);
        given.map_err(|error| self.unheard(daemon, &error))
    }

    /// A wait for it.
    fn waiting<'a>(&'a self, daemon: &'a dyn Daemon) -> Waiting<'a> {
        Waiting { socket: &self.out, stop: &self.stop, daemon, silence: self.silence }
    }

    /// Waits until there are bytes of it, or its end.
    fn await_bytes(&self, daemon: &dyn Daemon) -> Result<(), Trouble> {
        if !self.incoming.get_ref().buffer().is_empty() {
            return Ok(());
        }
        let waited = self.waiting(daemon).until(For::Reading);
        waited.map_err(|error| self.lost(&error.into()))
    }

    /// Waits for what it says next. Its reports go to the job's log.
    pub(crate) fn hear(&mut self, daemon: &dyn Daemon) -> Result<Heard, Trouble> {
        loop {
            self.await_bytes(daemon)?;
            let frame = self.incoming.receive();
            if let Some(heard) = self.understand(daemon, frame)? {
                return Ok(heard);
            }
        }
    }

    /// Hears what it has said unasked; does not wait if it has said nothing.
    pub(crate) fn listen(&mut self, daemon: &dyn Daemon) -> Result<(), Trouble> {
        while self.out.wait(For::Reading, Duration::ZERO) {
            let frame = self.incoming.receive();
            if self.understand(daemon, frame)?.is_some() {
                return Err(out_of_turn());
            }
        }
        Ok(())
    }

    /// Does with a frame what is to be done with it anywhere; the rest is for the caller.
    fn understand(
        &self,
        daemon: &dyn Daemon,
        frame: Result<Frame<ToPlugin>, FrameError>,
    ) -> Result<Option<Heard>, Trouble> {
        match frame {
            Ok(Frame::Message(ToPlugin::Alive {})) => Ok(None),
            Ok(Frame::Message(ToPlugin::Report { severity, text })) => {
                text::report(daemon, severity, &text);
                if severity == Severity::Fatal { Err(Trouble::Told) } else { Ok(None) }
            }
            Ok(Frame::Message(ToPlugin::Failed { text })) => Err(text.into()),
            Ok(Frame::Message(message)) => Ok(Some(Heard::Message(message))),
            Ok(Frame::Data(_)) => Ok(Some(Heard::Data)),
            Ok(Frame::End) => Err(self.ended()),
            Err(error) => Err(self.lost(&error)),
        }
    }

    /// Takes bytes of the body that [`Heard::Data`] announced, as many as fit.
    pub(crate) fn take(&mut self, daemon: &dyn Daemon, out: &mut [u8]) -> Result<usize, Trouble> {
        self.await_bytes(daemon)?;
        self.incoming.data(out).map_err(|error| self.lost(&error))
    }

    /// Bytes of the body that can be taken still, before it says anything else.
    pub(crate) fn left(&self) -> usize {
        self.incoming.left()
    }

    /// It does not listen. If it has ended, it may have said why before.
    fn unheard(&mut self, daemon: &dyn Daemon, error: &io::Error) -> Trouble {
        match error.kind() {
            // It takes nothing, but it may have said why.
            ErrorKind::TimedOut => self.listen(daemon).err().unwrap_or_else(|| self.silent()),
            ErrorKind::ConnectionAborted => Trouble::Told,
            ErrorKind::InvalidInput => format!("the backend cannot be told: {error}").into(),
            _ => loop {
                if let Err(trouble) = self.hear(daemon) {
                    return trouble;
                }
            },
        }
    }

    /// What came cannot be understood, or nothing came.
    fn lost(&self, error: &FrameError) -> Trouble {
        match error {
            FrameError::Malformed(why) => {
                format!("the backend said what is no message: {why}").into()
            }
            FrameError::Io(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
            {
                self.silent()
            }
            FrameError::Io(error) if error.kind() == ErrorKind::ConnectionAborted => Trouble::Told,
            FrameError::Io(_) => self.ended(),
        }
    }

    fn silent(&self) -> Trouble {
        format!("the backend is silent, since {} seconds: it hangs", self.silence.as_secs()).into()
    }

    /// The socket has ended too early. Its status and its last words tell more than that.
    fn ended(&self) -> Trouble {
        if self.stop.is_cancelled() {
            return "the backend was ended".into();
        }
        let mut text = match ending::wait(self.group, Instant::now() + STATUS_WAIT) {
            Leader::Ended(how) => format!("the backend died in the middle of the job ({how})"),
            Leader::Alive | Leader::Gone => {
                "the backend hung up in the middle of the job".to_owned()
            }
        };
        let words = trouble::last_words(&self.words);
        if !words.is_empty() {
            text.push_str("; its last words were:\n");
            text.push_str(&words);
        }
        text.into()
    }

    /// Tells it to end, without waiting: after its last word by the end of the socket alone, before it
    /// with a signal as well.
    pub(crate) fn ask_to_end(&mut self, is_done: bool) {
        self.out.shut();
        if !is_done {
            stop::signal(self.group, libc::SIGTERM);
        }
        self.deadline = Some(Instant::now() + self.patience);
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        if self.deadline.is_none() {
            self.ask_to_end(false);
        }
        let leader = ending::wait(self.group, self.deadline.unwrap_or_else(Instant::now));
        // What the leader has left behind goes too: group and session are ours as long as nobody
        // reaps it.
        if leader != Leader::Gone {
            stop::signal(self.group, libc::SIGKILL);
            leftover::kill_session(self.group);
        }
        if leader == Leader::Alive {
            ending::wait(self.group, Instant::now() + KILL_WAIT);
        }
        self.stop.leave(self.group);
        let _ = self.child.try_wait();
    }
}
