//! What a context holds: the job's backends, and where the conversation stands.

use crate::backend::{Backend, Heard};
use crate::context::Settings;
use crate::stop::Stop;
use crate::trouble::{Trouble, out_of_turn};
use crate::{Daemon, NAMESPACE, text};
use protocol::{FileType, Purpose, Severity, ToBackend, ToPlugin, VERSION};
use std::sync::Arc;

/// A file that is to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its full name; of a directory without the slash.
    pub name: Vec<u8>,
    /// What it is.
    pub file_type: FileType,
    /// Permission bits.
    pub mode: u32,
    /// Numeric user.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Bytes of the body; -1: not known before the end.
    pub size: i64,
    /// Last modification, in seconds since 1970.
    pub mtime: i64,
    /// The target of a symbolic link.
    pub link: Vec<u8>,
}

/// What comes next in a backup or an estimate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A file. If it is regular and the job a backup, its body is to be read to the end.
    File(Head),
    /// A piece of state for the daemon's director.
    Object {
        /// Its name.
        name: String,
        /// Its place among all objects of all jobs.
        index: i32,
        /// The piece.
        bytes: Vec<u8>,
    },
    /// What an operator may choose in a restore, in Bacula's words.
    Choices(String),
    /// There is no more.
    End,
    /// The job has failed.
    Failed,
}

/// Whether there is more after a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Ask for the next.
    More,
    /// This line is done.
    End,
    /// The job has failed.
    Failed,
}

/// A file that comes back.
#[derive(Debug, Clone, Copy)]
pub struct Create<'a> {
    /// Where the daemon would write it.
    pub place: &'a [u8],
    /// What it is.
    pub file_type: FileType,
    /// Permission bits.
    pub mode: u32,
    /// Numeric user.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Bytes of the body, as they were announced.
    pub size: i64,
    /// Last modification, in seconds since 1970.
    pub mtime: i64,
    /// The target of a symbolic link.
    pub link: &'a [u8],
}

/// The body of the present file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    None,
    /// So many bytes have passed.
    Open(u64),
    /// All of it has passed.
    Whole,
}

/// The state of a context.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) settings: Settings,
    pub(crate) stop: Arc<Stop>,
    pub(crate) has_failed: bool,
    pub(crate) purpose: Purpose,
    /// The backend of the present line, or of the restore.
    pub(crate) current: Option<Backend>,
    /// Those whose lines are done; they keep their state when the job has ended well.
    pub(crate) finished: Vec<Backend>,
    pub(crate) body: Body,
    /// The present file's name, for messages.
    pub(crate) name: String,
    /// Heard already, and not yet asked for.
    pub(crate) ahead: Option<Next>,
    pub(crate) files: u64,
    pub(crate) objects: u64,
    /// What the director had kept.
    pub(crate) kept: Vec<ToBackend>,
    pub(crate) kept_bytes: usize,
    /// What the operator chose, for each plugin line.
    pub(crate) options: Vec<ToBackend>,
    /// The plugin line of the first file that comes back.
    pub(crate) line: Option<String>,
    /// Files that the backend could not restore.
    pub(crate) refused: u64,
    pub(crate) has_warned_of_names: bool,
    pub(crate) has_warned_of_objects: bool,
    pub(crate) last_listened: Option<std::time::Instant>,
    /// Beginnings of names that an accurate job need not keep, and the exceptions.
    pub(crate) superseded: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Job {
    pub(crate) fn new(settings: Settings, stop: Arc<Stop>) -> Self {
        Self {
            settings,
            stop,
            has_failed: false,
            purpose: Purpose::Backup,
            current: None,
            finished: Vec::new(),
            body: Body::None,
            name: String::new(),
            ahead: None,
            files: 0,
            objects: 0,
            kept: Vec::new(),
            kept_bytes: 0,
            options: Vec::new(),
            line: None,
            refused: 0,
            has_warned_of_names: false,
            has_warned_of_objects: false,
            last_listened: None,
            superseded: Vec::new(),
        }
    }

    /// Starts a backend and tells it everything, up to its own first word.
    pub(crate) fn start(
        &mut self,
        daemon: &dyn Daemon,
        purpose: Purpose,
        line: String,
    ) -> Result<(), Trouble> {
        self.purpose = purpose;
        let facts = daemon.facts();
        let backend =
            self.current.insert(Backend::start(&self.settings, &self.stop, &facts.working_dir)?);
        let kind = facts.daemon;
        let daemon_version = facts.daemon_version;
        let hello = ToBackend::Hello { version: VERSION, daemon: kind, daemon_version };
        backend.say(daemon, &hello)?;
        let job = ToBackend::Job {
            purpose,
            number: facts.number,
            name: facts.name,
            level: facts.level,
            since: facts.since,
            accurate: facts.accurate,
            client: facts.client,
            previous: facts.previous,
            working_dir: facts.working_dir,
            prefix: facts.prefix,
            replace: facts.replace,
            line,
        };
        backend.say(daemon, &job)?;
        for object in &self.kept {
            backend.say(daemon, object)?;
        }
        for options in &self.options {
            backend.say(daemon, options)?;
        }
        backend.say(daemon, &ToBackend::Start {})?;
        match backend.hear(daemon)? {
            Heard::Message(ToPlugin::Hello { version: VERSION, .. }) => Ok(()),
            Heard::Message(ToPlugin::Hello { program_version, .. }) => Err(format!(
                "the program seawall {program_version} and this plugin are of different versions\n\
                 hint: install both from the same release, and restart the file daemon"
            )
            .into()),
            _ => Err(out_of_turn()),
        }
    }

    /// The backend that must be there by now.
    pub(crate) fn backend(&mut self) -> Result<&mut Backend, Trouble> {
        self.current.as_mut().ok_or_else(|| "the daemon asks for what was not begun".into())
    }

    /// Ends the job badly, and says why.
    pub(crate) fn fail(&mut self, daemon: &dyn Daemon, trouble: Trouble) {
        let was_cancelled = self.stop.is_cancelled();
        match trouble {
            _ if self.has_failed => {}
            _ if was_cancelled => daemon.report(Severity::Fatal, "the job was cancelled"),
            Trouble::Says(text) => text::report(daemon, Severity::Fatal, &text),
            Trouble::Told => {}
        }
        self.has_failed = true;
        self.stop.interrupt();
    }

    /// Whether an accurate job keeps an earlier job's file that this one did not send.
    pub(crate) fn keeps(&self, name: &[u8]) -> bool {
        let is_superseded = |(prefix, except): &(Vec<u8>, Vec<u8>)| {
            name.starts_with(prefix) && !name.starts_with(except)
        };
        name.starts_with(NAMESPACE.as_bytes()) && !self.superseded.iter().any(is_superseded)
    }

    /// Ends all backends, at the same time.
    pub(crate) fn end(&mut self) {
        let mut ending: Vec<Backend> = self.current.take().into_iter().collect();
        ending.append(&mut self.finished);
        for backend in &mut ending {
            backend.ask_to_end(false);
        }
    }
}
