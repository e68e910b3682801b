//! The log that came among the files of a restore.

use errors::{Error, Result};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use stream::{Link, LogKey, LogView, PieceInfo, RelPath, RootName};
use system::BLOCK_BYTES;

/// Pieces of log by their keys, and where they lie; `None`: they have not come yet.
#[derive(Debug, Default)]
pub(super) struct CarriedLog(BTreeMap<LogKey, Option<PathBuf>>);

impl CarriedLog {
    /// All that some links say they carry.
    pub(super) fn promised<'a>(links: impl Iterator<Item = &'a Link>) -> Self {
        let keys = links.flat_map(|link| &link.log).flat_map(|reach| reach.keys().flatten());
        Self(keys.map(|key| (key, None)).collect())
    }

    /// A piece lies here now.
    pub(super) fn add(&mut self, key: LogKey, path: PathBuf) {
        self.0.insert(key, Some(path));
    }

    /// How many sequences of pieces there are.
    pub(super) fn lanes_count(&self) -> usize {
        let mut lanes: Vec<_> = self.0.keys().map(|key| (&key.lineage, &key.lane)).collect();
        lanes.dedup();
        lanes.len()
    }

    fn distinct(&self, of: impl Fn(&LogKey) -> Option<&String>) -> Vec<String> {
        let mut found: Vec<String> = self.0.keys().filter_map(|key| of(key).cloned()).collect();
        found.sort();
        found.dedup();
        found
    }

    fn path(&self, key: &LogKey) -> Option<&PathBuf> {
        self.0.get(key)?.as_ref()
    }
}

/// The key of a piece, by the file's place in the tree.
pub(super) fn key_of(link: &Link, root: &RootName, path: &RelPath) -> Option<LogKey> {
    let reaches = link.log.iter().filter(|reach| reach.root == *root);
    let keys = reaches.flat_map(|reach| {
        let directory = reach.directory.as_bytes();
        let name = path.as_bytes().strip_prefix(directory).and_then(|rest| rest.strip_prefix(b"/"));
        reach.keys().flatten().filter(move |key| Some(key.name.as_bytes()) == name)
    });
    keys.into_iter().next()
}

impl LogView for CarriedLog {
    fn lanes(&self, lineage: &str) -> Result<Vec<String>> {
        Ok(self.distinct(|key| (key.lineage == lineage).then_some(&key.lane)))
    }

    fn shards(&self, lineage: &str, lane: &str) -> Result<Vec<String>> {
        Ok(self.distinct(|key| (key.lineage == lineage && key.lane == lane).then_some(&key.shard)))
    }

    fn names(&self, lineage: &str, lane: &str, shard: &str) -> Result<Vec<String>> {
        Ok(self.distinct(|key| {
            let is_there = key.lineage == lineage && key.lane == lane && key.shard == shard;
            is_there.then_some(&key.name)
        }))
    }

    fn info(&self, key: &LogKey) -> Result<Option<PieceInfo>> {
        let Some(path) = self.path(key) else { return Ok(None) };
        let failed = |error| Error::io(format!("look at {}", path.display()), error);
        let metadata = fs::metadata(path).map_err(failed)?;
        let written_at = metadata.modified().map_err(failed)?.into();
        // What it says of itself is in no head: whoever needs it reads the piece.
        Ok(Some(PieceInfo { length: metadata.len(), written_at, facts: BTreeMap::new() }))
    }

    fn read(&self, key: &LogKey, act: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        let Some(path) = self.path(key) else { return Ok(false) };
        let failed = |error| Error::io(format!("read {}", path.display()), error);
        let mut file = File::open(path).map_err(failed)?;
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            match file.read(&mut block).map_err(failed)? {
                0 => return Ok(true),
                read => act(&block[..read])?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL_BYTES: usize = 1 << 20;

    #[test]
    fn a_piece_that_is_not_small_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let key = |name: &str| LogKey {
            lineage: "1".to_owned(),
            lane: "1".to_owned(),
            shard: "0".to_owned(),
            name: name.to_owned(),
        };
        let mut log = CarriedLog::default();
        for (name, length) in [("small", SMALL_BYTES), ("large", SMALL_BYTES + 1)] {
            let path = dir.path().join(name);
            fs::write(&path, vec![7; length]).unwrap();
            log.add(key(name), path);
        }
        let small = log.read_small(&key("small")).unwrap();
        assert_eq!(small, Some(vec![7; SMALL_BYTES]));
        assert_eq!(log.read_small(&key("large")).unwrap_err().kind(), errors::Kind::Manifest);
        assert_eq!(log.read_small(&key("absent")).unwrap(), None);
    }
}
