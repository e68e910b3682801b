//! What would be backed up: names and sizes, or what lies in one directory.

use crate::asked::Asked;
use crate::backup;
use crate::host_state::HostState;
use crate::inbox::Inbox;
use crate::names::Subject;
use crate::outbox::Outbox;
use crate::sink::{lock, nobodys_file};
use crate::target::{self, Host};
use crate::{Talk, units};
use errors::Result;
use protocol::{FileType, NAMESPACE, ToPlugin};
use std::collections::BTreeSet;
use std::sync::Mutex;
use stream::{FileKind, JobId, Looking, VirtualFile};

/// Names everything that a backup would hold. Server and files are looked at, and nothing is read.
///
/// # Errors
/// What would make the backup fail, as far as it is seen before anything is read.
pub(crate) fn run(talk: &Talk, asked: &Asked, inbox: Inbox, host: &dyn Host) -> Result<()> {
    inbox.watch(talk.cancel.clone())?;
    let mut line = target::read(&asked.line, host)?;
    let listing = line.listing.take();
    if line.pairs.is_empty()
        && let Some(listing) = &listing
    {
        return list_targets(talk, listing, host);
    }
    let chosen = target::choose(line, host)?;
    let state = HostState::new(target::state_dir(&chosen.target, &asked.working_dir));
    let plain_job = backup::job(talk, asked, &chosen, Vec::new());
    units::each(talk, &chosen, &plain_job, |unit, subject| {
        let mut job =
            backup::job(talk, asked, &chosen, backup::parents(asked, &state, subject, unit));
        let names = Names {
            outbox: talk.outbox.clone(),
            subject: subject.clone(),
            job: asked.number,
            listing: listing.as_ref().map(|path| directory(path)),
            seen: Mutex::default(),
        };
        let sink = Looking(|file: &VirtualFile| names.name(file));
        backup::take(&chosen, &mut job, unit, &sink, &|| lock(&names.seen).files == 0).map(drop)
    })?;
    talk.outbox.end_of_files()
}

/// A line without a target: the configured ones are what can be looked into.
fn list_targets(talk: &Talk, listing: &str, host: &dyn Host) -> Result<()> {
    let wanted = directory(listing);
    let mut children = BTreeSet::new();
    for target in host.targets()? {
        children.extend(child(format!("{NAMESPACE}{target}/").as_bytes(), &wanted));
    }
    for name in children {
        talk.outbox.send(nobodys_file(name, FileType::Directory, 0o755, Some(0)))?;
    }
    talk.outbox.end_of_files()
}

/// A directory's path with its slash.
fn directory(path: &str) -> Vec<u8> {
    let mut path = path.trim_end_matches('/').as_bytes().to_vec();
    path.push(b'/');
    path
}

/// The entry of a directory through which a name leads.
fn child(name: &[u8], directory: &[u8]) -> Option<Vec<u8>> {
    let below = name.strip_prefix(directory)?;
    let end = below.iter().position(|&byte| byte == b'/').unwrap_or(below.len());
    (end > 0).then(|| name[..directory.len() + end].to_vec())
}

/// What files are called, and which of them are shown.
struct Names {
    outbox: Outbox,
    subject: Subject,
    job: JobId,
    /// Only what lies in this directory, and not below it.
    listing: Option<Vec<u8>>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    files: u64,
    directories: BTreeSet<Vec<u8>>,
}

impl Names {
    fn name(&self, file: &VirtualFile) -> Result<()> {
        let name = self.subject.file(self.job, &file.root, &file.path);
        let is_dir = file.kind == FileKind::Directory;
        let shown = match &self.listing {
            None => Some(name.clone()),
            Some(directory) => child(&name, directory),
        };
        let Some(shown) = shown else { return Ok(()) };
        let is_itself = shown == name && !is_dir;
        if !is_itself && !lock(&self.seen).directories.insert(shown.clone()) {
            return Ok(());
        }
        lock(&self.seen).files += 1;
        self.outbox.send(match (is_itself, &file.kind) {
            (true, FileKind::Symlink(target)) => ToPlugin::File {
                name: shown,
                file_type: FileType::Symlink,
                mode: 0o777,
                uid: file.owner.uid,
                gid: file.owner.gid,
                size: 0,
                mtime: file.mtime.timestamp(),
                link: target.clone(),
            },
            (true, _) => nobodys_file(shown, FileType::File, file.mode, file.known_size()),
            (false, _) => nobodys_file(shown, FileType::Directory, 0o700, Some(0)),
        })
    }
}
