//! The tree writer: every block written once, and nothing that lets a server start before the end.
//!
//! | file | what it knows |
//! |---|---|
//! | `chain` | a chain that is laid down newest first: what older links must still supply |
//! | `holes` | what is still missing of a file |

mod chain;
mod holes;

use chain::{Chain, Claim, Metadata, ranges_of};
use errors::{Error, Kind, Result};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, RwLock};
use stream::{
    ByteRange, Extent, FileKind, FilePart, Layout, LinkName, Owner, RelPath, RootInfo, RootName,
    TreeWriter,
};
use system::failpoint::{HELD_BACK, TREE};
use system::{Users, durable};

/// What a file that is held back is called until `finish`.
const HELD_SUFFIX: &str = ".seawall-held-back";
const BLOCK_BYTES: usize = 1 << 20;

/// Writes into the directories of a layout, which were empty when it began.
pub struct DirectoryTree {
    layout: Layout,
    /// Symbolic links are made last: so no path of a file can lead through one.
    links: Mutex<Vec<(PathBuf, Vec<u8>)>>,
    /// Owners as numbers of this host. `None`: only root can give files away.
    owners: Option<Mutex<HashMap<Owner, (u32, u32)>>>,
    /// `None`: one link, or no more of a chain. Whoever puts holds it, so that no link ends before
    /// all of it is written.
    chain: RwLock<Option<Chain>>,
    written_bytes: AtomicU64,
}

impl DirectoryTree {
    /// Makes the directories of all roots, as the originals looked.
    ///
    /// # Errors
    /// A directory cannot be made.
    pub fn create<'a>(
        layout: Layout,
        originals: impl Iterator<Item = (&'a RootName, &'a RootInfo)>,
    ) -> Result<Self> {
        let owners = (Users::effective_uid() == 0).then(Mutex::default);
        let (links, chain, written_bytes) = Default::default();
        let tree = Self { layout, links, owners, chain, written_bytes };
        for (root, info) in originals {
            let Some(path) = tree.layout.roots.get(root) else { continue };
            let make = || {
                durable::create_dirs(path, 0o700)?;
                tree.dress(&File::open(path)?, info.mode, &info.owner)
            };
            make().map_err(|error| Error::io(format!("create {}", path.display()), error))?;
        }
        Ok(tree)
    }

    fn root(&self, root: &RootName) -> Result<&Path> {
        self.layout.roots.get(root).map(PathBuf::as_path).ok_or_else(|| {
            Error::new(
                Kind::Manifest,
                format!("the backup has a root {root} that it does not name"),
            )
        })
    }

    fn is_listed(list: &[(RootName, RelPath)], root: &RootName, path: &RelPath) -> bool {
        list.iter().any(|(of, listed)| of == root && listed == path)
    }

    /// Bytes of bodies that were written so far.
    #[must_use]
    pub fn written_bytes(&self) -> u64 {
        self.written_bytes.load(Ordering::Relaxed)
    }

    /// Writes some ranges of what a body holds, and gives the file its metadata: another worker may
    /// write other bytes of it later, and gives it the same.
    fn write_part(
        &self,
        path: &Path,
        (part, body): (&FilePart, &mut dyn Read),
        wanted: &[ByteRange],
        metadata: &Metadata,
    ) -> io::Result<()> {
        let file = open_making_parents(path)?;
        let written = copy_wanted(&file, (part, body), wanted)?;
        self.written_bytes.fetch_add(written, Ordering::Relaxed);
        self.dress(&file, metadata.mode, &metadata.owner)?;
        file.set_modified(metadata.mtime.into())
    }

    /// What is to be written of a part: all of it, unless a chain is laid down.
    fn claim(&self, chain: Option<&Chain>, part: &FilePart) -> Result<Option<Claim>> {
        match (chain, &part.extent) {
            (Some(chain), _) => chain.claim(part),
            (None, Extent::Ranges(_)) => {
                let (root, path) = (&part.root, &part.path);
                let text = format!("{root}/{path}: the backup holds only parts of it");
                Err(Error::new(Kind::RestoreCheck, text)
                    .hint("The others are in the backup that it continues."))
            }
            (None, _) => Ok(Some(Claim::all_of(part))),
        }
    }

    /// Gives a file its mode and, where we may, its owner.
    fn dress(&self, file: &File, mode: u32, owner: &Owner) -> io::Result<()> {
        if let Some(owners) = &self.owners {
            let (uid, gid) = resolve(owners, owner);
            fchown(file, Some(uid), Some(gid))?;
        }
        file.set_permissions(Permissions::from_mode(mode))
    }

    fn check_no_chain(&self) -> Result<()> {
        match *self.chain.read().map_err(|_| poisoned())? {
            Some(_) => Err(Error::new(Kind::Bug, "the chain is not laid down yet")),
            None => Ok(()),
        }
    }

    fn make_links(&self) -> Result<()> {
        let links = std::mem::take(&mut *self.links.lock().map_err(|_| poisoned())?);
        for (path, target) in links {
            make_parents(&path)
                .and_then(|()| std::os::unix::fs::symlink(OsStr::from_bytes(&target), &path))
                .map_err(|error| Error::io(format!("link {}", path.display()), error))?;
        }
        Ok(())
    }
}

impl TreeWriter for DirectoryTree {
    fn open(&self, link: LinkName) -> Result<()> {
        let mut chain = self.chain.write().map_err(|_| poisoned())?;
        match &mut *chain {
            Some(chain) => chain.next(link)?,
            None => *chain = Some(Chain::begin(link)),
        }
        Ok(())
    }

    fn wants(&self, part: &FilePart) -> Result<bool> {
        if Self::is_listed(&self.layout.left_out, &part.root, &part.path) {
            return Ok(false);
        }
        let chain = self.chain.read().map_err(|_| poisoned())?;
        chain.as_ref().map_or(Ok(true), |chain| chain.wants(part))
    }

    fn put(&self, part: &FilePart, body: &mut dyn Read) -> Result<()> {
        if Self::is_listed(&self.layout.left_out, &part.root, &part.path) {
            return Ok(());
        }
        let chain = self.chain.read().map_err(|_| poisoned())?;
        let chain = chain.as_ref();
        // What there is, and how it looks, the newest link says.
        let is_file = matches!(part.kind, FileKind::File | FileKind::Log(_));
        if chain.is_some_and(|chain| !chain.is_newest()) && !is_file {
            return Ok(());
        }
        let claim = if is_file { self.claim(chain, part)? } else { None };
        let path = || Ok(self.root(&part.root)?.join(part.path.as_path()));
        let failed = |path: &Path, error| Error::io(format!("write {}", path.display()), error);
        match &part.kind {
            FileKind::File | FileKind::Log(_) => {
                let Some(Claim { ranges, metadata }) = claim else { return Ok(()) };
                let held = Self::is_listed(&self.layout.held_back, &part.root, &part.path);
                let path = if held { held_name(&path()?) } else { path()? };
                self.write_part(&path, (part, body), &ranges, &metadata)
                    .map_err(|error| failed(&path, error))
            }
            FileKind::Directory => {
                let path = path()?;
                let make = || {
                    make_dir_and_parents(&path)?;
                    // Without these bits its own files could not be written.
                    self.dress(&File::open(&path)?, part.mode | 0o700, &part.owner)
                };
                make().map_err(|error| failed(&path, error))
            }
            FileKind::Symlink(target) => {
                self.links.lock().map_err(|_| poisoned())?.push((path()?, target.clone()));
                Ok(())
            }
        }
    }

    fn close(&self) -> Result<()> {
        let mut open = self.chain.write().map_err(|_| poisoned())?;
        let chain = open.as_mut().ok_or_else(|| Error::new(Kind::Bug, "no chain is open"))?;
        chain.end()?;
        *open = None;
        Ok(())
    }

    fn settle(&self) -> Result<()> {
        self.check_no_chain()?;
        self.make_links()?;
        for root in self.layout.roots.values() {
            durable::sync_filesystem(root, TREE)
                .map_err(|error| Error::io(format!("sync {}", root.display()), error))?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.check_no_chain()?;
        for (root, path) in &self.layout.held_back {
            let path = self.root(root)?.join(path.as_path());
            let held = held_name(&path);
            let release = || {
                durable::sync_file(&File::open(&held)?, HELD_BACK)?;
                durable::rename_over(&held, &path, HELD_BACK)?;
                durable::sync_dir(path.parent().ok_or(io::ErrorKind::NotFound)?, HELD_BACK)
            };
            release().map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => Error::new(
                    Kind::RestoreCheck,
                    format!("the backup does not hold {}", path.display()),
                ),
                _ => Error::io(format!("put {} in place", path.display()), error),
            })?;
        }
        Ok(())
    }
}

/// By name, since numbers differ between hosts; by number where the name is unknown here.
fn resolve(known: &Mutex<HashMap<Owner, (u32, u32)>>, owner: &Owner) -> (u32, u32) {
    match known.lock() {
        Ok(mut known) => *known.entry(owner.clone()).or_insert_with(|| numbers(owner)),
        Err(_) => numbers(owner),
    }
}

/// An owner's numbers on this host.
pub(crate) fn numbers(owner: &Owner) -> (u32, u32) {
    let uid = Users::uid_of(&owner.user).unwrap_or(owner.uid);
    let gid = Users::gid_of(&owner.group).unwrap_or(owner.gid);
    (uid, gid)
}

fn held_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(HELD_SUFFIX);
    PathBuf::from(name)
}

/// Copies the wanted ranges of what a part's body holds to their places; answers their bytes. What
/// is not wanted is passed over, and not read behind the last one.
fn copy_wanted(
    file: &File,
    (part, body): (&FilePart, &mut dyn Read),
    wanted: &[ByteRange],
) -> io::Result<u64> {
    let mut block = vec![0; block_size(part.length)];
    let mut ranges = ranges_of(part, u64::MAX);
    let mut held = ByteRange { offset: 0, length: 0 };
    let (mut at, mut written) = (0, 0);
    for wanted in wanted {
        while held.end() <= wanted.offset && held.end() < wanted.end() {
            pass_over(body, held.end() - at)?;
            held = ranges.next().ok_or(io::ErrorKind::InvalidData)?;
            at = held.offset;
        }
        pass_over(body, wanted.offset - at)?;
        at = wanted.offset;
        while at < wanted.end() {
            let left = usize::try_from(wanted.end() - at).unwrap_or(usize::MAX);
            let length = left.min(block.len());
            body.read_exact(&mut block[..length])?;
            file.write_all_at(&block[..length], at)?;
            at += length as u64;
        }
        written += wanted.length;
    }
    Ok(written)
}

fn pass_over(body: &mut dyn Read, bytes: u64) -> io::Result<()> {
    match io::copy(&mut body.take(bytes), &mut io::sink())? == bytes {
        true => Ok(()),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn block_size(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX).clamp(1, BLOCK_BYTES)
}

fn open_making_parents(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let mut attempts = 0;
    loop {
        match options.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && attempts == 0 => {
                make_parents(path)?;
            }
            // Its other parts are written already, and nobody may write to the file. Another worker
            // that is done with one more of them may be between the two.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && attempts < 100 => {
                if fs::set_permissions(path, Permissions::from_mode(0o600)).is_err() {
                    return Err(error);
                }
            }
            opened => return opened,
        }
        attempts += 1;
    }
}

fn make_parents(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), make_dir_and_parents)
}

/// Another worker may be making the same directories: that is no failure.
fn make_dir_and_parents(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn poisoned() -> Error {
    Error::new(Kind::Bug, "a thread died while it noted a link")
}

#[cfg(test)]
mod tests;
