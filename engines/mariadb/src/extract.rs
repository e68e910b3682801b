//! A link's streams into a tree.

use crate::root;
use crate::state::State;
use crate::unpack::{Unpack, unpack};
use errors::{Context, Error, Kind, Result};
use formats::xbstream::Summary;
use std::fs;
use std::path::{Path, PathBuf};
use stream::{Bodies, Link, RelPath, RootName, Work};
use zeroize::Zeroizing;

/// Where the key is named for a restore, which takes no options of the engine.
pub(crate) const KEY_VARIABLE: &str = "SEAWALL_ENCRYPTION_KEY_FILE";

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

/// Unpacks every stream of a link into one tree.
///
/// # Errors
/// Damage, or a file that cannot be written.
pub(crate) fn tree(link: &Link, bodies: &dyn Bodies, tree: &Path, work: &Work<'_>) -> Result<()> {
    let state = State::of(link)?;
    let key = key()?;
    let mut all = Summary::default();
    for (root, path) in streams(link)? {
        let mut body = bodies.open(&root, &path)?;
        let how = Unpack {
            dialect: state.flavour.dialect(),
            into: tree,
            workers: work.workers,
            cancel: work.cancel,
            progress: work.progress,
            decode: true,
            key: key.as_ref(),
            is_whole: false,
        };
        let unpacked = unpack(body.as_mut(), &how).map_err(|error| error.context(&path))?;
        all = all.plus(unpacked.summary);
    }
    // Several streams are one backup together.
    all.check().map_err(|error| {
        Error::new(Kind::Manifest, format!("{} is no whole backup: {error}", link.name()))
    })
}

/// The key of members that the tool encrypted, if the operator names one.
fn key() -> Result<Option<Zeroizing<Vec<u8>>>> {
    let Some(path) = std::env::var_os(KEY_VARIABLE).map(PathBuf::from) else { return Ok(None) };
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(error) => {
            let doing = format!("read the key {}", path.display());
            Err(Error::io(doing, error).with_kind(Kind::Config))
        }
    }
}
