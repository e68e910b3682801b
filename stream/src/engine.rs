//! Engines: one per database, each behind this trait.

use crate::{
    Diagnosis, Job, LastMile, Layout, LayoutRequest, Level, Link, LogView, NamedPoint, OptionSpec,
    Options, Plan, Position, RecoveryRequest, Sink, Starting, Stored, StreamEngine, UnitName,
    Window,
};
use errors::{Result, Rule};

/// Turns a hot server into a stream of virtual files and, at the end, a link.
///
/// The methods block; they may be called on any thread that is not a worker of an async runtime.
pub trait Engine: Send + Sync {
    /// The name in configuration and links: `postgresql`.
    fn name(&self) -> &'static str;

    /// URL schemes that choose this engine.
    fn schemes(&self) -> &'static [&'static str];

    /// The versions of the server that are supported, for people.
    fn supported(&self) -> String;

    /// Reads a URL of one of the schemes into options.
    ///
    /// # Errors
    /// `usage`: it is none, or it holds a password.
    fn url_options(&self, url: &str) -> Result<Vec<(String, String)>>;

    /// What a target is called when nobody names it: `<engine>-<host or socket>-<port>`.
    fn default_target(&self, options: &Options) -> String;

    /// The one definition of every option.
    fn options(&self) -> &'static [OptionSpec];

    /// The levels that it has.
    fn levels(&self) -> &'static [Level];

    /// What can be backed up and restored alone. `None` in the unit: the target has only one.
    ///
    /// # Errors
    /// The server cannot be asked.
    fn units(&self, job: &Job) -> Result<Vec<Unit>>;

    /// All that [`Engine::check`] looks for.
    fn rules(&self) -> &'static [&'static Rule];

    /// Looks for everything that would make a backup fail or be useless. What cannot be looked at
    /// hides nothing else. `stored`: what the repository holds, where it can be read.
    fn check(&self, job: &Job, stored: Option<&Stored<'_>>) -> Vec<Diagnosis>;

    /// Asks the server for the lineage of its log and backups.
    ///
    /// # Errors
    /// The server cannot be asked.
    fn lineage(&self, job: &Job) -> Result<String>;

    /// Pushes the unit's files into the sink; settles it before the server leaves backup mode.
    ///
    /// # Errors
    /// The backup is not usable; the sink is to be dropped.
    fn backup(&self, job: &Job, unit: &Unit, sink: &dyn Sink) -> Result<Link>;

    /// Reads a position as operators write it.
    ///
    /// # Errors
    /// It is none.
    fn position(&self, text: &str) -> Result<Position>;

    /// Prints a position as operators know it.
    fn print_position(&self, position: Position) -> String;

    /// Chooses the chain for a target and proves that the log reaches it, or names the gap.
    ///
    /// # Errors
    /// No link serves, or the log has a gap before the target.
    fn cover(&self, links: &[Link], log: &dyn LogView, request: &RecoveryRequest) -> Result<Plan>;

    /// How far recovery from a link can go; along the history that is named, or the newest.
    ///
    /// # Errors
    /// The log cannot be read, or the link is not on that history.
    fn window(&self, link: &Link, log: &dyn LogView, history: Option<&str>) -> Result<Window>;

    /// The named points that recovery from a link can go to, in the order of the log.
    ///
    /// # Errors
    /// As [`Engine::window`].
    fn named_points(
        &self,
        link: &Link,
        log: &dyn LogView,
        history: Option<&str>,
    ) -> Result<Vec<NamedPoint>>;

    /// Decides where each root of a chain's newest link goes.
    ///
    /// # Errors
    /// A mapping names a root that the link does not have.
    fn layout(&self, link: &Link, request: &LayoutRequest) -> Result<Layout>;

    /// How the restored server is started; `None`: as any other.
    ///
    /// # Errors
    /// The link cannot be read.
    fn starting(&self, link: &Link, layout: &Layout) -> Result<Option<Starting>>;

    /// What restore asks where links hold the streams of a tool. `None`: a link's files are the
    /// data directory's own, and go straight to their places.
    fn streams(&self) -> Option<&dyn StreamEngine> {
        None
    }

    /// Refuses a directory in which a server of this engine is running.
    ///
    /// # Errors
    /// `target-running`.
    fn refuse_running(&self, layout: &Layout) -> Result<()>;

    /// The last mile: recovery settings, links, markers that the server itself wants.
    ///
    /// # Errors
    /// A file cannot be written.
    fn finish(&self, mile: &LastMile<'_>) -> Result<()>;
}

/// What can be backed up and restored alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its name; `None` where the target is the unit.
    pub name: Option<UnitName>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Ok,
    /// A backup works, but something will hurt one day.
    Warning,
    /// A backup would fail, or be useless.
    Error,
}
