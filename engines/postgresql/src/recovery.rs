//! The last mile: recovery settings, what tells the server to recover, and the links to tablespaces.

mod settings;

use crate::archive;
use crate::configuration;
use crate::roots;
use crate::state::State;
use errors::{Error, Result};
pub(crate) use settings::shell_word;
use settings::{AUTO_CONF, SETTINGS_SINCE, SmallFile};
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown, lchown, symlink};
use std::path::Path;
use stream::{Layout, RecoverySetup, RestoreJob};
use system::{Users, durable};

/// The first major of which every minor knows `allow_in_place_tablespaces`.
const IN_PLACE_SINCE: u16 = 15;

/// Finishes a restored data directory.
///
/// # Errors
/// `io`, `manifest`.
pub(crate) fn set_up(setup: &RecoverySetup<'_>, job: &RestoreJob) -> Result<()> {
    let data = setup.layout.main_dir()?;
    let state = State::of(setup.link)?;
    let major = state.major;
    link_tablespaces(setup.layout, data)?;
    let fetch = archive::fetch_command(&job.log, setup.plan);
    let mut recovery = settings::recovery(setup.plan, &fetch)?;
    if state.standby {
        recovery = settings::of_standby(recovery, &state);
    }
    let lasting = settings::lasting(job.keep_archiving, wants_in_place(&state, data)?);
    if major >= SETTINGS_SINCE {
        warn_of_other_targets(&data.join("postgresql.conf"))?;
        if let Some(dir) = setup.layout.roots.get(&configuration::root()?) {
            for_each_file(dir, &warn_of_other_targets)?;
        }
    }
    let brought = read(&data.join(AUTO_CONF))?;
    let files = settings::files(major, &brought, &recovery, &lasting);
    files.iter().try_for_each(|file| write(data, file))
}

/// Links lead to where the tablespaces were put now.
fn link_tablespaces(layout: &Layout, data: &Path) -> Result<()> {
    for (root, target) in &layout.roots {
        let Some(oid) = roots::tablespace_of(root) else { continue };
        let link = data.join(roots::LINKS).join(oid.to_string());
        let make = || {
            symlink(target, &link)?;
            give_to_owner(&link, data, |path, uid, gid| lchown(path, Some(uid), Some(gid)))
        };
        make().map_err(|error| Error::io(format!("link {}", link.display()), error))?;
    }
    Ok(())
}

/// Whether the server must accept tablespaces that are directories in `pg_tblspc`: it takes one for
/// damage otherwise, and does not recover (`docs/decisions/0011-tablespaces-in-place.md`).
fn wants_in_place(state: &State, data: &Path) -> Result<bool> {
    let has_one = state.tablespace_in_place || roots::has_tablespace_in_place(data)?;
    Ok(has_one || state.major >= IN_PLACE_SINCE)
}

fn write(data: &Path, file: &SmallFile) -> Result<()> {
    let path = data.join(file.name);
    let write = || {
        let mode = roots::file_mode(fs::metadata(data)?.mode());
        durable::replace_file(&path, &file.bytes, mode, file.point)?;
        give_to_owner(&path, data, |path, uid, gid| chown(path, Some(uid), Some(gid)))
    };
    write().map_err(|error| Error::io(format!("write {}", path.display()), error))
}

/// A server reads only what belongs to it: what root writes is given to the directory's owner.
fn give_to_owner(
    path: &Path,
    data: &Path,
    give: impl FnOnce(&Path, u32, u32) -> io::Result<()>,
) -> io::Result<()> {
    if Users::effective_uid() != 0 {
        return Ok(());
    }
    let owner = fs::metadata(data)?;
    give(path, owner.uid(), owner.gid())
}

/// A file's bytes: a server's settings may be in any encoding. None where there is no file.
fn read(path: &Path) -> Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(|error| Error::io(format!("read {}", path.display()), error)),
    }
}

/// Each file below a directory.
fn for_each_file(dir: &Path, act: &dyn Fn(&Path) -> Result<()>) -> Result<()> {
    let failed = |error| Error::io(format!("read {}", dir.display()), error);
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir() {
            for_each_file(&entry.path(), act)?;
        } else {
            act(&entry.path())?;
        }
    }
    Ok(())
}

/// The administrator's own file is not changed; but a target in it keeps the server from starting.
fn warn_of_other_targets(path: &Path) -> Result<()> {
    let targets = ["", "_name", "_time", "_xid", "_lsn"].map(|end| format!("recovery_target{end}"));
    for line in read(path)?.split(|&byte| byte == b'\n') {
        let name = settings::setting_name(line);
        if let Some(name) = targets.iter().find(|target| target.as_bytes() == name) {
            tracing::warn!(
                "{} sets {name}: remove it there before the server is started",
                path.display()
            );
        }
    }
    Ok(())
}
