//! Engines: one per database, each behind this trait.

use crate::{
    Descriptor, Diagnosis, Job, Link, Log, Options, Position, Restorer, Sink, Stored, UnitName,
};
use errors::Result;

/// Turns a hot server into a stream of virtual files and, at the end, a link.
///
/// The methods block; they may be called on any thread that is not a worker of an async runtime.
pub trait Engine: Send + Sync {
    /// What it is.
    fn descriptor(&self) -> &'static Descriptor;

    /// Reads a URL into options. The scheme need not be one of the engine's own: an option may have
    /// named the engine.
    ///
    /// # Errors
    /// `usage`: it is not a URL that this engine understands, or it holds a password.
    fn url_options(&self, url: &str) -> Result<Vec<(String, String)>>;

    /// What a target is called when nobody names it: `<engine>-<host or socket>-<port>`.
    fn default_target(&self, options: &Options) -> String;

    /// What can be backed up and restored alone. `None` in the unit: the target has only one.
    ///
    /// # Errors
    /// The server cannot be asked.
    fn units(&self, job: &Job) -> Result<Vec<Unit>>;

    /// Looks for everything that would make a backup fail or be useless. What cannot be looked at
    /// hides nothing else. `stored`: what the repository holds, where it can be read.
    fn check(&self, job: &Job, stored: Option<&Stored<'_>>) -> Vec<Diagnosis>;

    /// Pushes the unit's files into the sink; settles it before the server leaves backup mode.
    ///
    /// # Errors
    /// The backup is not usable; the sink is to be dropped.
    fn backup(&self, job: &Job, unit: &Unit, sink: &dyn Sink) -> Result<Link>;

    /// Everything about positions and points in time. `None`: a backup is of its own moment only.
    fn log(&self) -> Option<&dyn Log>;

    /// How a backup is brought back.
    fn restorer(&self) -> Restorer<'_>;
}

/// Prints a position as the engine's operators know it; as a number, where the engine has no log.
pub fn print_position(engine: &dyn Engine, position: Position) -> String {
    engine.log().map_or_else(|| position.value().to_string(), |log| log.print_position(position))
}

/// What can be backed up and restored alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its name; `None` where the target is the unit.
    pub name: Option<UnitName>,
}

impl Unit {
    /// The unit of an engine whose targets have only one.
    #[must_use]
    pub fn whole_target() -> Self {
        Self { name: None }
    }
}
