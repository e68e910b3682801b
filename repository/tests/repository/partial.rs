//! Partial files: stored by ranges, and laid out with what their parents have.

use crate::setting::{OPTIONS, Setting, file, link, noise};
use errors::{Kind, Result};
use repository::{
    BodyOptions, ExtractOptions, LinkDocument, RepositorySink, bodies, extract, rows, verify,
};
use restore::DirectoryTree;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use stream::{
    Bodies, Body, ByteRange, Cancel, Extent, FileKind, FilePart, FileSource, Finding, Layout,
    Outcome, PartialFile, RelPath, RootName, Silent, Sink, Tap, TreeWriter, VirtualFile,
};
use uuid::Uuid;

pub(crate) fn ranges(size_bytes: u64, pairs: &[(u64, u64)]) -> PartialFile {
    let ranges: Vec<_> = pairs.iter().copied().map(ByteRange::from).collect();
    PartialFile::new(size_bytes, ranges).unwrap()
}

/// A partial file, whose body is the ranges of `whole`.
pub(crate) fn partial(path: &str, whole: &[u8], pairs: &[(u64, u64)]) -> VirtualFile {
    let body = pairs.iter().flat_map(|&(offset, length)| {
        let from = usize::try_from(offset).unwrap();
        whole[from..from + usize::try_from(length).unwrap()].to_vec()
    });
    let body = Body::Bytes(body.collect());
    let partial = Some(ranges(whole.len() as u64, pairs));
    VirtualFile { partial, ..file(path, None, body) }
}

impl Setting {
    /// Puts files into a new link, which continues `parent`.
    pub(crate) fn child(
        &self,
        parent: Option<&LinkDocument>,
        files: Vec<VirtualFile>,
    ) -> Result<(LinkDocument, Vec<Outcome>)> {
        let id = Uuid::new_v4();
        let claim = self.claim(id)?;
        let job = claim.job();
        let sink = RepositorySink::start(claim, OPTIONS, Cancel::new(), Arc::new(Silent))?;
        let receipts: Vec<_> =
            files.into_iter().map(|file| sink.put(file)).collect::<Result<_>>()?;
        let outcomes: Vec<_> =
            receipts.into_iter().map(stream::Receipt::redeem).collect::<Result<_>>()?;
        let mut link = link(id, job, Vec::new());
        link.parent = parent.map(|parent| parent.link.id);
        let name = link.name();
        Box::new(sink).finish(link)?;
        Ok((self.store.link(&name)?, outcomes))
    }

    /// Lays a chain out; answers its files and how many bytes were written.
    pub(crate) fn lay_out(
        &self,
        chain: &[&LinkDocument],
    ) -> Result<(BTreeMap<String, Vec<u8>>, u64)> {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let roots = BTreeMap::from([(RootName::new("data").unwrap(), data.clone())]);
        let main = RootName::new("data").unwrap();
        let layout = Layout { main, roots, held_back: Vec::new(), left_out: Vec::new() };
        let tree = Box::new(DirectoryTree::create(layout, std::iter::empty())?);
        let cancel = Cancel::new();
        let options = ExtractOptions { workers: 3, cancel: &cancel, progress: &Silent };
        extract(&self.store, chain, tree.as_ref(), options)?;
        let written = tree.written_bytes();
        tree.finish()?;
        let mut files = BTreeMap::new();
        collect(&data, &data, &mut files);
        Ok((files, written))
    }
}

fn collect(top: &PathBuf, dir: &PathBuf, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(top, &path, files);
        } else {
            let name = path.strip_prefix(top).unwrap().to_str().unwrap().to_owned();
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}

pub(crate) fn whole(path: &str, bytes: &[u8]) -> VirtualFile {
    file(path, None, Body::Bytes(bytes.to_vec()))
}

/// A full of two files, and a child in which one has other bytes, and one is as it was.
fn two_links(setting: &Setting) -> (LinkDocument, LinkDocument, Vec<u8>, Vec<u8>) {
    let (mut changed, same) = (noise(1, 3_000_000), noise(2, 2_000_000));
    let files = vec![whole("changed", &changed), whole("same", &same)];
    let (full, _) = setting.child(None, files).unwrap();
    changed.truncate(2_500_000);
    changed[100_000..108_192].fill(7);
    changed[2_400_000..].fill(8);
    let pairs = [(100_000, 8192), (2_400_000, 100_000)];
    let files = vec![partial("changed", &changed, &pairs), partial("same", &same, &[])];
    let (child, _) = setting.child(Some(&full), files).unwrap();
    (full, child, changed, same)
}

#[test]
fn a_chain_comes_back_and_each_byte_is_written_once() {
    let setting = Setting::new();
    let (full, child, changed, same) = two_links(&setting);
    let (files, written) = setting.lay_out(&[&full, &child]).unwrap();
    let wanted = [("changed", changed), ("same", same)].map(|(name, b)| (name.to_owned(), b));
    assert!(files == BTreeMap::from(wanted), "{:?}", files.keys());
    assert_eq!(written, 4_500_000);
    assert_eq!(setting.lay_out(&[&full]).unwrap().1, 5_000_000, "the parent alone is what it was");
}

#[test]
fn a_link_says_that_its_files_are_partial_only_where_they_are() {
    let setting = Setting::new();
    let (full, child, ..) = two_links(&setting);
    assert_eq!((full.link.version, child.link.version), (1, 2));
    for (document, version) in [(&full, 1), (&child, 2)] {
        let path = format!("targets/pg-main/links/{}.json", document.link.name());
        let text = fs::read_to_string(setting.root().join(path)).unwrap();
        // Programs that know version 1 alone stop here.
        assert!(text.contains(&format!("\n  \"version\": {version},\n  \"content\"")), "{text}");
    }
    let (again, _) = setting.child(Some(&child), vec![whole("new", b"x")]).unwrap();
    assert_eq!(again.link.version, 1, "all of its files are whole");
}

#[test]
fn a_link_of_a_later_version_is_refused_by_name() {
    let setting = Setting::new();
    let id = Uuid::new_v4();
    let claim = setting.claim(id).unwrap();
    let mut link = link(id, claim.job(), Vec::new());
    link.version = 3;
    let name = link.name();
    Box::new(setting.sink(claim)).finish(link).unwrap();
    let error = setting.store.link(&name).unwrap_err();
    assert_eq!(error.kind(), Kind::FormatTooNew);
    let key = format!("targets/pg-main/links/{name}.json");
    assert_eq!(error.message(), format!("{key} has format version 3, this program knows 2"));
}

#[test]
fn partial_files_need_a_parent_and_are_files() {
    let setting = Setting::new();
    let error = setting.child(None, vec![partial("f", b"abc", &[(0, 1)])]).unwrap_err();
    assert_eq!(error.kind(), Kind::Bug);
    assert_eq!(error.message(), "the backup holds parts of files, and continues no other");
    let (full, _) = setting.child(None, vec![whole("f", b"abc")]).unwrap();
    let directory = VirtualFile { kind: FileKind::Directory, ..partial("f", b"abc", &[]) };
    assert_eq!(setting.child(Some(&full), vec![directory]).unwrap_err().kind(), Kind::Bug);
    assert_eq!(setting.store.link_names().unwrap(), [full.link.name()]);
}

#[test]
fn a_chain_that_is_not_one_is_refused() {
    let setting = Setting::new();
    let (_, child, ..) = two_links(&setting);
    let (other, _) = setting.child(None, vec![whole("changed", b"x")]).unwrap();
    let message = |chain: &[&LinkDocument]| {
        let error = setting.lay_out(chain).unwrap_err();
        assert_eq!(error.kind(), Kind::Bug);
        error.message().to_owned()
    };
    let name = child.link.name();
    assert_eq!(
        message(&[&other, &child]),
        format!("the backup {name} does not continue {}", other.link.name())
    );
    assert_eq!(message(&[&child]), format!("the backup {name} continues one that is left out"));
    assert_eq!(message(&[]), "an empty chain");
}

type Shown = Vec<(u64, Vec<u8>)>;

/// Remembers where the bytes lay that it was shown.
struct Places(Arc<Mutex<Shown>>);

impl Tap for Places {
    fn bytes(&mut self, offset: u64, bytes: &[u8]) {
        self.0.lock().unwrap().push((offset, bytes.to_vec()));
    }

    fn findings(self: Box<Self>) -> Vec<Finding> {
        vec![Finding { id: "seen".into(), offset: 0, text: String::new() }]
    }

    fn fork(&self) -> Option<Box<dyn Tap>> {
        Some(Box::new(Self(Arc::clone(&self.0))))
    }
}

#[test]
fn ranges_of_a_file_on_disk_are_read_where_they_lie_and_shown_to_the_tap() {
    let setting = Setting::new();
    let new = noise(3, 4_000_000);
    let disk = setting.dir.path().join("disk");
    fs::write(&disk, &new).unwrap();
    let (full, _) = setting.child(None, vec![whole("f", &noise(4, 4_000_000))]).unwrap();
    let pairs = [(8192, 8192), (24_576, 8192), (1_000_000, 2_500_000), (3_999_000, 1000)];
    let seen = Arc::new(Mutex::new(Vec::new()));
    let on_disk = || Body::File(FileSource { path: disk.clone(), may_vanish: true });
    let child = VirtualFile {
        partial: Some(ranges(4_000_000, &pairs)),
        tap: Some(Box::new(Places(Arc::clone(&seen)))),
        ..file("f", None, on_disk())
    };
    let (child, outcomes) = setting.child(Some(&full), vec![child]).unwrap();
    let mut wanted = noise(4, 4_000_000);
    let mut body = Vec::new();
    for (offset, length) in pairs {
        let place = usize::try_from(offset).unwrap()..usize::try_from(offset + length).unwrap();
        body.extend_from_slice(&new[place.clone()]);
        wanted[place.clone()].copy_from_slice(&new[place]);
    }
    let outcome = &outcomes[0];
    assert_eq!((outcome.bytes, outcome.shortfall), (body.len() as u64, 0));
    assert_eq!(outcome.crc32c, crc32c::crc32c(&body));
    // Three members, since parts are of 1 MiB: each worker has a tap of its own.
    assert_eq!(outcome.findings.len(), 3);
    let mut seen = std::mem::take(&mut *seen.lock().unwrap());
    seen.sort();
    let shown: Vec<u8> = seen.iter().flat_map(|(_, bytes)| bytes).copied().collect();
    assert!(
        shown == body
            && seen.iter().all(|(at, bytes)| {
                let at = usize::try_from(*at).unwrap();
                new[at..at + bytes.len()] == **bytes
            })
    );
    let (files, written) = setting.lay_out(&[&full, &child]).unwrap();
    assert!(files["f"] == wanted && written == 4_000_000);

    // It became shorter after it was looked at: zeros, as for whole files.
    fs::write(&disk, &new[..2_000_000]).unwrap();
    let short =
        VirtualFile { partial: Some(ranges(4_000_000, &pairs)), ..file("f", None, on_disk()) };
    let gone = FileSource { path: setting.dir.path().join("gone"), may_vanish: true };
    let gone =
        VirtualFile { partial: Some(ranges(9, &[])), ..file("gone", None, Body::File(gone)) };
    let (short, outcomes) = setting.child(Some(&full), vec![short, gone]).unwrap();
    assert_eq!((outcomes[0].shortfall, outcomes[1].vanished), (1_501_000, true));
    wanted[2_000_000..3_500_000].fill(0);
    wanted[3_999_000..].fill(0);
    let (files, _) = setting.lay_out(&[&full, &short]).unwrap();
    assert!(files["f"] == wanted && files.len() == 1);
}

#[test]
fn many_small_ranges_share_members_and_large_ones_are_cut() {
    let setting = Setting::new();
    let new = noise(5, 8_000_000);
    let (full, _) = setting.child(None, vec![whole("f", &noise(6, 8_000_000))]).unwrap();
    let mut pairs: Vec<_> = (0..3000).map(|number| (number * 1024, 100)).collect();
    pairs.push((4_000_000, 3_000_000));
    let (child, _) = setting.child(Some(&full), vec![partial("f", &new, &pairs)]).unwrap();
    let mut found: Vec<(u64, usize, u64)> = Vec::new();
    rows(&setting.store, &child, &mut |part| {
        let Extent::Ranges(partial) = &part.extent else { panic!("{part:?}") };
        assert_eq!((part.size_bytes(), part.whole_crc32c()), (Some(8_000_000), None));
        assert_eq!(partial.carried_bytes(), 3_300_000);
        found.push((partial.ranges()[0].offset, partial.ranges().len(), part.length));
        Ok(())
    })
    .unwrap();
    found.sort_unstable();
    // 1024 ranges, 1024 ranges, and 952 with the beginning of the large one, up to 1 MiB each.
    assert_eq!(found.iter().map(|(_, count, _)| count).sum::<usize>(), 3003);
    assert_eq!(found[0], (0, 1024, 102_400));
    assert_eq!(found[2], (2_097_152, 953, 1 << 20));
    assert!(
        found.len() == 5
            && found.iter().all(|(_, count, bytes)| *count <= 1024 && *bytes <= 1 << 20)
    );
    let (files, _) = setting.lay_out(&[&full, &child]).unwrap();
    let mut wanted = noise(6, 8_000_000);
    for (offset, length) in pairs {
        let place = usize::try_from(offset).unwrap()..usize::try_from(offset + length).unwrap();
        wanted[place.clone()].copy_from_slice(&new[place]);
    }
    assert!(files["f"] == wanted);
}

#[test]
fn the_body_of_a_partial_file_is_not_handed_out() {
    let setting = Setting::new();
    let (_, child, ..) = two_links(&setting);
    let options = BodyOptions { workers: 2, cancel: Cancel::new() };
    let bodies = bodies(&setting.store, &child, options);
    for path in ["changed", "same"] {
        let opened = bodies.open(&RootName::new("data").unwrap(), &RelPath::new(path).unwrap());
        let error = opened.err().unwrap();
        assert_eq!(error.kind(), Kind::NotFound);
        assert_eq!(error.message(), format!("the backup holds only parts of data/{path}"));
    }
}

#[test]
fn damage_of_partial_files_is_found() {
    let setting = Setting::new();
    let (full, child, ..) = two_links(&setting);
    let cancel = Cancel::new();
    let options = ExtractOptions { workers: 2, cancel: &cancel, progress: &Silent };
    let damages = || verify(&setting.store, None, true, options).unwrap().damages;
    assert!(damages().is_empty());
    let objects = child.volumes.iter().flat_map(|volume| [&volume.volume.key, &volume.rows.key]);
    let of_full = full.volumes.iter().map(|volume| &volume.volume.key);
    for key in objects.chain(of_full) {
        let path = setting.root().join(key);
        let good = fs::read(&path).unwrap();
        for position in (0..good.len()).step_by(good.len() / 5 + 1) {
            let mut bad = good.clone();
            bad[position] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert!(!damages().is_empty(), "{key} at byte {position}");
        }
        fs::write(&path, &good[..good.len() / 2]).unwrap();
        assert!(!damages().is_empty(), "half of {key}");
        assert!(setting.lay_out(&[&full, &child]).is_err(), "half of {key}");
        fs::remove_file(&path).unwrap();
        assert!(!damages().is_empty(), "no {key}");
        assert!(setting.lay_out(&[&full, &child]).is_err(), "no {key}");
        fs::write(&path, &good).unwrap();
    }
    assert!(damages().is_empty());
    setting.lay_out(&[&full, &child]).unwrap();
}

#[test]
fn a_missing_volume_of_either_link_leaves_no_hole_and_no_older_bytes() {
    let setting = Setting::new();
    let (old, new) = (noise(9, 6_000_000), noise(10, 6_000_000));
    let (full, _) = setting.child(None, vec![whole("f", &old)]).unwrap();
    let disk = setting.dir.path().join("disk");
    fs::write(&disk, &new).unwrap();
    let from = Body::File(FileSource { path: disk, may_vanish: false });
    let pairs = Some(ranges(6_000_000, &[(0, 1_500_000), (2_000_000, 3_500_000)]));
    let changed = VirtualFile { partial: pairs, ..file("f", None, from) };
    let (child, _) = setting.child(Some(&full), vec![changed]).unwrap();
    setting.lay_out(&[&full, &child]).unwrap();
    assert!(full.volumes.len() >= 2 && child.volumes.len() >= 2);
    let without = |document: &LinkDocument, number: usize| {
        let mut less = document.clone();
        less.volumes.remove(number);
        less
    };
    let message = |chain: &[&LinkDocument]| {
        let error = setting.lay_out(chain).unwrap_err();
        assert_eq!(error.kind(), Kind::RestoreCheck, "{error:?}");
        error.message().to_owned()
    };
    for number in 0..child.volumes.len() {
        let message = message(&[&full, &without(&child, number)]);
        let wanted = format!("data/f: the backup {} has ", child.link.name());
        assert!(message.starts_with(&wanted), "{message}");
        assert!(message.ends_with(" bytes of it and not 5000000: parts are missing"), "{message}");
    }
    // Its parts of the ranges that the child has are not missed.
    let mut refused = 0;
    for number in 0..full.volumes.len() {
        let less = without(&full, number);
        if setting.lay_out(&[&less, &child]).is_err() {
            let message = message(&[&less, &child]);
            let wanted = format!("data/f: the backup {} has only some parts", full.link.name());
            assert!(message.starts_with(&wanted), "{message}");
            refused += 1;
        }
    }
    assert!(refused > 0);
}

/// A tree that only counts what it is asked and given.
#[derive(Default)]
struct Counting(Mutex<Vec<FilePart>>);

impl TreeWriter for Counting {
    fn open(&self, _link: stream::LinkName) -> Result<()> {
        Ok(())
    }

    fn wants(&self, part: &FilePart) -> Result<bool> {
        Ok(part.path.as_bytes() != b"unwanted")
    }

    fn put(&self, part: &FilePart, _body: &mut dyn std::io::Read) -> Result<()> {
        self.0.lock().unwrap().push(part.clone());
        Ok(())
    }

    fn close(&self) -> Result<()> {
        Ok(())
    }

    fn settle(&self) -> Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

#[test]
fn damage_of_what_is_not_wanted_hinders_no_restore_but_is_found_where_it_is() {
    let setting = Setting::new();
    let files = vec![whole("unwanted", &noise(7, 2_500_000)), whole("wanted", &noise(8, 900_000))];
    let (full, _) = setting.child(None, files).unwrap();
    let (child, _) = setting.child(Some(&full), vec![whole("x", b"x")]).unwrap();
    let mut lies = Vec::new();
    rows(&setting.store, &full, &mut |part| {
        lies.push((part.path.to_string(), part.length));
        Ok(())
    })
    .unwrap();
    assert!(lies.len() >= 4, "{lies:?}");
    let cancel = Cancel::new();
    let options = ExtractOptions { workers: 2, cancel: &cancel, progress: &Silent };
    let read = || {
        let tree = Counting::default();
        extract(&setting.store, &[&full, &child], &tree, options)?;
        let put = tree.0.into_inner().unwrap();
        Ok::<_, errors::Error>(
            put.into_iter().map(|part| part.path.to_string()).collect::<Vec<_>>(),
        )
    };
    assert_eq!(read().unwrap(), ["x", "wanted"]);

    let (mut found, mut passed) = (0, 0);
    for volume in &full.volumes {
        let path = setting.root().join(&volume.volume.key);
        let good = fs::read(&path).unwrap();
        for position in (600..good.len()).step_by(200_000) {
            let mut bad = good.clone();
            bad[position] ^= 0x40;
            fs::write(&path, &bad).unwrap();
            match read() {
                Ok(names) => {
                    assert_eq!(names, ["x", "wanted"]);
                    passed += 1;
                }
                Err(error) => {
                    assert_eq!(error.kind(), Kind::Checksum);
                    assert!(error.message().contains(&volume.volume.key), "{error:?}");
                    found += 1;
                }
            }
        }
        fs::write(&path, &good).unwrap();
    }
    assert!(found >= 2 && passed >= 6, "{found} {passed}");
}
