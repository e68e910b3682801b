//! Bodies: one file of a link, read from its first byte to its last, without a tree.
//!
//! The rows tell where the parts lie. Workers fetch and unpack them ahead of the reader, and a part
//! is handed over after it was compared with its checksum.

mod ahead;
mod pieces;

use crate::storage::Storage;
use crate::unit::{LinkDocument, StoredVolume, UnitStore};
use crate::volume::Rows;
use ahead::Ahead;
use errors::Result;
use pieces::Pieces;
use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;
use stream::{Bodies, Cancel, FileKind, RelPath, RootName};

/// How bodies are read.
#[derive(Clone)]
pub struct BodyOptions {
    /// Threads per open body that read and decompress.
    pub workers: usize,
    /// Ends the reading.
    pub cancel: Cancel,
}

/// The bodies of one link.
pub struct LinkBodies {
    storage: Arc<dyn Storage>,
    volumes: Vec<StoredVolume>,
    options: BodyOptions,
}

/// Gives the bodies of a link to who reads them in order.
///
/// Each byte was compared with what was written before it is handed over. A read error carries our
/// own error, of kind `checksum` or `manifest`, which names object and offset; every later read
/// answers it again. A reader holds at most workers + 2 parts of 8 MiB (two, where parts are
/// larger), and its threads end when it is dropped.
#[must_use]
pub fn bodies(store: &UnitStore, document: &LinkDocument, options: BodyOptions) -> LinkBodies {
    let storage = Arc::clone(&store.storage);
    LinkBodies { storage, volumes: document.volumes.clone(), options }
}

impl Bodies for LinkBodies {
    fn names(&self) -> Result<Vec<(RootName, RelPath)>> {
        let mut names = BTreeSet::new();
        for volume in &self.volumes {
            let mut rows = Rows::open(self.storage.as_ref(), volume)?;
            while let Some(row) = rows.next()? {
                let part = row.file_part()?;
                if part.kind == FileKind::File {
                    names.insert((part.root, part.path));
                }
            }
            // From here on the rows are those that were written.
            rows.finish()?;
        }
        Ok(names.into_iter().collect())
    }

    fn open(&self, root: &RootName, path: &RelPath) -> Result<Box<dyn Read + Send>> {
        let cancel = &self.options.cancel;
        let pieces = Pieces::find(self.storage.as_ref(), &self.volumes, root, path, cancel)?;
        let reader = Ahead::start(Arc::clone(&self.storage), pieces, self.options.clone())?;
        Ok(Box::new(reader))
    }
}
