//! A link's streams into a tree.

use crate::root;
use crate::state::State;
use crate::unpack::{Unpack, unpack};
use errors::{Context, Error, Kind, Result};
use formats::xbstream::Summary;
use std::path::Path;
use stream::{Bodies, Link, RelPath, Work};

/// Unpacks every stream of a link into one tree.
///
/// # Errors
/// Damage, or a file that cannot be written.
pub(crate) fn tree(link: &Link, bodies: &dyn Bodies, tree: &Path, work: &Work<'_>) -> Result<()> {
    let state = State::of(link)?;
    let root = root()?;
    let mut all = Summary::default();
    for name in &state.streams {
        let path = RelPath::new(name.as_str())
            .or_kind(Kind::Manifest, || format!("read a stream's name in {}", link.name()))?;
        let mut body = bodies.open(&root, &path)?;
        let how = Unpack {
            dialect: state.flavour.dialect(),
            into: tree,
            workers: work.workers,
            cancel: work.cancel,
            progress: work.progress,
            decode: true,
            key: None,
            is_whole: false,
        };
        let unpacked = unpack(body.as_mut(), &how).map_err(|error| error.context(name))?;
        all = all.plus(unpacked.summary);
    }
    // Several streams are one backup together.
    all.check().map_err(|error| {
        Error::new(Kind::Manifest, format!("{} is no whole backup: {error}", link.name()))
    })
}
