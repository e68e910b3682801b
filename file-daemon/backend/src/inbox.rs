//! What comes from the plugin.

use crossbeam_channel::{Receiver, bounded};
use errors::{Error, Kind, Result};
use protocol::{Frame, FrameError, Incoming, ToBackend};
use std::io::BufReader;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;
use stream::Cancel;

/// A cancel wakes nobody by itself.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The way from the plugin.
pub(crate) struct Inbox(Incoming<BufReader<UnixStream>>);

impl Inbox {
    /// Listens to the plugin until the job is cancelled: then whoever waits for it is woken.
    ///
    /// # Errors
    /// The thread that looks for the cancel cannot be started.
    pub(crate) fn new(socket: UnixStream, cancel: Cancel) -> Result<Self> {
        let ears = socket.try_clone().map_err(|error| Error::io("share the socket", error))?;
        let run = move || {
            while !cancel.is_cancelled() {
                thread::sleep(LOOK_AGAIN);
            }
            // What is still to be said can be said.
            let _ = ears.shutdown(Shutdown::Read);
        };
        let thread = thread::Builder::new().name("cancel".to_owned());
        thread.spawn(run).map_err(|error| Error::io("start a thread", error))?;
        Ok(Self(Incoming::new(BufReader::new(socket))))
    }

    /// Waits for the next frame.
    ///
    /// # Errors
    /// `interrupted`: the connection broke; `bug`: what came is none of the protocol.
    pub(crate) fn frame(&mut self) -> Result<Frame<ToBackend>> {
        self.0.receive().map_err(broken)
    }

    /// Waits for a message.
    ///
    /// # Errors
    /// As [`Inbox::frame`]; or it is none.
    pub(crate) fn message(&mut self) -> Result<ToBackend> {
        message_of(self.frame()?)
    }

    /// Takes bytes of the present data frame.
    ///
    /// # Errors
    /// As [`Inbox::frame`].
    pub(crate) fn data(&mut self, out: &mut [u8]) -> Result<usize> {
        self.0.data(out).map_err(broken)
    }

    /// Bytes of the present data frame that were not taken yet.
    pub(crate) fn left(&self) -> usize {
        self.0.left()
    }

    /// Listens on a thread of its own while work is done: for the end of the job, or of the daemon.
    /// Answers whether the daemon says that its job ended well; `false` where it does not say.
    pub(crate) fn listen(mut self, cancel: Cancel) -> Result<Receiver<bool>> {
        let (said, answer) = bounded(1);
        let run = move || {
            let good = matches!(self.message(), Ok(ToBackend::Finish { good: true }));
            if !good {
                cancel.cancel();
            }
            let _ = said.send(good);
            if good {
                // Until the plugin hangs up: it waits for the last answer.
                let gone = self.message().is_err();
                if gone {
                    cancel.cancel();
                }
            }
        };
        let thread = thread::Builder::new().name("from-plugin".to_owned());
        thread.spawn(run).map_err(|error| Error::io("start a thread", error))?;
        Ok(answer)
    }

    /// Cancels when the plugin hangs up, or says anything more.
    pub(crate) fn watch(self, cancel: Cancel) -> Result<()> {
        let mut inbox = self;
        let run = move || {
            let _ = inbox.frame();
            cancel.cancel();
        };
        let thread = thread::Builder::new().name("from-plugin".to_owned());
        thread.spawn(run).map(drop).map_err(|error| Error::io("start a thread", error))
    }
}

/// What comes where only messages may.
pub(crate) fn message_of(frame: Frame<ToBackend>) -> Result<ToBackend> {
    match frame {
        Frame::Message(message) => Ok(message),
        Frame::Data(_) => Err(Error::new(Kind::Bug, "the plugin sends data where it must not")),
        Frame::End => Err(Error::new(Kind::Interrupted, "the file daemon ended the job")),
    }
}

fn broken(error: FrameError) -> Error {
    match error {
        FrameError::Io(error) => {
            Error::io("listen to the file daemon's plugin", error).with_kind(Kind::Interrupted)
        }
        FrameError::Malformed(why) => {
            Error::new(Kind::Bug, format!("a message of the plugin cannot be read: {why}"))
        }
    }
}
