//! The conversation of a backup or an estimate.

use crate::backend::{Backend, Heard};
use crate::job::{After, Body, Head, Job, Next};
use crate::trouble::{Trouble, out_of_turn};
use crate::{Daemon, text};
use protocol::{FileType, NAMESPACE, OBJECT_PIECE_MAX, Purpose, Severity, ToBackend, ToPlugin};

impl Job {
    /// A plugin line begins.
    pub(crate) fn begin(
        &mut self,
        daemon: &dyn Daemon,
        purpose: Purpose,
        line: String,
    ) -> Result<(), Trouble> {
        if self.current.is_some() {
            return Err("the daemon began a line before the files of the last had ended".into());
        }
        (self.files, self.objects, self.body, self.ahead) = (0, 0, Body::None, None);
        self.start(daemon, purpose, line)
    }

    /// What comes next.
    pub(crate) fn next(&mut self, daemon: &dyn Daemon) -> Result<Next, Trouble> {
        let next = match self.ahead.take() {
            Some(next) => next,
            None => self.look(daemon)?,
        };
        match &next {
            Next::File(head) => {
                self.files += 1;
                self.name = String::from_utf8_lossy(&head.name).into_owned();
                let has_body = head.file_type == FileType::File && self.purpose == Purpose::Backup;
                self.body = if has_body { Body::Open(0) } else { Body::None };
            }
            Next::Object { .. } => self.objects += 1,
            Next::Choices(_) | Next::End | Next::Failed => {}
        }
        Ok(next)
    }

    /// Hears what comes next, without counting it yet.
    fn look(&mut self, daemon: &dyn Daemon) -> Result<Next, Trouble> {
        loop {
            let Heard::Message(message) = self.backend()?.hear(daemon)? else {
                return Err(out_of_turn());
            };
            match message {
                ToPlugin::File { name, file_type, mode, uid, gid, size, mtime, link } => {
                    // A listing names the tree itself, too.
                    let tree = NAMESPACE.trim_end_matches('/').as_bytes();
                    let is_ours = name == tree || name.starts_with(NAMESPACE.as_bytes());
                    if !is_ours || name.contains(&0) {
                        return Err("the backend named a file outside its own tree".into());
                    }
                    let head = Head { name, file_type, mode, uid, gid, size, mtime, link };
                    return Ok(Next::File(head));
                }
                // A director that only wants to know what there is keeps nothing.
                ToPlugin::Object { .. } | ToPlugin::Choices { .. }
                    if self.purpose == Purpose::Estimate => {}
                ToPlugin::Object { name, index, bytes } => {
                    if bytes.is_empty() || bytes.len() > OBJECT_PIECE_MAX || name.is_empty() {
                        return Err("the backend's state is not cut as it must be".into());
                    }
                    return Ok(Next::Object { name, index, bytes });
                }
                ToPlugin::Choices { text } => return Ok(Next::Choices(text)),
                ToPlugin::Superseded { prefix, except } => self.superseded.push((prefix, except)),
                ToPlugin::EndOfFiles { files } => {
                    self.check_count(files)?;
                    self.finished.extend(self.current.take());
                    return Ok(Next::End);
                }
                _ => return Err(out_of_turn()),
            }
        }
    }

    /// The daemons would call a backup without a single file a success.
    fn check_count(&self, files: u64) -> Result<(), Trouble> {
        if files != self.files {
            let counted = self.files;
            return Err(format!("the backend sent {files} files, {counted} came").into());
        }
        if self.purpose == Purpose::Backup && files == 0 && self.objects == 0 {
            return Err("there is nothing to back up: no file came".into());
        }
        Ok(())
    }

    /// Fills the daemon's buffer: each read becomes a record on its volume, and a short one looks like
    /// the end to some of its filters. 0 is the end, after a proof that all has come.
    pub(crate) fn read(&mut self, daemon: &dyn Daemon, out: &mut [u8]) -> Result<usize, Trouble> {
        let Body::Open(mut passed) = self.body else {
            return match self.body {
                Body::Whole => Ok(0),
                _ => Err("the daemon reads a file that has no body".into()),
            };
        };
        let mut filled = 0;
        let backend = self.current.as_mut().ok_or_else(out_of_turn)?;
        while filled < out.len() {
            if backend.left() == 0 {
                match backend.hear(daemon)? {
                    Heard::Data => {}
                    Heard::Message(ToPlugin::EndOfFile { bytes }) if bytes == passed => {
                        self.body = Body::Whole;
                        return Ok(filled);
                    }
                    Heard::Message(ToPlugin::EndOfFile { bytes }) => {
                        let name = &self.name;
                        return Err(
                            format!("{name}: {bytes} bytes were sent, {passed} came").into()
                        );
                    }
                    Heard::Message(_) => return Err(out_of_turn()),
                }
            }
            let taken = backend.take(daemon, &mut out[filled..])?;
            filled += taken;
            passed += taken as u64;
        }
        self.body = Body::Open(passed);
        Ok(filled)
    }

    /// The daemon is done with a file; looks whether there is another.
    pub(crate) fn after(&mut self, daemon: &dyn Daemon) -> Result<After, Trouble> {
        if let Body::Open(passed) = self.body {
            let name = &self.name;
            return Err(format!("{name}: the daemon stopped reading after {passed} bytes").into());
        }
        self.body = Body::None;
        if self.current.is_none() {
            return Ok(After::End);
        }
        match self.look(daemon)? {
            Next::End => Ok(After::End),
            next => {
                self.ahead = Some(next);
                Ok(After::More)
            }
        }
    }

    /// The daemon's job has ended well: the backends may keep what they know.
    pub(crate) fn commit(&mut self, daemon: &dyn Daemon) -> Result<(), Trouble> {
        if self.current.is_some() && self.purpose == Purpose::Backup {
            return Err("the daemon ended the job before all files had come".into());
        }
        for backend in &mut self.finished {
            // The backup is whole, and the daemon has said so: what is not kept costs a full.
            if let Err(trouble) = keep(backend, daemon) {
                let why = match trouble {
                    Trouble::Says(text) => text,
                    Trouble::Told => "it has said why".to_owned(),
                };
                let text = format!(
                    "this host could not keep what the next incremental needs, which will be a full: {why}"
                );
                text::report(daemon, Severity::Warning, &text);
            }
        }
        self.finished.clear();
        Ok(())
    }
}

/// Tells a backend that all is well, and hears that it has kept what it knows.
fn keep(backend: &mut Backend, daemon: &dyn Daemon) -> Result<(), Trouble> {
    backend.say(daemon, &ToBackend::Finish { good: true })?;
    match backend.hear(daemon)? {
        Heard::Message(ToPlugin::Done { good: true }) => {}
        Heard::Message(ToPlugin::Done { good: false }) => return Err("the backend failed".into()),
        _ => return Err(out_of_turn()),
    }
    backend.ask_to_end(true);
    Ok(())
}
