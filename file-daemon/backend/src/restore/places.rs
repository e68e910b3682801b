//! Where the roots of a backup go.

use super::subject::{Surroundings, original};
use errors::{Error, Kind, Result};
use std::path::{Path, PathBuf};
use stream::{Layout, LayoutRequest, Link, RootName};

/// Each root where the daemon would put it, or where the operator wants it.
pub(super) fn layout(with: &Surroundings<'_>, data: &Link) -> Result<(Layout, PathBuf)> {
    let main = main_root(with, data)?;
    let to = match &with.choices.to {
        Some(to) => to.clone(),
        None => with.relocated(&original(data, &main)?),
    };
    let mut mapping = with.choices.tablespaces.clone();
    let plain = with.engine.layout(data, &LayoutRequest { to: to.clone(), mapping: Vec::new() })?;
    for (root, place) in plain.roots.iter().filter(|(root, _)| **root != main) {
        let old = original(data, root)?;
        let is_chosen = mapping.iter().any(|(wanted, _)| Path::new(wanted) == old);
        // What would go back to its own place goes below the prefix like everything else.
        if with.is_relocated() && *place == old && !is_chosen {
            mapping.insert(0, (old.display().to_string(), with.relocated(&old)));
        }
    }
    let layout = with.engine.layout(data, &LayoutRequest { to: to.clone(), mapping })?;
    Ok((layout, to))
}

/// The root that goes where the operator says.
fn main_root(with: &Surroundings<'_>, data: &Link) -> Result<RootName> {
    let mark = Path::new("/seawall/main/root");
    let request = LayoutRequest { to: mark.to_owned(), mapping: Vec::new() };
    let layout = with.engine.layout(data, &request)?;
    let found = layout.roots.into_iter().find(|(_, place)| place == mark);
    found
        .map(|(root, _)| root)
        .ok_or_else(|| Error::new(Kind::Bug, "a layout without its main root"))
}
