//! Where a server's directory goes: what is there already is never mixed with what comes.

use errors::{Error, Kind, Result};
use restore::{check_destination, check_space};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use stream::{JobId, Layout};
use system::durable;
use system::failpoint::SET_ASIDE;

/// Makes room for a layout as the daemon's `replace` says: `never` refuses what holds anything,
/// `always` sets it aside, whole.
///
/// # Errors
/// `target-not-empty`, `usage`, `no-space`.
pub(super) fn make_room(layout: &Layout, bytes: u64, replace: u8, job: JobId) -> Result<()> {
    let refused = check_destination(layout);
    match refused {
        Err(error) if error.kind() == Kind::TargetNotEmpty => match replace {
            b'a' => set_all_aside(layout, job)?,
            b'n' => return Err(error.hint("The job's replace is never.")),
            _ => {
                return Err(error.hint(
                    "A server's files are of one moment: replace=ifnewer and replace=ifolder would mix two. Use always, which sets the old directory aside, or never.",
                ));
            }
        },
        other => other?,
    }
    check_destination(layout)?;
    check_space(layout, bytes)
}

/// Renames each directory that holds anything.
fn set_all_aside(layout: &Layout, job: JobId) -> Result<()> {
    for path in layout.roots.values() {
        let holds = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
        if holds {
            let aside = aside(path, job);
            rename(path, &aside)?;
            tracing::warn!("{} was there: it is {} now", path.display(), aside.display());
        }
    }
    Ok(())
}

fn aside(path: &Path, job: JobId) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(format!(".before-{job}"));
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use stream::RootName;

    #[test]
    fn what_is_there_is_refused_or_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let roots = BTreeMap::from([(RootName::new("data").unwrap(), data.clone())]);
        let layout = Layout { roots, held_back: Vec::new(), left_out: Vec::new() };
        let room = |replace| make_room(&layout, 1, replace, JobId::new(7));
        room(b'n').unwrap();
        fs::create_dir(&data).unwrap();
        room(b'n').unwrap();
        fs::write(data.join("x"), "old").unwrap();
        for replace in *b"nwo" {
            assert_eq!(room(replace).unwrap_err().kind(), Kind::TargetNotEmpty);
        }
        room(b'a').unwrap();
        assert!(!data.exists());
        let aside = dir.path().join("data.before-0000000007");
        assert_eq!(fs::read_to_string(aside.join("x")).unwrap(), "old");
        fs::create_dir(&data).unwrap();
        fs::write(data.join("x"), "newer").unwrap();
        assert!(room(b'a').is_err(), "what was set aside is not replaced");
    }
}
