//! The last mile: recovery settings, what tells the server to recover, and the links to tablespaces.

mod settings;

use crate::roots;
use crate::state::State;
use errors::{Error, Kind, Result};
use settings::{AUTO_CONF, SETTINGS_SINCE, SmallFile};
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use stream::LastMile;
use system::{Users, durable};

const FILE_MODE: u32 = 0o600;

/// Finishes a restored data directory.
///
/// # Errors
/// `io`, `manifest`.
pub(crate) fn finish(mile: &LastMile<'_>) -> Result<()> {
    let root = roots::data_root()?;
    let data = mile.layout.roots.get(&root).map(PathBuf::as_path);
    let data = data.ok_or_else(|| Error::new(Kind::Bug, "the layout has no data directory"))?;
    let state = State::of(mile.link)?;
    let major = state.major;
    link_tablespaces(mile, data)?;
    let mut recovery = settings::recovery(mile.plan, &mile.fetch)?;
    if state.standby {
        recovery = settings::of_standby(recovery, &state);
    }
    let lasting = settings::lasting(mile.keep_archiving, has_tablespace_in_place(data)?);
    if major >= SETTINGS_SINCE {
        warn_of_other_targets(&read(&data.join("postgresql.conf"))?);
    }
    let brought = read(&data.join(AUTO_CONF))?;
    let files = settings::files(major, &brought, &recovery, &lasting);
    files.iter().try_for_each(|file| write(data, file))
}

/// Links lead to where the tablespaces were put now.
fn link_tablespaces(mile: &LastMile<'_>, data: &Path) -> Result<()> {
    for (root, target) in &mile.layout.roots {
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

/// Whether a tablespace is a directory where others are links.
fn has_tablespace_in_place(data: &Path) -> Result<bool> {
    let links = data.join(roots::LINKS);
    let look = || {
        for entry in fs::read_dir(&links)? {
            if entry?.file_type()?.is_dir() {
                return Ok(true);
            }
        }
        Ok(false)
    };
    look().map_err(|error| Error::io(format!("read {}", links.display()), error))
}

fn write(data: &Path, file: &SmallFile) -> Result<()> {
    let path = data.join(file.name);
    let write = || {
        durable::replace_file(&path, &file.bytes, FILE_MODE, file.point)?;
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

/// The administrator's own file is not changed; but a target in it keeps the server from starting.
fn warn_of_other_targets(text: &[u8]) {
    let targets = ["", "_name", "_time", "_xid", "_lsn"].map(|end| format!("recovery_target{end}"));
    for line in text.split(|&byte| byte == b'\n') {
        let name = settings::setting_name(line);
        if let Some(name) = targets.iter().find(|target| target.as_bytes() == name) {
            tracing::warn!(
                "postgresql.conf sets {name}: remove it there before the server is started"
            );
        }
    }
}
