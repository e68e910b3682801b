//! Chains: a full and the links of data that continue it.

use crate::{Level, Link};
use errors::{Error, Kind, Result};
use uuid::Uuid;

/// Links to lay out, parents first; never empty.
#[derive(Debug, Clone)]
pub struct Chain<'a>(Vec<&'a Link>);

impl<'a> Chain<'a> {
    /// A chain of one link that needs no other.
    #[must_use]
    pub fn alone(link: &'a Link) -> Self {
        Self(vec![link])
    }

    /// The chain of links that are given parents first.
    ///
    /// # Errors
    /// `bug`: there are none.
    pub fn new(links: Vec<&'a Link>) -> Result<Self> {
        match links.is_empty() {
            true => Err(Error::new(Kind::Bug, "a chain without links")),
            false => Ok(Self(links)),
        }
    }

    /// The chain that ends with `newest`, by the parents that the links name.
    ///
    /// # Errors
    /// `not-found`: a parent is missing; `manifest`: a link is its own ancestor, or a link that is
    /// not a full names no parent.
    pub fn of(newest: &'a Link, links: &'a [Link]) -> Result<Self> {
        let mut chain = vec![newest];
        let mut link = newest;
        while let Some(id) = link.parent {
            link = links.iter().find(|other| other.id == id).ok_or_else(|| {
                let text = format!("the parent of {} is not among the backups", link.name());
                Error::new(Kind::NotFound, text).hint("Restore another backup: `seawall list`.")
            })?;
            if chain.len() > links.len() {
                let text = format!("{} is its own ancestor", newest.name());
                return Err(Error::new(Kind::Manifest, text));
            }
            chain.push(link);
        }
        if link.level != Level::Full {
            let text = format!("{} is not a full and names no parent", link.name());
            return Err(Error::new(Kind::Manifest, text));
        }
        chain.reverse();
        Ok(Self(chain))
    }

    /// All links, parents first.
    #[must_use]
    pub fn links(&self) -> &[&'a Link] {
        &self.0
    }

    /// The link whose state is restored.
    #[must_use]
    pub fn newest(&self) -> &'a Link {
        // A chain is made with at least one link, and never changed.
        self.0[self.0.len() - 1]
    }

    /// Identities, parents first.
    #[must_use]
    pub fn ids(&self) -> Vec<Uuid> {
        self.0.iter().map(|link| link.id).collect()
    }

    /// Plain bytes of all links.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.0.iter().map(|link| link.totals.bytes).sum()
    }
}
