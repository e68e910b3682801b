//! Chains of streams: unpacked, prepared, and moved to where a server starts on them.
//!
//! All work happens in one directory inside the destination, so that every move at its end is a
//! rename on one file system, and a server that is started too early finds nothing.

use crate::marker::{Marker, write_link};
use crate::tree::numbers;
use chrono::Utc;
use errors::{Error, Kind, Result};
use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use stream::{
    BodySource, Chain, Layout, Link, Owner, Plan, Preparation, RelPath, RestoreJob, RootInfo,
    RootName, StreamsRestorer, Unpacking,
};
use system::failpoint::{HELD_BACK, TREE};
use system::{Users, durable};

/// The directory of the work, while it lasts.
const WORK_DIR: &str = ".seawall-restore";
/// Modes of a server's own directories and files.
const DIR_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o660;

/// A restore of a chain.
pub struct StreamsRestore<'a> {
    /// Unpacks and prepares.
    pub engine: &'a dyn StreamsRestorer,
    /// The full and its children.
    pub chain: &'a Chain<'a>,
    /// Options, threads, cancel, progress.
    pub job: &'a RestoreJob,
}

impl StreamsRestore<'_> {
    /// Makes a data directory that the stock server starts on. The marker says that it is not
    /// finished, until it is.
    ///
    /// # Errors
    /// Damage, a full disk, a tool that fails. What is there then has no names that a server knows.
    pub fn into_directory(
        &self,
        layout: &Layout,
        plan: &Plan,
        mut marker: Marker,
        bodies: &BodySource<'_>,
    ) -> Result<()> {
        let to = layout.main_dir()?;
        marker.write(to)?;
        self.lay_out(layout, to, bodies)?;
        marker.finish(plan, to, Utc::now())
    }

    fn lay_out(&self, layout: &Layout, to: &Path, bodies: &BodySource<'_>) -> Result<()> {
        let last = self.chain.newest();
        let info = last.roots.get(&layout.main).ok_or_else(no_root)?;
        let work = to.join(WORK_DIR);
        let (base, increment) = (work.join("base"), work.join("increment"));
        let count = self.chain.links().len();
        for (number, link) in self.chain.links().iter().enumerate() {
            let is_first = number == 0;
            let tree = if is_first { &base } else { &increment };
            self.unpack(link, tree, bodies)?;
            let increment = (!is_first).then_some(tree.as_path());
            self.prepare(link, &base, increment, number + 1 == count)?;
        }
        self.engine.tidy(last, &base)?;
        self.job.progress.phase("sync");
        dress(&base, &info.owner)?;
        durable::sync_filesystem(&base, TREE).map_err(|error| failed("sync", &base, error))?;
        self.job.check_cancel()?;
        release(&base, to, layout)?;
        for dir in [&base, &work] {
            fs::remove_dir(dir).map_err(|error| failed("remove", dir, error))?;
        }
        own(to, info)
    }

    /// Unpacks every link into a tree of its own, and leaves it so, with the link beside it.
    ///
    /// # Errors
    /// Damage, or a full disk.
    pub fn into_trees(&self, dir: &Path, bodies: &BodySource<'_>) -> Result<Vec<PathBuf>> {
        let mut trees = Vec::new();
        for link in self.chain.links() {
            let tree = tree_of(dir, link);
            self.unpack(link, &tree, bodies)?;
            trees.push(tree);
        }
        self.write_links(dir)?;
        Ok(trees)
    }

    /// Prepares trees where they lie: the base becomes a data directory, and the trees of the
    /// increments go. Answers the base.
    ///
    /// # Errors
    /// The tool fails. The trees are void then.
    pub fn prepare_trees(&self, dir: &Path) -> Result<PathBuf> {
        let last = self.chain.newest();
        let mut base = None;
        let count = self.chain.links().len();
        for (number, link) in self.chain.links().iter().enumerate() {
            let tree = tree_of(dir, link);
            let base = base.get_or_insert_with(|| tree.clone());
            let increment = (number > 0).then_some(tree.as_path());
            self.prepare(link, base, increment, number + 1 == count)?;
        }
        let base = base.ok_or_else(no_root)?;
        let root = last.roots.values().next().ok_or_else(no_root)?;
        self.engine.tidy(last, &base)?;
        self.job.progress.phase("sync");
        dress(&base, &root.owner)?;
        durable::sync_filesystem(&base, TREE).map_err(|error| failed("sync", &base, error))?;
        own(&base, root)?;
        Ok(base)
    }

    /// Writes each link beside its tree: what lies in the tree is the tool's.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write_links(&self, dir: &Path) -> Result<()> {
        self.chain.links().iter().try_for_each(|link| write_link(dir, link))
    }

    /// Applies one tree; an increment can be applied once, and the next one needs its room.
    fn prepare(
        &self,
        link: &Link,
        base: &Path,
        increment: Option<&Path>,
        is_last: bool,
    ) -> Result<()> {
        self.job.progress.phase("prepare");
        self.engine.prepare(&Preparation { link, base, increment, is_last }, self.job)?;
        let Some(tree) = increment else { return Ok(()) };
        fs::remove_dir_all(tree).map_err(|error| failed("remove", tree, error))
    }

    fn unpack(&self, link: &Link, dir: &Path, bodies: &BodySource<'_>) -> Result<()> {
        let mut tree = LinkTree::begin(self.engine, link, dir, self.job)?;
        let bodies = bodies(link)?;
        for (root, path) in self.engine.stream_names(link)? {
            let mut body = bodies.open(&root, &path)?;
            tree.stream(&root, &path, &mut body)?;
        }
        tree.finish()
    }
}

/// Where a link's tree lies below the directory of all trees.
#[must_use]
pub fn tree_of(dir: &Path, link: &Link) -> PathBuf {
    dir.join(link.name().to_string())
}

/// One link's tree in the making: its streams come one after the other, from a repository or from a
/// file daemon.
pub struct LinkTree {
    dir: PathBuf,
    unpacking: Box<dyn Unpacking>,
    /// Streams that have not come yet.
    expected: Vec<(RootName, RelPath)>,
}

impl LinkTree {
    /// Makes the tree's directory.
    ///
    /// # Errors
    /// It cannot be made, or the link cannot be read.
    pub fn begin(
        engine: &dyn StreamsRestorer,
        link: &Link,
        dir: &Path,
        job: &RestoreJob,
    ) -> Result<Self> {
        job.progress.phase("unpack");
        durable::create_dirs(dir, DIR_MODE).map_err(|error| failed("create", dir, error))?;
        let expected = engine.stream_names(link)?;
        Ok(Self { dir: dir.to_owned(), unpacking: engine.unpack(link, dir, job)?, expected })
    }

    /// Whether this is a stream of the link that has not come yet.
    #[must_use]
    pub fn expects(&self, root: &RootName, path: &RelPath) -> bool {
        self.expected.iter().any(|(of, expected)| of == root && expected == path)
    }

    /// Whether all streams have come.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.expected.is_empty()
    }

    /// Unpacks one stream.
    ///
    /// # Errors
    /// Damage, or a file that cannot be written.
    pub fn stream(&mut self, root: &RootName, path: &RelPath, body: &mut dyn Read) -> Result<()> {
        self.expected.retain(|(of, expected)| of != root || expected != path);
        self.unpacking.stream(path, body)
    }

    /// The tree must be whole, and is durable then.
    ///
    /// # Errors
    /// `restore-check`: a stream did not come; `manifest`: together they are not a whole backup.
    pub fn finish(self) -> Result<()> {
        if let Some((root, path)) = self.expected.first() {
            let text = format!("the stream {root}/{path} of the backup is missing");
            return Err(Error::new(Kind::RestoreCheck, text));
        }
        self.unpacking.finish()?;
        durable::sync_filesystem(&self.dir, TREE).map_err(|error| failed("sync", &self.dir, error))
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

fn failed(doing: &str, path: &Path, error: io::Error) -> Error {
    Error::io(format!("{doing} {}", path.display()), error)
}
