//! The data directory, as the link describes it.

use errors::{Error, Kind, Result};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use stream::{Owner, RootInfo};
use system::Users;

/// Path, mode and owner.
///
/// # Errors
/// `source-files`.
pub(crate) fn describe(path: &Path) -> Result<RootInfo> {
    let metadata = fs::metadata(path).map_err(|error| {
        Error::io(format!("look at {}", path.display()), error).with_kind(Kind::SourceFiles)
    })?;
    let mut users = Users::new();
    let (uid, gid) = (metadata.uid(), metadata.gid());
    let owner = Owner { uid, gid, user: users.user(uid), group: users.group(gid) };
    Ok(RootInfo::new(path, metadata.mode(), owner))
}
