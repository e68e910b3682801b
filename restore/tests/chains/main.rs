//! Random chains, laid down newest first by several workers, against a model of bytes.
//!
//! `SEED=<n>` repeats one chain; the seed of a chain that fails is printed.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod model;

use errors::Kind;
use model::{Chain, Node, Random, Stored};
use restore::DirectoryTree;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Mutex;
use stream::{JobId, Layout, LinkName, Position, RootName, TreeWriter};

const CHAINS: u64 = 80;
const WORKERS: usize = 3;

fn seeds() -> Vec<u64> {
    match std::env::var("SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (1..=CHAINS).collect(),
    }
}

/// Prints the seed when the test ends in a panic.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "SEED={}", self.0);
        }
    }
}

fn link(number: usize) -> LinkName {
    let job = JobId::new(number as u64);
    LinkName { from: Position::new(0), to: Position::new(0), job }
}

fn tree(dir: &Path) -> DirectoryTree {
    let roots = BTreeMap::from([(RootName::new("data").unwrap(), dir.to_owned())]);
    let main = RootName::new("data").unwrap();
    let layout = Layout { main, roots, held_back: Vec::new(), left_out: Vec::new() };
    DirectoryTree::create(layout, std::iter::empty()).unwrap()
}

/// Lays a chain down; its parts come in random order from several workers. Some ask whether a part
/// is wanted and believe it, some put it nevertheless.
fn lay_down(tree: &DirectoryTree, chain: &Chain, random: &mut Random) -> errors::Result<()> {
    for (number, parts) in chain.links.iter().enumerate().rev() {
        tree.open(link(number))?;
        let mut parts: Vec<&Stored> = parts.iter().collect();
        random.shuffle(&mut parts);
        let (parts, puts_all) = (Mutex::new(parts), random.one_in(3));
        let work = || -> errors::Result<()> {
            loop {
                let next = parts.lock().unwrap().pop();
                let Some(Stored { part, body }) = next else { return Ok(()) };
                if tree.wants(part)? || puts_all {
                    tree.put(part, &mut body.as_slice())?;
                }
            }
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().unwrap())
        })?;
    }
    tree.close()?;
    tree.settle()
}

/// Everything below a directory, as the model has it.
fn found(dir: &Path, below: &Path, nodes: &mut BTreeMap<Vec<u8>, Node>) {
    for entry in fs::read_dir(dir.join(below)).unwrap() {
        let path = below.join(entry.unwrap().file_name());
        let at = dir.join(&path);
        let metadata = fs::symlink_metadata(&at).unwrap();
        let node = if metadata.is_symlink() {
            Node::Symlink(fs::read_link(&at).unwrap().into_os_string().into_vec())
        } else if metadata.is_dir() {
            found(dir, &path, nodes);
            Node::Directory
        } else {
            let (bytes, mode) = (fs::read(&at).unwrap(), metadata.mode() & 0o7777);
            Node::File { bytes, mode, mtime: metadata.mtime() }
        };
        nodes.insert(path.as_os_str().as_bytes().to_vec(), node);
    }
}

#[test]
fn any_chain_gives_the_newest_state_and_writes_each_byte_once() {
    let (mut partial, mut kept) = (0, 0);
    for seed in seeds() {
        let _told = Told(seed);
        let mut random = Random::new(seed);
        let chain = Chain::random(&mut random);
        let dir = tempfile::tempdir().unwrap();
        let to = tree(dir.path());
        lay_down(&to, &chain, &mut random).unwrap();
        let mut nodes = BTreeMap::new();
        found(dir.path(), Path::new(""), &mut nodes);
        // Compared one by one: a tree of bytes says nothing in a message.
        let wanted = chain.newest();
        let names = |nodes: &BTreeMap<Vec<u8>, Node>| nodes.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&nodes), names(wanted));
        for (path, node) in wanted {
            assert!(nodes[path] == *node, "{}", path.escape_ascii());
        }
        assert_eq!(to.written_bytes(), chain.newest_bytes());
        partial += chain.partial_parts();
        kept += chain.newest_bytes()
            - chain.bytes_of_link(chain.links.len() - 1).min(chain.newest_bytes());
    }
    if seeds().len() > 1 {
        // It was about something.
        assert!(partial > 500 && kept > 50_000, "{partial} {kept}");
    }
}

#[test]
fn no_lost_part_leaves_a_hole_or_older_bytes_in_silence() {
    let (mut refused, mut harmless) = (0, 0);
    for seed in seeds() {
        let _told = Told(seed);
        let mut random = Random::new(seed);
        let mut chain = Chain::random(&mut random);
        let Some(lost) = chain.lose_a_part(&mut random) else { continue };
        let dir = tempfile::tempdir().unwrap();
        match lay_down(&tree(dir.path()), &chain, &mut random) {
            Err(error) => {
                assert_eq!(error.kind(), Kind::RestoreCheck, "{error:?}");
                let name = format!("data/{}", lost.part.path);
                assert!(error.message().starts_with(&name), "{name}: {error:?}");
                refused += 1;
            }
            // Newer links had all of it.
            Ok(()) => {
                let mut nodes = BTreeMap::new();
                found(dir.path(), Path::new(""), &mut nodes);
                let wanted = chain.newest();
                assert!(nodes == *wanted, "a part of {} is lost", lost.part.path);
                harmless += 1;
            }
        }
    }
    if seeds().len() > 1 {
        assert!(refused > 25 && harmless > 3, "{refused} {harmless}");
    }
}
