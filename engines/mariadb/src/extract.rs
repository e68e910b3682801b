//! A link's streams into a tree.

use crate::root;
use crate::state::State;
use crate::unpack::{Unpack, unpack};
use errors::{Context, Error, Kind, Result};
use formats::xbstream::{Dialect, Summary};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use stream::{Link, LinkName, Options, RelPath, RestoreJob, RootName, Unpacking};
use zeroize::Zeroizing;

/// The bodies of a link that are streams.
///
/// # Errors
/// `manifest`.
pub(crate) fn streams(link: &Link) -> Result<Vec<(RootName, RelPath)>> {
    let place = |name: &String| {
        let path = RelPath::new(name.as_str())
            .or_kind(Kind::Manifest, || format!("read a stream's name in {}", link.name()))?;
        Ok((root()?, path))
    };
    State::of(link)?.streams.iter().map(place).collect()
}

/// One tree, unpacked stream by stream.
pub(crate) struct Extraction {
    name: LinkName,
    dialect: Dialect,
    tree: PathBuf,
    job: RestoreJob,
    key: Option<Zeroizing<Vec<u8>>>,
    all: Summary,
}

impl Extraction {
    /// # Errors
    /// `manifest`; `config`: the key cannot be read.
    pub(crate) fn begin(link: &Link, tree: &Path, job: &RestoreJob) -> Result<Self> {
        Ok(Self {
            name: link.name(),
            dialect: State::of(link)?.flavour.dialect(),
            tree: tree.to_owned(),
            job: job.clone(),
            key: key(&job.options)?,
            all: Summary::default(),
        })
    }
}

impl Unpacking for Extraction {
    fn stream(&mut self, path: &RelPath, mut body: &mut dyn Read) -> Result<()> {
        let how = Unpack {
            dialect: self.dialect,
            into: &self.tree,
            workers: self.job.workers,
            cancel: &self.job.cancel,
            progress: self.job.progress.as_ref(),
            decode: true,
            key: self.key.as_ref(),
            is_whole: false,
        };
        let unpacked = unpack(&mut body, &how).map_err(|error| error.context(path))?;
        self.all = std::mem::take(&mut self.all).plus(unpacked.summary);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        // Several streams are one backup together.
        self.all.check().map_err(|error| {
            Error::new(Kind::Manifest, format!("{} is not a whole backup: {error}", self.name))
        })
    }
}

/// The key of members that the tool encrypted, if the operator names one.
fn key(options: &Options) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let Some(path) = options.text("encryption_key_file") else { return Ok(None) };
    match fs::read(path) {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(error) => Err(Error::io(format!("read the key {path}"), error).with_kind(Kind::Config)),
    }
}
