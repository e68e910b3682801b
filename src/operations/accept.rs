//! Accepting a lineage: another server continues a target.

use errors::{Error, Kind, Result};
use repository::UnitStore;
use stream::{Engine, Job};

/// The lineage that the server has today.
///
/// # Errors
/// `usage`: the engine's targets need none; the server cannot be asked.
pub(crate) fn lineage_of_server(engine: &dyn Engine, job: &Job) -> Result<String> {
    let lineage = engine.log().map_or(Ok(None), |log| log.lineage(job))?;
    lineage.ok_or_else(|| {
        let name = engine.descriptor().name;
        Error::new(Kind::Usage, format!("there is nothing to accept for {name}"))
            .hint("Whether a backup continues an earlier one is found out at each backup; where it does not, a full is taken.")
    })
}

/// Accepts it; `false`: it was accepted before. With `is_dry`, nothing is changed.
///
/// # Errors
/// The repository cannot be read or written.
pub(crate) fn accept(store: &UnitStore, lineage: &str, is_dry: bool) -> Result<bool> {
    let is_new = !store.accepted_lineages()?.iter().any(|known| known == lineage);
    if is_new && !is_dry {
        store.accept_lineage(lineage)?;
    }
    Ok(is_new)
}

/// It becomes the name of an object.
///
/// # Errors
/// `usage`.
pub(crate) fn checked(lineage: String) -> Result<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !lineage.is_empty() && lineage.len() <= 64 && lineage.chars().all(is_plain) {
        return Ok(lineage);
    }
    Err(Error::new(Kind::Usage, format!("{lineage:?} is not an identifier of a cluster"))
        .hint("`seawall list` shows those that are there."))
}
