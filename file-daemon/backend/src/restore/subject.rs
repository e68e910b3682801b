//! What all ways of restoring share.

use super::choices::Choices;
use super::coming::{Coming, IncomingBody};
use crate::Talk;
use crate::envelope::{Content, Envelope};
use crate::names::{self, Name, What};
use crate::tally::Tally;
use crate::target::Host;
use errors::{Error, Kind, Result};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::num::NonZero;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;
use stream::{
    Destination, Engine, JobId, Link, LogSource, Options, Owner, RelPath, RestoreJob, RootInfo,
    RootName,
};

/// What a way of restoring works with.
pub(super) struct Surroundings<'a> {
    pub(super) talk: &'a Talk,
    pub(super) host: &'a dyn Host,
    pub(super) choices: Choices,
    pub(super) engine: &'static dyn Engine,
    /// The engine's options.
    pub(super) options: Options,
    /// The daemon's `where`; empty for the original place.
    pub(super) prefix: Vec<u8>,
    pub(super) replace: u8,
    /// The restore's own number.
    pub(super) job: JobId,
    /// Where the jobs have other subjects of this engine too: the subject's name, for what would
    /// otherwise be called the same.
    pub(super) among_others: Option<String>,
}

impl Surroundings<'_> {
    /// An original path, where the daemon would restore it.
    pub(super) fn relocated(&self, original: &Path) -> PathBuf {
        let prefix = self.prefix.strip_suffix(b"/").unwrap_or(&self.prefix);
        let mut path = OsString::from_vec(prefix.to_vec());
        path.push(original);
        PathBuf::from(path)
    }

    /// Where an engine's own directory for this restore lies: `<where>/<engine's>/<restore job>`, and
    /// below it `<subject>` where there are several.
    pub(super) fn own_directory(&self, of_engine: &str) -> PathBuf {
        self.below(&self.relocated(&Path::new("/").join(of_engine)))
    }

    /// `<above>/<restore job>`, and below it `<subject>` where there are several: servers that were
    /// made alike have backups of the same positions.
    pub(super) fn below(&self, above: &Path) -> PathBuf {
        let mut dir = above.join(self.job.to_string());
        dir.extend(&self.among_others);
        dir
    }

    /// What every call of the engine is told. All the log that there is lies among the files.
    pub(super) fn job(
        &self,
        destination: Destination,
        mapping: Vec<(String, PathBuf)>,
    ) -> RestoreJob {
        RestoreJob {
            options: self.options.clone(),
            destination,
            mapping,
            workers: available_parallelism().map_or(2, NonZero::get),
            cancel: self.talk.cancel.clone(),
            progress: Arc::clone(&self.talk.told) as _,
            log: LogSource::Exhausted,
            keep_archiving: self.choices.keep_archiving,
        }
    }

    /// Whether things go elsewhere than they were.
    pub(super) fn is_relocated(&self) -> bool {
        !self.prefix.is_empty() && self.prefix != b"/"
    }
}

/// The original path of a root.
///
/// # Errors
/// `manifest`.
pub(super) fn original(link: &Link, root: &RootName) -> Result<PathBuf> {
    link.roots.get(root).and_then(RootInfo::original).ok_or_else(|| {
        Error::new(Kind::Manifest, format!("the backup does not say where {root} was"))
    })
}

/// Links that are needed, by their jobs, each with sums over what came of it.
pub(super) struct Needed(BTreeMap<JobId, (Envelope, Tally)>);

impl Needed {
    pub(super) fn new(envelopes: impl Iterator<Item = Envelope>) -> Self {
        let entry = |envelope: Envelope| (envelope.link.job, (envelope, Tally::default()));
        Self(envelopes.map(entry).collect())
    }

    pub(super) fn link(&self, job: JobId) -> Option<&Link> {
        self.0.get(&job).map(|(envelope, _)| &envelope.link)
    }

    pub(super) fn links(&self) -> impl Iterator<Item = &Link> {
        self.0.values().map(|(envelope, _)| &envelope.link)
    }

    /// Plain bytes of all links.
    pub(super) fn total_bytes(&self) -> u64 {
        self.links().map(|link| link.totals.bytes).sum()
    }

    /// A body has come: what is left of it is read, and it is added to its link's sums.
    ///
    /// # Errors
    /// The connection broke.
    pub(super) fn account(&mut self, name: &Name, body: &mut IncomingBody<'_>) -> Result<()> {
        body.drain()?;
        if let (Some((_, tally)), What::File(root, path)) = (self.0.get_mut(&name.job), &name.what)
        {
            tally.add(&names::below(root, path), body.bytes, body.crc32c);
        }
        Ok(())
    }

    /// Everything must have come, and be what was saved.
    ///
    /// # Errors
    /// `restore-check`.
    pub(super) fn check(&self) -> Result<()> {
        for (envelope, tally) in self.0.values() {
            let (name, saved) = (envelope.link.name(), &envelope.files);
            if Content::of(tally) == *saved {
                continue;
            }
            let what = match (tally.files == saved.count, tally.bytes == saved.bytes) {
                (false, _) => format!("{} of its {} files came back", tally.files, saved.count),
                (true, false) => format!("{} of {} bytes came back", tally.bytes, saved.bytes),
                (true, true) => "its bytes are not those that were saved".to_owned(),
            };
            return Err(Error::new(Kind::RestoreCheck, format!("the backup {name} is not whole: {what}"))
                .hint("Restore all files of all jobs of the chain; the option mode=files brings some of them back."));
        }
        Ok(())
    }
}

/// Whose a file is here: names are known of the roots' owners only.
pub(super) fn owner(link: &Link, root: &RootName, file: &Coming) -> Owner {
    let of_root = link.roots.get(root).map(|info| &info.owner);
    let user = of_root.filter(|owner| owner.uid == file.uid).map(|owner| owner.user.clone());
    let group = of_root.filter(|owner| owner.gid == file.gid).map(|owner| owner.group.clone());
    Owner {
        uid: file.uid,
        gid: file.gid,
        user: user.unwrap_or_default(),
        group: group.unwrap_or_default(),
    }
}

/// A file's place, where its name has one.
pub(super) fn place(name: &Name) -> Option<(&RootName, &RelPath)> {
    match &name.what {
        What::File(root, path) => Some((root, path)),
        What::Other => None,
    }
}
