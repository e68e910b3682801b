//! Looking at the log: names and heads.

use super::LogStore;
use crate::storage::Key;
use errors::Result;
use stream::{LogKey, LogView, PieceInfo};

impl LogStore {
    fn prefixes(&self, below: &Key) -> Result<Vec<String>> {
        let listed = self.storage.list(below)?;
        Ok(listed.into_iter().filter(|entry| entry.bytes.is_none()).map(|e| e.name).collect())
    }
}

impl LogView for LogStore {
    fn lanes(&self, lineage: &str) -> Result<Vec<String>> {
        self.prefixes(&self.keys.lineage(lineage))
    }

    fn shards(&self, lineage: &str, lane: &str) -> Result<Vec<String>> {
        self.prefixes(&self.keys.lineage(lineage).join(lane))
    }

    fn names(&self, lineage: &str, lane: &str, shard: &str) -> Result<Vec<String>> {
        let listed = self.storage.list(&self.keys.lineage(lineage).join(lane).join(shard))?;
        Ok(listed.into_iter().filter(|entry| entry.bytes.is_some()).map(|e| e.name).collect())
    }

    fn info(&self, key: &LogKey) -> Result<Option<PieceInfo>> {
        let info = |head: formats::log_piece::PieceHead| PieceInfo {
            length: head.length,
            written_at: head.written_at,
            facts: head.facts,
        };
        Ok(self.info_head(key)?.map(info))
    }

    fn read(&self, key: &LogKey, act: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        let Some(mut piece) = self.open_piece(key)? else { return Ok(false) };
        piece.for_each_block(act)?;
        Ok(true)
    }
}
