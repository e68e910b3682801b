//! Storage: a small trait of our own, and its drivers.
//!
//! Objects are written once under a name that nobody has, read, listed and deleted; never
//! rewritten. What a store can promise beyond that is data ([`Capabilities`]), not code.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod driver;
mod posix;

pub use driver::{DRIVERS, driver_of};
pub use posix::Posix;

use errors::Result;
use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;
use stream::{OptionSpec, Options};
use system::failpoint::Point;

/// How storage of one kind is found and opened.
pub struct Driver {
    /// The scheme of its locations: `file`.
    pub scheme: &'static str,
    /// The one definition of each of its options: keys of `[repo.NAME]`, `SEAWALL_<OPTION>`.
    pub options: &'static [OptionSpec],
    /// Opens the storage at a location. It need not exist yet.
    pub open: fn(&str, &Options) -> Result<Arc<dyn Storage>>,
}

/// The name of an object: components joined by `/`, no dots in front, relative to the repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// A key of one component.
    #[must_use]
    pub fn new(component: &str) -> Self {
        debug_assert!(is_component(component), "{component:?}");
        Self(component.to_owned())
    }

    /// Reads a key that stands in a document. `None` where a component could leave its place.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.split('/').all(is_component).then(|| Self(text.to_owned()))
    }

    /// This key with one more component.
    #[must_use]
    pub fn join(&self, component: &str) -> Self {
        debug_assert!(is_component(component), "{component:?}");
        Self(format!("{}/{component}", self.0))
    }

    /// The key's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_component(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('.') && !text.contains(['/', '\0'])
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a store can promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Of several writers of one name, exactly one succeeds.
    pub create_if_absent: bool,
    /// A finished object survives a power cut.
    pub durable: bool,
}

/// How the writing of an object ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// The object is there, with the bytes that were written.
    New,
    /// An object of that name was there before; it is untouched.
    Exists,
}

/// Takes the bytes of one object. Dropped without `finish`, it leaves nothing under the name.
pub trait ObjectWriter: Write + Send {
    /// Makes the object durable, then visible under its name, unless that name is taken.
    ///
    /// # Errors
    /// The bytes could not be stored; then nothing is visible.
    fn finish(self: Box<Self>) -> Result<Created>;
}

/// One name below a prefix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// The last component.
    pub name: String,
    /// Bytes of an object; `None` for a further prefix.
    pub bytes: Option<u64>,
}

/// A store of objects. Every method may be called from several threads at once.
pub trait Storage: Send + Sync {
    /// Where this store is, for people.
    fn describe(&self) -> String;

    /// What it can promise.
    fn capabilities(&self) -> Capabilities;

    /// Makes the place ready to hold a repository, once in its life.
    ///
    /// # Errors
    /// The place cannot be made.
    fn prepare(&self) -> Result<()>;

    /// Begins an object. `point` names it for the failpoints.
    ///
    /// # Errors
    /// The store cannot be written.
    fn create(&self, key: &Key, point: Point) -> Result<Box<dyn ObjectWriter>>;

    /// Reads an object from its start; `None` when there is definitely none of that name.
    ///
    /// # Errors
    /// The store cannot be read.
    fn open(&self, key: &Key) -> Result<Option<Box<dyn Read + Send>>> {
        self.open_at(key, 0)
    }

    /// Reads an object from its byte `offset` on; `None` when there is definitely none of that
    /// name.
    ///
    /// # Errors
    /// The store cannot be read.
    fn open_at(&self, key: &Key, offset: u64) -> Result<Option<Box<dyn Read + Send>>>;

    /// Bytes of an object; `None` when there is definitely none of that name.
    ///
    /// # Errors
    /// The store cannot be read.
    fn size(&self, key: &Key) -> Result<Option<u64>>;

    /// The names one level below a prefix, sorted; none when nothing is below it.
    ///
    /// # Errors
    /// The store cannot be read.
    fn list(&self, prefix: &Key) -> Result<Vec<Listed>>;

    /// Removes an object; `false` when there was none.
    ///
    /// # Errors
    /// The store cannot be written.
    fn delete(&self, key: &Key) -> Result<bool>;

    /// Makes an object durable that somebody else may have written a moment ago.
    ///
    /// # Errors
    /// The object is gone, or the store cannot be written.
    fn make_durable(&self, key: &Key, point: Point) -> Result<()>;

    /// Removes what writers that died left directly below a prefix and did not touch for
    /// `untouched`.
    ///
    /// # Errors
    /// The store cannot be written.
    fn sweep(&self, prefix: &Key, untouched: Duration) -> Result<()>;

    /// Bytes that can still be written, where the store knows.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn free_bytes(&self) -> Result<Option<u64>>;
}
