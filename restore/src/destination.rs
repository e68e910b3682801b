//! Destinations: a restore writes only where nothing is.

use crate::marker::Marker;
use errors::{Error, Kind, Result};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use stream::{DirectoryRestorer, Layout};
use system::durable;
use system::failpoint::SET_ASIDE;

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

/// What becomes of directories that hold something already.
#[derive(Debug, Clone)]
pub enum Occupied {
    /// They are refused; the hint says what else could be done.
    Refuse(Option<&'static str>),
    /// They are renamed, whole, with this behind their names: what is there is never mixed with
    /// what comes.
    SetAside(String),
}

/// Makes sure that a layout can be written: no server runs there, nothing is there, and it fits.
///
/// # Errors
/// `target-running`, `target-not-empty`, `usage`, `no-space`.
pub fn claim_directories(
    engine: &dyn DirectoryRestorer,
    layout: &Layout,
    bytes: u64,
    occupied: &Occupied,
) -> Result<()> {
    engine.refuse_running(layout)?;
    match (check_destination(layout), occupied) {
        (Err(error), Occupied::SetAside(suffix)) if error.kind() == Kind::TargetNotEmpty => {
            set_all_aside(layout, suffix)?;
            check_destination(layout)?;
        }
        (Err(error), Occupied::Refuse(Some(hint))) if error.kind() == Kind::TargetNotEmpty => {
            return Err(error.hint(*hint));
        }
        (checked, _) => checked?,
    }
    check_space(layout, bytes)
}

/// Renames each directory that holds anything.
fn set_all_aside(layout: &Layout, suffix: &str) -> Result<()> {
    for path in layout.roots.values() {
        let holds = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
        if holds {
            let aside = aside(path, suffix);
            rename(path, &aside)?;
            tracing::warn!("{} was there: it is {} now", path.display(), aside.display());
        }
    }
    Ok(())
}

fn aside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(suffix);
    path.with_file_name(name)
}

fn rename(path: &Path, aside: &Path) -> Result<()> {
    let failed = |error| {
        Error::io(format!("set {} aside", path.display()), error)
            .with_kind(Kind::TargetNotEmpty)
            .hint("A disk that is mounted there cannot be renamed: empty it, or restore elsewhere.")
    };
    if aside.exists() {
        let text = format!("{} is there already", aside.display());
        return Err(Error::new(Kind::TargetNotEmpty, text));
    }
    durable::rename_over(path, aside, SET_ASIDE).map_err(failed)
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
    use stream::{Link, RestoreJob, RootName};

    fn layout(paths: &[&Path]) -> Layout {
        let root = |(number, path): (usize, &&Path)| {
            (RootName::new(format!("root{number}")).unwrap(), path.to_path_buf())
        };
        let roots: BTreeMap<_, _> = paths.iter().enumerate().map(root).collect();
        let main = RootName::new("root0").unwrap();
        Layout { main, roots, held_back: Vec::new(), left_out: Vec::new() }
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

    /// An engine none of whose servers runs.
    struct NothingRuns;

    impl DirectoryRestorer for NothingRuns {
        fn layout(&self, _link: &Link, _job: &RestoreJob) -> Result<Layout> {
            Err(Error::new(Kind::Bug, "not asked here"))
        }

        fn refuse_running(&self, _layout: &Layout) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_there_is_refused_or_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let layout = layout(&[&data]);
        let claim = |occupied| claim_directories(&NothingRuns, &layout, 1, &occupied);
        let refuse = || Occupied::Refuse(Some("Not here."));
        let aside = || Occupied::SetAside(".before-0000000007".to_owned());
        claim(refuse()).unwrap();
        fs::create_dir(&data).unwrap();
        claim(refuse()).unwrap();
        fs::write(data.join("x"), "old").unwrap();
        let refused = claim(refuse()).unwrap_err();
        assert_eq!(refused.kind(), Kind::TargetNotEmpty);
        assert_eq!(refused.hints().last().map(String::as_str), Some("Not here."));
        claim(aside()).unwrap();
        assert!(!data.exists());
        let old = dir.path().join("data.before-0000000007");
        assert_eq!(fs::read_to_string(old.join("x")).unwrap(), "old");
        fs::create_dir(&data).unwrap();
        fs::write(data.join("x"), "newer").unwrap();
        assert!(claim(aside()).is_err(), "what was set aside is not replaced");
    }
}
