//! Random chains through the repository: an engine that asks for its parent's rows, several links,
//! and a restore of each.

use crate::partial::whole;
use crate::setting::{Setting, file, noise};
use errors::Result;
use repository::{LinkDocument, StoredRows, rows};
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use stream::{
    Body, ByteRange, Cancel, FileKind, FilePart, FileSource, Job, JobId, Level, Options,
    ParentRows, PartialFile, Silent, TargetName, VirtualFile,
};
use uuid::Uuid;

const PAGE: usize = 8192;

/// What the engine's database holds: bytes by path, and in which pages each differs from the link
/// before, as a log would tell.
#[derive(Clone, Default)]
struct Database {
    files: BTreeMap<String, Vec<u8>>,
    changed: BTreeMap<String, Vec<usize>>,
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from((self.0 >> 33) % limit as u64).unwrap()
    }
}

impl Database {
    fn grow(&mut self, random: &mut Random) {
        for _ in 0..4 + random.below(4) {
            let length = [0, 100, 50_000, 700_000, 2_600_000][random.below(5)];
            let bytes = noise(random.below(1 << 30) as u64, length);
            let path = format!("base/{}", random.below(30));
            // Another file, even where one of that name was.
            self.changed.remove(&path);
            self.files.insert(path, bytes);
        }
    }

    /// Files are written to, grow, shrink, vanish, move, and appear.
    fn go_on(&mut self, random: &mut Random) {
        self.changed.clear();
        for path in self.files.keys().cloned().collect::<Vec<_>>() {
            let Some(mut bytes) = self.files.remove(&path) else { continue };
            match random.below(8) {
                0 => continue,
                1 => {
                    self.files.insert(format!("{path}-{}", random.below(1 << 30)), bytes);
                    continue;
                }
                2 => bytes.truncate(random.below(bytes.len() + 1)),
                3 => bytes.extend(noise(random.below(1 << 30) as u64, random.below(300_000))),
                _ => {}
            }
            let mut changed = Vec::new();
            for (number, page) in bytes.chunks_mut(PAGE).enumerate() {
                if random.below(6) == 0 {
                    page.fill(u8::try_from(random.below(256)).unwrap());
                    changed.push(number);
                }
            }
            self.changed.insert(path.clone(), changed);
            self.files.insert(path, bytes);
        }
        self.grow(random);
    }
}

fn job(setting: &Setting) -> Job {
    Job {
        id: JobId::new(1),
        uuid: Uuid::new_v4(),
        target: TargetName::new("pg-main").unwrap(),
        level: Level::Incremental,
        options: Options::new(&[]),
        links: Vec::new(),
        accepted: Vec::new(),
        parent_rows: Some(Arc::new(StoredRows::new(setting.store.clone()))),
        cancel: Cancel::new(),
        progress: Arc::new(Silent),
    }
}

/// The engine: of a file that the parent has it carries the pages that have changed, and those
/// beyond the parent's end.
fn files_of(
    job: &Job,
    database: &Database,
    parent: Option<Uuid>,
    dir: &std::path::Path,
) -> Result<Vec<VirtualFile>> {
    let mut sizes = BTreeMap::new();
    let mut note = |part: &FilePart| {
        assert_eq!(part.kind, FileKind::File);
        // Of a file that was cut some parts may not tell it; here all do.
        sizes.insert(part.path.to_string(), part.size_bytes().unwrap());
        Ok(())
    };
    let is_known = match parent {
        Some(parent) => job.rows_of(parent, &mut note)?,
        None => false,
    };
    assert_eq!(is_known, parent.is_some());
    let mut files = Vec::new();
    for (path, bytes) in &database.files {
        let (Some(size), Some(changed)) = (sizes.get(path), database.changed.get(path)) else {
            files.push(whole(path, bytes));
            continue;
        };
        let size = usize::try_from(*size).unwrap();
        let is_carried = |number: &usize| {
            changed.contains(number) || (number * PAGE + PAGE).min(bytes.len()) > size
        };
        let ranges: Vec<_> = (0..bytes.len().div_ceil(PAGE))
            .filter(is_carried)
            .map(|number| {
                let offset = number * PAGE;
                let length = PAGE.min(bytes.len() - offset) as u64;
                ByteRange { offset: offset as u64, length }
            })
            .collect();
        let partial = Some(PartialFile::new(bytes.len() as u64, ranges).unwrap());
        let on_disk = dir.join(path.replace('/', "_"));
        fs::write(&on_disk, bytes).unwrap();
        let body = Body::File(FileSource { path: on_disk, may_vanish: false });
        files.push(VirtualFile { partial, ..file(path, None, body) });
    }
    Ok(files)
}

#[test]
fn every_link_of_a_chain_is_restored_to_what_the_database_was() {
    for seed in 1..=3 {
        let mut random = Random(seed);
        let setting = Setting::new();
        let job = job(&setting);
        let mut database = Database::default();
        database.grow(&mut random);
        let mut chain: Vec<LinkDocument> = Vec::new();
        for number in 0..4 {
            if number > 0 {
                database.go_on(&mut random);
            }
            let parent = chain.last().map(|parent| parent.link.id);
            let files = files_of(&job, &database, parent, setting.dir.path()).unwrap();
            let (document, _) = setting.child(chain.last(), files).unwrap();
            chain.push(document);
            let links: Vec<_> = chain.iter().collect();
            let (restored, written) = setting.lay_out(&links).unwrap();
            assert!(restored.keys().eq(database.files.keys()), "seed {seed}, link {number}");
            for (path, bytes) in &database.files {
                assert!(restored[path] == *bytes, "seed {seed}, link {number}, {path}");
            }
            let bytes: usize = database.files.values().map(Vec::len).sum();
            assert_eq!(written, bytes as u64, "seed {seed}, link {number}");
        }
        let stored = |document: &LinkDocument| -> u64 {
            document.volumes.iter().map(|volume| volume.plain_bytes).sum()
        };
        let bytes: usize = database.files.values().map(Vec::len).sum();
        assert!(stored(&chain[3]) < bytes as u64, "the children are no smaller than a full");
    }
}

#[test]
fn rows_are_given_for_links_that_are_here_and_damage_is_told() {
    let setting = Setting::new();
    let (bytes, cut) = (noise(1, 1000), noise(2, 2_500_000));
    let files = vec![whole("a", &bytes), whole("b", &cut)];
    let (document, _) = setting.child(None, files).unwrap();
    let job = job(&setting);
    let mut seen = Vec::new();
    let mut act = |part: &FilePart| {
        let sum = part.whole_crc32c();
        seen.push((part.path.to_string(), part.size_bytes(), part.length, sum));
        Ok(())
    };
    assert!(job.rows_of(document.link.id, &mut act).unwrap());
    assert!(!job.rows_of(Uuid::new_v4(), &mut act).unwrap());
    seen.sort();
    assert_eq!(seen[0], ("a".to_owned(), Some(1000), 1000, Some(crc32c::crc32c(&bytes))));
    assert_eq!(seen.len(), 4);
    assert!(
        seen[1..].iter().all(|(path, size, _, sum)| {
            path == "b" && *size == Some(2_500_000) && sum.is_none()
        })
    );
    let nowhere = Job { parent_rows: None, ..job };
    assert!(!nowhere.rows_of(document.link.id, &mut |_| Ok(())).unwrap());

    // What the engine says ends it.
    let stop = || errors::Error::new(errors::Kind::Interrupted, "enough");
    let stored = StoredRows::new(setting.store.clone());
    let error = stored.rows(document.link.id, &mut |_| Err(stop())).unwrap_err();
    assert_eq!(error.kind(), errors::Kind::Interrupted);
    for volume in &document.volumes {
        let path = setting.root().join(&volume.rows.key);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[good.len() / 2] ^= 1;
        fs::write(&path, &bad).unwrap();
        let error = rows(&setting.store, &document, &mut |_| Ok(())).unwrap_err();
        assert!(error.message().contains(&volume.rows.key), "{error:?}");
        fs::write(&path, &good).unwrap();
    }
}
