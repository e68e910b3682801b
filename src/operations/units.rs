//! Which units of a target are meant.

use errors::{Error, Kind, Result};
use stream::{Engine, Job, Unit, UnitPattern, choose_units};

/// The units of a server that fit one of the patterns; all of them where there is no pattern.
///
/// # Errors
/// The server cannot be asked; `not-found`: there is nothing to back up, or a pattern fits nothing.
pub(crate) fn of_server(
    engine: &dyn Engine,
    job: &Job,
    patterns: &[UnitPattern],
) -> Result<Vec<Unit>> {
    let units = engine.units(job)?;
    if units.is_empty() {
        return Err(Error::new(Kind::NotFound, "the target has nothing to back up"));
    }
    choose_units(units, patterns, |unit| unit.name.as_ref())
}
