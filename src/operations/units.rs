//! Which units of a target are meant.

use errors::{Error, Kind, Result};
use stream::{Engine, Job, Unit, UnitName, UnitPattern};

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
    choose(units, patterns, |unit| unit.name.as_ref())
}

/// Those that fit, in their order.
///
/// # Errors
/// `not-found`: a pattern fits nothing.
pub(super) fn choose<T>(
    all: Vec<T>,
    patterns: &[UnitPattern],
    name: impl Fn(&T) -> Option<&UnitName>,
) -> Result<Vec<T>> {
    if patterns.is_empty() {
        return Ok(all);
    }
    let fits = |pattern: &UnitPattern, one: &T| {
        name(one).is_some_and(|name| pattern.matches(name.as_str()))
    };
    if let Some(pattern) = patterns.iter().find(|pattern| !all.iter().any(|one| fits(pattern, one)))
    {
        let names: Vec<String> = all.iter().filter_map(&name).map(ToString::to_string).collect();
        let error = Error::new(Kind::NotFound, format!("no unit is called {pattern}"));
        return Err(match names.is_empty() {
            true => error.hint("The target is one unit: leave --unit out."),
            false => error.hint(format!("Its units: {}.", names.join(", "))),
        });
    }
    Ok(all.into_iter().filter(|one| patterns.iter().any(|pattern| fits(pattern, one))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(names: &[&str], patterns: &[&str]) -> Result<Vec<String>> {
        let units = names.iter().map(|name| UnitName::new(*name).unwrap()).collect();
        let patterns: Vec<UnitPattern> =
            patterns.iter().map(|text| text.parse().unwrap()).collect();
        let chosen = choose(units, &patterns, |name: &UnitName| Some(name))?;
        Ok(chosen.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn each_pattern_must_fit_something() {
        assert_eq!(chosen(&["a", "b"], &[]).unwrap(), ["a", "b"]);
        assert_eq!(chosen(&["a1", "b", "a2"], &["b", "a*"]).unwrap(), ["a1", "b", "a2"]);
        let error = chosen(&["a", "b"], &["a", "c*"]).unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::NotFound, "no unit is called c*"));
        assert_eq!(error.hints(), ["Its units: a, b."]);
    }
}
