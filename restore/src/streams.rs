//! Chains of streams: unpacked, prepared, and moved to where a server starts on them.
//!
//! All work happens in one directory inside the destination, so that every move at its end is a
//! rename on one file system, and a server that is started too early finds nothing.

use crate::tree::numbers;
use errors::{Context, Error, Kind, Result};
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use stream::{Bodies, Layout, Link, Owner, Preparation, RootInfo, StreamEngine, Work};
use system::failpoint::{HELD_BACK, TREE};
use system::{Users, durable};

/// The directory of the work, while it lasts.
const WORK_DIR: &str = ".seawall-restore";
/// Modes of a server's own directories and files.
const DIR_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o660;

/// A restore of a chain.
pub struct StreamRestore<'a> {
    /// Unpacks and prepares.
    pub engine: &'a dyn StreamEngine,
    /// The full and its children, in order.
    pub chain: &'a [&'a Link],
    /// Gives the bodies of a link.
    pub bodies: &'a dyn Fn(&Link) -> Result<Box<dyn Bodies + 'a>>,
    /// Threads, cancel, progress.
    pub work: Work<'a>,
}

impl StreamRestore<'_> {
    /// Makes a data directory that the stock server starts on.
    ///
    /// # Errors
    /// Damage, a full disk, a tool that fails. What is there then has no names that a server knows.
    pub fn into_directory(&self, layout: &Layout) -> Result<()> {
        let (root, to) = layout.roots.iter().next().ok_or_else(no_root)?;
        let last = self.chain.last().ok_or_else(|| bug("a chain without links"))?;
        let info = last.roots.get(root).ok_or_else(no_root)?;
        let work = to.join(WORK_DIR);
        let (base, increment) = (work.join("base"), work.join("increment"));
        for (number, link) in self.chain.iter().enumerate() {
            let is_first = number == 0;
            let tree = if is_first { &base } else { &increment };
            self.unpack(link, tree)?;
            let increment = (!is_first).then_some(tree.as_path());
            self.prepare(link, &base, increment, number + 1 == self.chain.len())?;
        }
        self.engine.tidy(last, &base)?;
        self.work.progress.phase("sync");
        dress(&base, &info.owner)?;
        durable::sync_filesystem(&base, TREE).map_err(|error| failed("sync", &base, error))?;
        if self.work.cancel.is_cancelled() {
            return Err(Error::new(Kind::Interrupted, "the restore was cancelled"));
        }
        release(&base, to, layout)?;
        for dir in [&base, &work] {
            fs::remove_dir(dir).map_err(|error| failed("remove", dir, error))?;
        }
        own(to, info)
    }

    /// Unpacks every link into a tree of its own, and leaves it so.
    ///
    /// # Errors
    /// Damage, or a full disk.
    pub fn into_trees(&self, dir: &Path) -> Result<Vec<PathBuf>> {
        let mut trees = Vec::new();
        for link in self.chain {
            let tree = dir.join(link.name().to_string());
            self.unpack(link, &tree)?;
            durable::sync_filesystem(&tree, TREE).map_err(|error| failed("sync", &tree, error))?;
            trees.push(tree);
        }
        Ok(trees)
    }

    /// Prepares trees where they lie: the base becomes a data directory, and the trees of the
    /// increments go. Answers the base.
    ///
    /// # Errors
    /// The tool fails. The trees are void then.
    pub fn prepare_trees(&self, dir: &Path) -> Result<PathBuf> {
        let trees: Vec<PathBuf> =
            self.chain.iter().map(|link| dir.join(link.name().to_string())).collect();
        let base = trees.first().ok_or_else(|| bug("a chain without links"))?;
        let last = self.chain.last().ok_or_else(|| bug("a chain without links"))?;
        for (number, (link, tree)) in self.chain.iter().zip(&trees).enumerate() {
            let increment = (number > 0).then_some(tree.as_path());
            self.prepare(link, base, increment, number + 1 == trees.len())?;
        }
        let root = last.roots.values().next().ok_or_else(no_root)?;
        self.engine.tidy(last, base)?;
        self.work.progress.phase("sync");
        dress(base, &root.owner)?;
        durable::sync_filesystem(base, TREE).map_err(|error| failed("sync", base, error))?;
        own(base, root)?;
        Ok(base.clone())
    }

    /// Writes each link beside its tree: what lies in the tree is the tool's.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write_links(&self, dir: &Path) -> Result<()> {
        for link in self.chain {
            let text = serde_json::to_vec_pretty(link).or_kind(Kind::Bug, || "print a link")?;
            let path = dir.join(format!("{}.json", link.name()));
            fs::write(&path, text).map_err(|error| failed("write", &path, error))?;
        }
        Ok(())
    }

    /// Applies one tree; an increment can be applied once, and the next one needs its room.
    fn prepare(
        &self,
        link: &Link,
        base: &Path,
        increment: Option<&Path>,
        is_last: bool,
    ) -> Result<()> {
        self.work.progress.phase("prepare");
        let cancel = self.work.cancel;
        self.engine.prepare(&Preparation { link, base, increment, is_last, cancel })?;
        let Some(tree) = increment else { return Ok(()) };
        fs::remove_dir_all(tree).map_err(|error| failed("remove", tree, error))
    }

    fn unpack(&self, link: &Link, tree: &Path) -> Result<()> {
        self.work.progress.phase("unpack");
        durable::create_dirs(tree, DIR_MODE).map_err(|error| failed("create", tree, error))?;
        let bodies = (self.bodies)(link)?;
        self.engine.unpack(link, bodies.as_ref(), tree, &self.work)
    }
}

/// Moves everything up, and last of all what is held back: without it no server starts.
fn release(base: &Path, to: &Path, layout: &Layout) -> Result<()> {
    let mut names = Vec::new();
    for entry in fs::read_dir(base).map_err(|error| failed("read", base, error))? {
        names.push(entry.map_err(|error| failed("read", base, error))?.file_name());
    }
    let is_last = |name: &std::ffi::OsString| {
        layout.held_back.iter().any(|(_, path)| path.as_path() == Path::new(name))
    };
    names.sort_by_key(|name| (is_last(name), name.clone()));
    for name in names {
        let (from, new) = (base.join(&name), to.join(&name));
        durable::rename_over(&from, &new, HELD_BACK)
            .map_err(|error| failed("put in place", &new, error))?;
    }
    durable::sync_dir(to, HELD_BACK).map_err(|error| failed("sync", to, error))
}

/// Modes as the server's own, and the original's owner where we may give files away.
fn dress(dir: &Path, owner: &Owner) -> Result<()> {
    let may_give = Users::effective_uid() == 0;
    let numbers = may_give.then(|| numbers(owner));
    dress_tree(dir, numbers).map_err(|error| failed("set owner and mode below", dir, error))
}

fn dress_tree(dir: &Path, numbers: Option<(u32, u32)>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let is_dir = entry.file_type()?.is_dir();
        if is_dir {
            dress_tree(&entry.path(), numbers)?;
        }
        let file = File::open(entry.path())?;
        if let Some((uid, gid)) = numbers {
            fchown(&file, Some(uid), Some(gid))?;
        }
        let mode = if is_dir { DIR_MODE } else { FILE_MODE };
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// The directory itself, as the original was.
fn own(dir: &Path, info: &RootInfo) -> Result<()> {
    let act = || {
        let file = File::open(dir)?;
        if Users::effective_uid() == 0 {
            let (uid, gid) = numbers(&info.owner);
            fchown(&file, Some(uid), Some(gid))?;
        }
        file.set_permissions(Permissions::from_mode(info.mode))
    };
    act().map_err(|error| failed("set owner and mode of", dir, error))
}

fn no_root() -> Error {
    Error::new(Kind::Manifest, "the backup does not say how its data directory looked")
}

fn bug(text: &str) -> Error {
    Error::new(Kind::Bug, text)
}

fn failed(doing: &str, path: &Path, error: io::Error) -> Error {
    Error::io(format!("{doing} {}", path.display()), error)
}
