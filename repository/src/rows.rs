//! Rows as data: what a link holds of each file.

use crate::unit::{LinkDocument, UnitStore};
use crate::volume::Rows;
use errors::{Kind, Result};
use stream::{FilePart, ParentRows};
use uuid::Uuid;

/// Calls `act` with each row of a link, volume by volume and in the order of their members. No body
/// is read, and one row at a time is in memory.
///
/// # Errors
/// `checksum` or `manifest`: the rows are damaged. Some may have been given to `act` by then: what
/// it learned is not to be used. Or `act`'s own.
pub fn rows(
    store: &UnitStore,
    document: &LinkDocument,
    act: &mut dyn FnMut(&FilePart) -> Result<()>,
) -> Result<()> {
    for volume in &document.volumes {
        let mut rows = Rows::open(store.storage.as_ref(), volume)?;
        while let Some(row) = rows.next()? {
            act(&row.file_part()?)?;
        }
        rows.finish()?;
    }
    Ok(())
}

/// The rows of all links of a unit, for an engine's job.
pub struct StoredRows(UnitStore);

impl StoredRows {
    /// Those that are stored here.
    #[must_use]
    pub fn new(store: UnitStore) -> Self {
        Self(store)
    }
}

impl ParentRows for StoredRows {
    fn rows(&self, link: Uuid, act: &mut dyn FnMut(&FilePart) -> Result<()>) -> Result<bool> {
        // The newest is asked for most often. Names do not tell the identity.
        for name in self.0.link_names()?.iter().rev() {
            match self.0.link(name) {
                Ok(document) if document.link.id == link => {
                    return rows(&self.0, &document, act).map(|()| true);
                }
                // Another one that is damaged hinders nobody.
                Ok(_) => {}
                Err(error) if error.kind() == Kind::Manifest => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}
