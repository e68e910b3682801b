//! The conversation of a restore.

use crate::backend::Heard;
use crate::job::{Body, Create, Job};
use crate::text::{self, TEXT_BYTES};
use crate::trouble::{Trouble, out_of_turn};
use crate::{Daemon, is_ours};
use protocol::{FileType, NAMESPACE, Purpose, Reply, Severity, ToBackend, ToPlugin};
use std::time::{Duration, Instant};

/// The most bytes of objects that are kept for the backend. A job has a few kilobytes.
const OBJECTS_MAX: usize = 64 << 20;

/// What one object costs beyond its bytes.
const OBJECT_COST: usize = 128;

/// How often the backend is listened to while a body passes.
const LISTEN_EVERY: Duration = Duration::from_secs(1);

impl Job {
    /// Keeps what the director had kept, until a backend can be told.
    pub(crate) fn keep(
        &mut self,
        daemon: &dyn Daemon,
        name: &[u8],
        job: u32,
        line: &[u8],
        bytes: &[u8],
    ) {
        if !is_ours(line) || bytes.is_empty() {
            return;
        }
        let cost = bytes.len() + name.len() + line.len() + OBJECT_COST;
        if bytes.len() > TEXT_BYTES || self.kept_bytes + cost > OBJECTS_MAX {
            if !self.has_warned_of_objects {
                self.has_warned_of_objects = true;
                let text =
                    "the director has kept more state than there is room for; some is left out";
                daemon.report(Severity::Warning, text);
            }
            return;
        }
        self.kept_bytes += cost;
        let (name, line, bytes) = (text::lossy(name), text::lossy(line), bytes.to_vec());
        self.kept.push(ToBackend::Object { name, job, line, bytes });
    }

    /// A file comes back.
    pub(crate) fn create(
        &mut self,
        daemon: &dyn Daemon,
        file: &Create<'_>,
    ) -> Result<Reply, Trouble> {
        if self.body != Body::None {
            let name = &self.name;
            return Err(format!("{name}: the daemon did not close it before the next file").into());
        }
        let place = file.place.strip_suffix(b"/").unwrap_or(file.place);
        let Some(begin) = find(place, NAMESPACE.as_bytes()) else {
            self.warn_of_names(daemon, place);
            return Ok(Reply::Core);
        };
        if self.current.is_none() {
            let line = self.line.clone().unwrap_or_else(|| protocol::PLUGIN.to_owned());
            self.start(daemon, Purpose::Restore, line)?;
        }
        let create = ToBackend::Create {
            name: place[begin..].to_vec(),
            place: place.to_vec(),
            file_type: file.file_type,
            mode: file.mode,
            uid: file.uid,
            gid: file.gid,
            size: file.size,
            mtime: file.mtime,
            link: file.link.to_vec(),
        };
        self.name = String::from_utf8_lossy(&place[begin..]).into_owned();
        let backend = self.backend()?;
        backend.say(daemon, &create)?;
        let Heard::Message(ToPlugin::Created { reply }) = backend.hear(daemon)? else {
            return Err(out_of_turn());
        };
        match reply {
            Reply::Extract if file.file_type != FileType::File => return Err(out_of_turn()),
            Reply::Extract => self.body = Body::Open(0),
            Reply::Failed => self.refused += 1,
            Reply::Skip | Reply::Core | Reply::Made => {}
        }
        Ok(reply)
    }

    fn warn_of_names(&mut self, daemon: &dyn Daemon, place: &[u8]) {
        if !self.has_warned_of_names {
            self.has_warned_of_names = true;
            let place = String::from_utf8_lossy(place);
            let text = format!(
                "{place}: a rule for names has removed {NAMESPACE}, so that nobody knows what it was; \
                 such files are restored as plain files"
            );
            text::report(daemon, Severity::Warning, &text);
        }
    }

    /// Passes on bytes of the body.
    pub(crate) fn write(&mut self, daemon: &dyn Daemon, bytes: &[u8]) -> Result<bool, Trouble> {
        let Body::Open(passed) = self.body else {
            return Err("the daemon writes to a file that was not created".into());
        };
        let is_time = self.last_listened.is_none_or(|then| then.elapsed() >= LISTEN_EVERY);
        let backend = self.backend()?;
        if is_time {
            backend.listen(daemon)?;
        }
        backend.give(daemon, bytes)?;
        if is_time {
            self.last_listened = Some(Instant::now());
        }
        self.body = Body::Open(passed + bytes.len() as u64);
        Ok(true)
    }

    /// The body has passed.
    pub(crate) fn close(&mut self, daemon: &dyn Daemon) -> Result<bool, Trouble> {
        // In a backup the daemon closes what it has read, and that tells nothing.
        if self.purpose != Purpose::Restore || self.body == Body::None {
            return Ok(true);
        }
        let backend = self.backend()?;
        backend.say(daemon, &ToBackend::Close {})?;
        let Heard::Message(ToPlugin::Closed { good }) = backend.hear(daemon)? else {
            return Err(out_of_turn());
        };
        self.body = Body::None;
        if good { Ok(true) } else { Err(format!("{}: it was not restored", self.name).into()) }
    }

    /// The last file has come back: the backend makes it whole.
    pub(crate) fn end_restore(&mut self, daemon: &dyn Daemon, good: bool) -> Result<(), Trouble> {
        if self.body != Body::None {
            // There is no word for it: the end of the socket discards. Where the daemon has failed, it
            // has said so itself.
            self.current = None;
            let unclosed = || format!("{}: the daemon did not close it", self.name).into();
            return if good { Err(unclosed()) } else { Ok(()) };
        }
        let refused = self.refused;
        let good = good && refused == 0;
        let backend = self.backend()?;
        backend.say(daemon, &ToBackend::Finish { good })?;
        let Heard::Message(ToPlugin::Done { good: is_done }) = backend.hear(daemon)? else {
            return Err(out_of_turn());
        };
        backend.ask_to_end(true);
        self.current = None;
        if refused > 0 {
            return Err(format!("{refused} files could not be restored").into());
        }
        if good && !is_done {
            return Err("the backend could not end the restore well".into());
        }
        Ok(())
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
