//! Which source wins: overrides over the line over defaults.

use super::{Line, Pair};
use errors::{Error, Kind, Result};
use std::mem::{Discriminant, discriminant};

/// Joins options of other sources to those of the line.
pub(super) fn by_name(line: &mut Line, others: impl Iterator<Item = Pair>) {
    for other in others {
        match line.pairs.iter_mut().find(|pair| pair.name == other.name) {
            Some(pair) if pair.origin < other.origin => *pair = other,
            Some(_) => {}
            None => line.pairs.push(other),
        }
    }
}

/// Gives options their own names, and lets the stronger source win among those that are one.
///
/// # Errors
/// `config`: one source sets an option under two names.
pub(super) fn resolve<'a>(
    line: &mut Line,
    canonical: impl Fn(&str) -> Option<&'a str>,
) -> Result<()> {
    let mut seen: Vec<(String, Discriminant<super::Origin>, String)> = Vec::new();
    for pair in &mut line.pairs {
        let written = pair.name.clone();
        if let Some(name) = canonical(&written) {
            name.clone_into(&mut pair.name);
        }
        let source = discriminant(&pair.origin);
        let is_same = |(name, from, _): &&(_, _, _)| *name == pair.name && *from == source;
        if let Some((_, _, other)) = seen.iter().find(is_same) {
            let told = format!("{}: {other} and {written} are the same option", pair.origin);
            return Err(Error::new(Kind::Config, told).hint("Keep one of them."));
        }
        seen.push((pair.name.clone(), source, written));
    }
    let pairs = std::mem::take(&mut line.pairs);
    by_name(line, pairs.into_iter());
    Ok(())
}
