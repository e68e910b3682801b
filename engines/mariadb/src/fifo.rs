//! A named pipe that the tool makes, and that we read from the moment it is there.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

const POLL: Duration = Duration::from_millis(5);

/// Waits for the pipe and for its writer, as long as the tool lives. A plain opening would wait
/// for ever for a tool that has died.
pub(crate) struct Fifo {
    path: PathBuf,
    alive: Arc<AtomicBool>,
    state: State,
}

enum State {
    Absent,
    /// Open, and nobody has written yet.
    Silent(File),
    Flowing(File),
}

impl Fifo {
    pub(crate) fn new(path: PathBuf, alive: Arc<AtomicBool>) -> Self {
        Self { path, alive, state: State::Absent }
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
            match std::mem::replace(&mut self.state, State::Absent) {
                State::Absent => {
                    if let Some(file) = self.open()? {
                        self.state = State::Silent(file);
                        continue;
                    }
                }
                State::Silent(mut file) => {
                    let read = file.read(buffer);
                    match read {
                        Ok(1..) => {
                            let flags = fcntl_getfl(&file)? - OFlags::NONBLOCK;
                            fcntl_setfl(&file, flags)?;
                            self.state = State::Flowing(file);
                            return read;
                        }
                        Ok(0) => self.state = State::Silent(file),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                            self.state = State::Silent(file);
                        }
                        Err(error) => return Err(error),
                    }
                }
                State::Flowing(mut file) => {
                    let read = file.read(buffer);
                    self.state = State::Flowing(file);
                    return read;
                }
            }
            if !is_alive {
                return Ok(0);
            }
            std::thread::sleep(POLL);
        }
    }
}
