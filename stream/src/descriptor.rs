//! What an engine is, as data: printed by `version`, read by configuration and registries.

use crate::{Level, OptionSpec};
use errors::Rule;

/// The facts of an engine that need no server to be known.
#[derive(Debug)]
pub struct Descriptor {
    /// The name in configuration and links: `postgresql`.
    pub name: &'static str,
    /// URL schemes that choose this engine where no option names one.
    pub schemes: &'static [&'static str],
    /// The versions of the server that are supported, for people.
    pub supported: &'static str,
    /// The one definition of every option.
    pub options: &'static [OptionSpec],
    /// The levels that it has.
    pub levels: &'static [Level],
    /// All that [`Engine::check`](crate::Engine::check) looks for.
    pub check_rules: &'static [&'static Rule],
    /// All that [`Log::verify`](crate::Log::verify) looks for.
    pub log_rules: &'static [&'static Rule],
    /// Whose the log is.
    pub log_scope: LogScope,
}

/// Whether the units of a target share one log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogScope {
    /// One log for the whole target: a cluster's WAL, an instance's binlogs.
    Target,
    /// Each unit has a log of its own: a SQL Server database.
    Unit,
}
