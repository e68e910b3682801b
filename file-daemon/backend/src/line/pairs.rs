//! The options of one source, one after the other.

use super::separator::Name;
use super::{Origin, Pair, base85};
use errors::{Error, Kind, Result};
use std::collections::HashSet;
use system::Secret;
use zeroize::Zeroizing;

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
    /// `config`: the name stands there already, or the value is not encoded as its name says.
    pub(super) fn add(
        &mut self,
        name: &Name<'_>,
        value: Zeroizing<String>,
        origin: Origin,
    ) -> Result<()> {
        let wrong = |what: &str| Error::new(Kind::Config, format!("{origin}: {what}"));
        let Name { text: name, is_encoded, .. } = *name;
        // Bareos takes the first one, and nobody sees that the other has no effect.
        if !self.seen.insert(name.to_owned()) {
            return Err(wrong(&format!("option {name} is given twice")));
        }
        let value = match is_encoded {
            true => base85::decode(&value)
                .ok_or_else(|| wrong(&format!("{name}#enc is no text in base85")))?,
            false => value,
        };
        if value.is_empty() {
            self.warnings.push(format!("{origin}: option {name} has no value and is ignored"));
        } else {
            let (name, value) = (name.to_owned(), Secret::new(value.as_str()));
            self.pairs.push(Pair { name, value, origin });
        }
        Ok(())
    }
}
