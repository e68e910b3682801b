//! The options of one source, one after the other, and which source wins: overrides over the line
//! over defaults.

use std::collections::HashSet;
use std::mem::{Discriminant, discriminant};

use zeroize::Zeroizing;

use super::separator::Name;
use super::{MaskedText, Origin, Pair, PluginLineError, base85};

/// What a source has said so far.
#[derive(Default)]
pub(super) struct Pairs {
    seen: HashSet<String>,
    pub(super) pairs: Vec<Pair>,
    pub(super) warnings: Vec<String>,
}

impl Pairs {
    /// Notes an option.
    ///
    /// # Errors
    ///
    /// Where the name stands there already, or the value is not encoded as its name says.
    pub(super) fn add(
        &mut self,
        name: &Name<'_>,
        value: Zeroizing<String>,
        origin: Origin,
    ) -> Result<(), PluginLineError> {
        let option = name.text.to_owned();
        // Bareos takes the first one, and nobody sees that the other has no effect.
        if !self.seen.insert(option.clone()) {
            return Err(PluginLineError::Twice { origin, option });
        }
        let value = match name.is_encoded {
            false => value,
            true => match base85::decode(&value) {
                Some(value) => value,
                None => return Err(PluginLineError::Encoding { origin, option }),
            },
        };
        if value.is_empty() {
            self.warnings.push(format!("{origin}: option {option} has no value and is ignored"));
        } else {
            self.pairs.push(Pair { name: option, value: MaskedText(value), origin });
        }
        Ok(())
    }
}

/// Joins options of another source to those that are there.
pub(super) fn merge(pairs: &mut Vec<Pair>, others: impl IntoIterator<Item = Pair>) {
    for other in others {
        match pairs.iter_mut().find(|pair| pair.name == other.name) {
            Some(pair) if pair.origin < other.origin => *pair = other,
            Some(_) => {}
            None => pairs.push(other),
        }
    }
}

/// Gives options their own names, and lets the stronger source win among those that are one.
///
/// # Errors
///
/// Where one source sets an option under two names.
pub(super) fn resolve<'a>(
    pairs: &mut Vec<Pair>,
    canonical: impl Fn(&str) -> Option<&'a str>,
) -> Result<(), PluginLineError> {
    let mut seen: Vec<(String, Discriminant<Origin>, String)> = Vec::new();
    for pair in pairs.iter_mut() {
        let written = pair.name.clone();
        if let Some(name) = canonical(&written) {
            name.clone_into(&mut pair.name);
        }
        let source = discriminant(&pair.origin);
        let is_same = |(name, from, _): &&(_, _, _)| *name == pair.name && *from == source;
        if let Some((_, _, first)) = seen.iter().find(is_same) {
            let (origin, first) = (pair.origin.clone(), first.clone());
            return Err(PluginLineError::Aliases { origin, first, second: written });
        }
        seen.push((pair.name.clone(), source, written));
    }
    let all = std::mem::take(pairs);
    merge(pairs, all);
    Ok(())
}
