//! Destinations: a restore writes only where nothing is.

use crate::marker::Marker;
use errors::{Error, Kind, Result};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use stream::Layout;

/// Refuses a layout with a directory that holds something already, or two roots in one place.
///
/// # Errors
/// `target-not-empty`, naming the directory; `usage` when roots lie in one another.
pub fn check_destination(layout: &Layout) -> Result<()> {
    let paths: Vec<&PathBuf> = layout.roots.values().collect();
    for (number, path) in paths.iter().enumerate() {
        if let Some(other) = paths.iter().skip(number + 1).find(|other| overlap(path, other)) {
            let (path, other) = (path.display(), other.display());
            return Err(Error::new(Kind::Usage, format!("{path} and {other} lie in one another")));
        }
        refuse_content(path)?;
    }
    Ok(())
}

fn overlap(one: &Path, other: &Path) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

fn refuse_content(dir: &Path) -> Result<()> {
    let failed = |error| Error::io(format!("look into {}", dir.display()), error);
    let mut entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let Some(first) = entries.next().transpose().map_err(failed)? else { return Ok(()) };
    let name = first.file_name();
    let error = Error::new(
        Kind::TargetNotEmpty,
        format!("{} is not empty: it holds {}", dir.display(), name.display()),
    );
    Err(match Marker::read(dir) {
        Some(marker) if marker.finished_at.is_none() => error
            .hint("This is what an unfinished restore left: remove it and run the restore again."),
        _ => error.hint("Choose an empty directory, or move its files away."),
    })
}

/// Refuses a restore that cannot fit. Asked only where all roots lie on one file system: how the
/// bytes are spread over several is not known beforehand.
///
/// # Errors
/// `no-space`.
pub fn check_space(layout: &Layout, bytes: u64) -> Result<()> {
    let places: Vec<PathBuf> = layout.roots.values().map(|path| existing(path)).collect();
    let device = |path: &PathBuf| fs::metadata(path).map(|metadata| metadata.dev()).ok();
    let Some(first) = places.first() else { return Ok(()) };
    if places.iter().any(|place| device(place) != device(first)) {
        return Ok(());
    }
    let free = system::free_bytes(first)?;
    if free < bytes {
        return Err(Error::new(
            Kind::NoSpace,
            format!("the restore needs {bytes} bytes, {} has {free} free", first.display()),
        ));
    }
    Ok(())
}

/// The path itself, or the nearest directory above that exists.
fn existing(path: &Path) -> PathBuf {
    path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/")).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use stream::RootName;

    fn layout(paths: &[&Path]) -> Layout {
        let root = |(number, path): (usize, &&Path)| {
            (RootName::new(format!("root{number}")).unwrap(), path.to_path_buf())
        };
        let roots: BTreeMap<_, _> = paths.iter().enumerate().map(root).collect();
        Layout { roots, held_back: Vec::new(), left_out: Vec::new() }
    }

    #[test]
    fn only_empty_places_are_accepted() {
        let dir = tempfile::tempdir().unwrap();
        let (empty, full) = (dir.path().join("empty"), dir.path().join("full"));
        fs::create_dir(&empty).unwrap();
        fs::create_dir(&full).unwrap();
        fs::write(full.join("x"), "").unwrap();
        check_destination(&layout(&[&empty, &dir.path().join("absent")])).unwrap();
        let error = check_destination(&layout(&[&empty, &full])).unwrap_err();
        assert_eq!(error.kind(), Kind::TargetNotEmpty);
        assert!(error.message().ends_with("full is not empty: it holds x"));
    }

    #[test]
    fn roots_may_not_lie_in_one_another() {
        let (outer, inner) = (Path::new("/nowhere/a"), Path::new("/nowhere/a/b"));
        let error = check_destination(&layout(&[outer, inner])).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
    }

    #[test]
    fn what_cannot_fit_is_refused_before_it_begins() {
        let dir = tempfile::tempdir().unwrap();
        let one = layout(&[&dir.path().join("deep/absent")]);
        check_space(&one, 1).unwrap();
        assert_eq!(check_space(&one, u64::MAX).unwrap_err().kind(), Kind::NoSpace);
    }
}
