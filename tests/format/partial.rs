//! Partial files: the page's commands put a chain together from what stock programs read.

use crate::commands;
use fixtures::{Scratch, run};
use repository::{Claim, Repository, RepositorySink, SinkOptions, UnitStore};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use stream::{
    Body, ByteRange, Cancel, FileKind, JobId, Level, Link, LogScope, Owner, PartialFile, RelPath,
    RootName, Silent, Sink, TargetName, VirtualFile,
};
use uuid::Uuid;

/// Bytes, mode and time of last modification of each path.
type Tree = BTreeMap<Vec<u8>, (Vec<u8>, u32, i64)>;

/// Small limits, so that there are several volumes, and ranges and whole files are cut.
const OPTIONS: SinkOptions =
    SinkOptions { workers: 2, level: 3, volume_bytes: 2 << 20, part_bytes: 1 << 20 };

fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    (0..length).map(|_| next()).collect()
}

fn directory() -> VirtualFile {
    let body = Body::Nothing;
    VirtualFile {
        kind: FileKind::Directory,
        mode: 0o700,
        ..file(b"base", &Tree::new(), None, body)
    }
}

fn file(path: &[u8], tree: &Tree, partial: Option<PartialFile>, body: Body) -> VirtualFile {
    let (_, mode, mtime) = tree.get(path).cloned().unwrap_or_default();
    VirtualFile {
        root: RootName::new("data").unwrap(),
        path: RelPath::new(path).unwrap(),
        kind: FileKind::File,
        mode,
        owner: Owner::default(),
        mtime: chrono::DateTime::from_timestamp(mtime, 0).unwrap(),
        size: None,
        body,
        partial,
        tap: None,
    }
}

fn whole(path: &[u8], tree: &Tree) -> VirtualFile {
    file(path, tree, None, Body::Bytes(tree[path].0.clone()))
}

fn partial(path: &[u8], tree: &Tree, ranges: &[(usize, usize)]) -> VirtualFile {
    let bytes = &tree[path].0;
    let body = ranges.iter().flat_map(|&(from, length)| &bytes[from..from + length]);
    let body = Body::Bytes(body.copied().collect());
    let range = |&(offset, length): &(usize, usize)| ByteRange {
        offset: offset as u64,
        length: length as u64,
    };
    let ranges: Vec<_> = ranges.iter().map(range).collect();
    file(path, tree, Some(PartialFile::new(bytes.len() as u64, ranges).unwrap()), body)
}

/// Backs files up; answers the link's identity and its job's directory.
fn back_up(store: &UnitStore, parent: Option<Uuid>, files: Vec<VirtualFile>) -> (Uuid, JobId) {
    let id = Uuid::new_v4();
    let claim = Claim::take(store, id, Level::Full, JobId::new(1)).unwrap();
    let job = claim.job();
    let sink = RepositorySink::start(claim, OPTIONS, Cancel::new(), Arc::new(Silent)).unwrap();
    for file in files {
        sink.put(file).unwrap().redeem().unwrap();
    }
    let link: Link = serde_json::from_value(serde_json::json!({
        "version": 1, "id": id, "parent": parent, "engine": "sample", "target": "t", "job": job,
        "level": "full", "from": "0".repeat(20), "to": "0".repeat(20), "base": {},
        "earliest": null, "log_from": null, "lineage": {}, "state": null, "roots": {},
        "server": {}, "started_at": "2026-11-20T11:58:29Z", "finished_at": "2026-11-20T11:58:30Z",
        "totals": {"files": 1, "bytes": 2, "vanished": 0}, "log": [], "findings": [],
    }))
    .unwrap();
    Box::new(sink).finish(link).unwrap();
    (id, job)
}

fn found(top: &Path, below: &Path, tree: &mut Tree) {
    for entry in fs::read_dir(top.join(below)).unwrap() {
        let path = below.join(entry.unwrap().file_name());
        let metadata = fs::symlink_metadata(top.join(&path)).unwrap();
        if metadata.is_dir() {
            found(top, &path, tree);
        } else {
            let bytes = fs::read(top.join(&path)).unwrap();
            let what = (bytes, metadata.mode() & 0o7777, metadata.mtime());
            tree.insert(path.into_os_string().into_vec(), what);
        }
    }
}

const NAMES: [&[u8]; 4] =
    [b"base/1", b"base/a b %41\\n\\\\", "base/gr\u{fc}\u{df}e\n".as_bytes(), b"-x"];

/// Three states of a small database, and the backups of them.
fn chain(store: &UnitStore) -> (Tree, Vec<JobId>) {
    let mut tree = Tree::new();
    for (number, name) in (0..).zip(NAMES) {
        tree.insert(name.to_vec(), (noise(number, 300_000), 0o600, 1_700_000_000));
    }
    tree.insert(b"base/large".to_vec(), (noise(9, 2_500_000), 0o600, 1_700_000_000));
    tree.insert(b"base/gone".to_vec(), (noise(8, 10), 0o600, 1_700_000_000));
    let mut files = vec![directory()];
    files.extend(tree.keys().map(|path| whole(path, &tree)));
    let (full, first) = back_up(store, None, files);

    // Pages change, a file grows, one shrinks, one is as it was, one vanishes, one appears.
    tree.remove(&b"base/gone"[..]);
    tree.insert(b"base/new".to_vec(), (noise(7, 1_500_000), 0o600, 1_700_000_000));
    let change = |tree: &mut Tree, path: &[u8], size: usize, ranges: &[(usize, usize)]| {
        let (bytes, mode, mtime) = tree.get_mut(path).unwrap();
        bytes.resize(size, 0);
        for &(from, length) in ranges {
            bytes[from..from + length]
                .copy_from_slice(&noise(u32::try_from(size).unwrap(), length));
        }
        (*mode, *mtime) = (0o640, *mtime + 1);
        partial(path, tree, ranges)
    };
    let many: Vec<_> = (0..40).map(|number| (number * 6000, 100)).collect();
    let files = vec![
        directory(),
        change(&mut tree, NAMES[0], 300_000, &many),
        change(&mut tree, NAMES[1], 400_000, &[(5, 1), (300_000, 100_000)]),
        change(&mut tree, NAMES[2], 150_000, &[(0, 8192)]),
        change(&mut tree, NAMES[3], 300_000, &[]),
        change(&mut tree, b"base/large", 2_500_000, &[(100_000, 1_700_000)]),
        whole(b"base/new", &tree),
    ];
    let (second_id, second) = back_up(store, Some(full), files);

    let files = vec![
        directory(),
        change(&mut tree, NAMES[0], 0, &[]),
        change(&mut tree, NAMES[1], 400_000, &[(399_999, 1)]),
        change(&mut tree, NAMES[2], 160_000, &[(1, 1), (140_000, 20_000)]),
        change(&mut tree, NAMES[3], 300_000, &[(0, 1)]),
        change(&mut tree, b"base/large", 2_600_000, &[(2_499_990, 100_010)]),
        change(&mut tree, b"base/new", 1_000_000, &[]),
    ];
    let (_, third) = back_up(store, Some(second_id), files);
    (tree, vec![first, second, third])
}

#[test]
fn the_commands_of_the_page_lay_out_a_chain_of_partial_files() {
    let dir = Scratch::new();
    let place = dir.path().join("r");
    let storage = Repository::storage(place.to_str().unwrap()).unwrap();
    let store = Repository::init(storage).unwrap().unit(
        &TargetName::new("t").unwrap(),
        None,
        LogScope::Target,
    );
    let (wanted, jobs) = chain(&store);
    let job_dir = |job: &JobId| place.join(format!("targets/t/jobs/{job}"));
    let work = dir.path().join("work");
    fs::create_dir(&work).unwrap();

    let unpack = commands("Recovery by hand");
    let begin = unpack.find("mkdir \"$WORK/tree\"").unwrap();
    let end = unpack.find("chmod 700 data\n").unwrap();
    shell(&unpack[begin..end], &work, &job_dir(&jobs[0]));
    for job in &jobs[1..] {
        shell(&commands("Partial files"), &work, &job_dir(job));
    }
    let mut tree = Tree::new();
    found(&work.join("tree/data"), Path::new(""), &mut tree);
    assert!(tree.keys().eq(wanted.keys()), "{:?}", tree.keys());
    for (path, (bytes, mode, mtime)) in &wanted {
        let (found, its_mode, its_mtime) = &tree[path];
        assert!(found == bytes, "{}", path.escape_ascii());
        // Files that were put together of parts of whole ones have the recipe's own.
        if path != b"base/new" && path != b"base/large" {
            assert_eq!((its_mode, its_mtime), (mode, mtime), "{}", path.escape_ascii());
        }
    }
    assert_eq!(fs::read_dir(&work).unwrap().count(), 1);
}

fn shell(script: &str, work: &Path, job: &PathBuf) {
    let script = format!("set -eu -o pipefail\n{script}");
    let mut shell = Command::new("bash");
    let outcome = run(shell.args(["-c", &script]).env("WORK", work).env("job", job));
    assert!(outcome.status.success(), "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(outcome.stderr, "", "it is silent");
}

#[test]
fn stock_programs_alone_see_that_files_are_partial() {
    let dir = Scratch::new();
    let place = dir.path().join("r");
    let storage = Repository::storage(place.to_str().unwrap()).unwrap();
    let store = Repository::init(storage).unwrap().unit(
        &TargetName::new("t").unwrap(),
        None,
        LogScope::Target,
    );
    let (_, jobs) = chain(&store);
    let job = place.join(format!("targets/t/jobs/{}", jobs[2]));
    let mut script = Command::new("bash");
    let text =
        "for v in \"$0\"/*.tar.zst; do zstd -dqc \"$v\" | tar -tf - ; zstd -dqc \"$v\"; done";
    let listed = script.args(["-c", text]).arg(&job).output().unwrap();
    assert!(listed.status.success());
    let shown = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(shown.contains("\n.ranges/data/base/large/00000000000002499990\n"), "no such member");
    assert!(shown.contains(" SEAWALL.partial=2600000 100010 2499990+100010\n"), "no such record");
    let warned = String::from_utf8_lossy(&listed.stderr).into_owned();
    assert!(warned.contains("SEAWALL.partial"), "{warned}");
}
