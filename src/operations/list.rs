//! What is there: backups, each with the window that it serves.

use crate::registry;
use errors::{Error, Result};
use repository::{LinkDocument, UnitStore};
use stream::{LinkName, TargetName, UnitName, Window};

/// One backup of a repository.
pub(crate) struct Entry {
    pub(crate) target: TargetName,
    pub(crate) unit: Option<UnitName>,
    pub(crate) name: LinkName,
    /// What it says of itself; an error where it is damaged.
    pub(crate) content: Result<Content, Error>,
}

/// A backup that can be read.
pub(crate) struct Content {
    pub(crate) document: LinkDocument,
    /// How far recovery from it can go; nothing for links that serve none alone.
    pub(crate) window: Option<Window>,
}

/// The backups of some units, in their order. One that is damaged hides no other.
///
/// # Errors
/// The repository cannot be read.
pub(crate) fn entries(stores: &[UnitStore]) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for store in stores {
        for name in store.link_names()? {
            let content = match store.link(&name) {
                Ok(document) => {
                    let window = window(&document, store, None)?;
                    Ok(Content { document, window })
                }
                Err(error) => Err(error),
            };
            let (target, unit) = (store.target().clone(), store.unit().cloned());
            entries.push(Entry { target, unit, name, content });
        }
    }
    Ok(entries)
}

/// How far recovery from a backup can go, along the history that is named or the newest.
///
/// # Errors
/// The log cannot be read, or the backup is not on that history.
pub(crate) fn window(
    document: &LinkDocument,
    store: &UnitStore,
    history: Option<&str>,
) -> Result<Option<Window>> {
    let link = &document.link;
    if link.earliest.is_none() {
        return Ok(None);
    }
    let log = registry::by_name(&link.engine)?.log();
    log.map(|log| log.window(link, &store.log(), history)).transpose()
}
