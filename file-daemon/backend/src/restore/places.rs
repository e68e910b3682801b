//! Where the roots of a backup go, and what becomes of what is there already.

use super::subject::{Surroundings, original};
use errors::Result;
use restore::Occupied;
use std::path::Path;
use stream::{Destination, DirectoryRestorer, JobId, Layout, Link, RestoreJob};

/// Each root where the daemon would put it, or where the operator wants it; and the job that says so.
pub(super) fn layout(
    with: &Surroundings<'_>,
    engine: &dyn DirectoryRestorer,
    newest: &Link,
) -> Result<(Layout, RestoreJob)> {
    let job = |to: &Path, mapping| with.job(Destination::Directory(to.to_owned()), mapping);
    let to = match with.choices.to_directory(with.engine)? {
        Some(to) => to.to_owned(),
        None => {
            // Which root is the main one does not depend on where it goes.
            let anywhere = with.relocated(Path::new("/"));
            let main = engine.layout(newest, &job(&anywhere, Vec::new()))?.main;
            with.relocated(&original(newest, &main)?)
        }
    };
    let mut mapping = with.choices.tablespaces.clone();
    let plain = engine.layout(newest, &job(&to, Vec::new()))?;
    for (root, place) in plain.roots.iter().filter(|(root, _)| **root != plain.main) {
        let old = original(newest, root)?;
        let is_chosen = mapping.iter().any(|(wanted, _)| Path::new(wanted) == old);
        // What would go back to its own place goes below the prefix like everything else.
        if with.is_relocated() && *place == old && !is_chosen {
            mapping.insert(0, (old.display().to_string(), with.relocated(&old)));
        }
    }
    let job = job(&to, mapping);
    Ok((engine.layout(newest, &job)?, job))
}

/// What the daemon's `replace` means for directories that hold something already.
pub(super) fn occupied(replace: u8, job: JobId) -> Occupied {
    match replace {
        b'a' => Occupied::SetAside(format!(".before-{job}")),
        b'n' => Occupied::Refuse(Some("The job's replace is never.")),
        _ => Occupied::Refuse(Some(
            "A server's files are of one moment: replace=ifnewer and replace=ifolder would mix two. \
             Use always, which sets the old directory aside, or never.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_replace_always_sets_aside() {
        let aside = occupied(b'a', JobId::new(7));
        assert!(matches!(aside, Occupied::SetAside(suffix) if suffix == ".before-0000000007"));
        for replace in *b"nwo " {
            assert!(matches!(occupied(replace, JobId::new(7)), Occupied::Refuse(Some(_))));
        }
    }
}
