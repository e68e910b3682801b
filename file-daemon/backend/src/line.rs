//! Plugin lines: what a FileSet says to the plugin (`docs/file-daemon.md`, "Plugin lines").
//!
//! | file | what it knows |
//! |---|---|
//! | `syntax` | the line: plugin, pairs, quotes, escapes |
//! | `separator` | where one option of the line ends and the next begins |
//! | `option_file` | the text of a defaults_file or overrides_file |
//! | `read` | reading those files: the only I/O |
//! | `pairs` | one source's options: no name twice, no empty values |
//! | `merge` | which source wins, by name and by alias |
//! | `base85` | values of `name#enc=` |
//! | `modules` | module_name and module_path of Bareos's Python plugins |

mod base85;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod merge;
mod modules;
mod option_file;
mod pairs;
mod read;
mod separator;
mod syntax;
#[cfg(test)]
mod tests;

use errors::Result;
use std::fmt;
use std::path::{Path, PathBuf};
use system::Secret;

/// The longest line, and the longest file of options.
pub const BYTES_MAX: usize = 64 << 10;

/// A plugin line that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The plugin's name: what stands before the first colon.
    pub plugin: String,
    /// Its options. Each name stands once.
    pub pairs: Vec<Pair>,
    /// The path whose content is wanted, where Bacula's `.ls` has appended one.
    pub listing: Option<String>,
    /// What the job must be told, as sentences without a full stop. They hold no values.
    pub warnings: Vec<String>,
}

/// One option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Its name as it was written; [`Line::resolve`] makes aliases one.
    pub name: String,
    /// Its value. Which values are secret is known later, so all of them are masked.
    pub value: Secret,
    /// Where it stands.
    pub origin: Origin,
}

/// Where an option stands. Later ones win.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// In a line of the file that `defaults_file` names.
    DefaultsFile(PathBuf, usize),
    /// In the plugin line itself, which the daemon's catalogue and volumes keep: no place for
    /// secrets.
    Line,
    /// In a line of the file that `overrides_file` names.
    OverridesFile(PathBuf, usize),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line => f.write_str("plugin line"),
            Self::DefaultsFile(path, line) | Self::OverridesFile(path, line) => {
                write!(f, "{}, line {line}", path.display())
            }
        }
    }
}

impl Line {
    /// Reads the line alone: no file is opened, and `defaults_file`, `overrides_file`,
    /// `module_name` and `module_path` are options like others.
    ///
    /// # Errors
    /// `config`: the line can be understood in no way, or in several.
    pub fn parse(text: &str) -> Result<Self> {
        syntax::parse(text)
    }

    /// Reads the line and the files that it names, and turns the module of a Bareos plugin into
    /// an engine. Relative paths of files begin at `configuration`.
    ///
    /// # Errors
    /// `config`: the line or a file can be understood in no way, or in several, or no engine does
    /// what the module did; `io`: a file cannot be read.
    pub fn read(text: &str, configuration: &Path) -> Result<Self> {
        let mut line = Self::parse(text)?;
        read::files(&mut line, configuration)?;
        modules::translate(&mut line)?;
        Ok(line)
    }

    /// The option of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.name == name)
    }

    /// Takes the option of this name out.
    pub fn take(&mut self, name: &str) -> Option<Pair> {
        let at = self.pairs.iter().position(|pair| pair.name == name)?;
        Some(self.pairs.remove(at))
    }

    /// Gives options that have several names the one that `canonical` answers; those it does not
    /// know keep theirs. Of one option under two names the one from the stronger source wins.
    ///
    /// # Errors
    /// `config`: one source sets an option under two names.
    pub fn resolve<'a>(&mut self, canonical: impl Fn(&str) -> Option<&'a str>) -> Result<()> {
        merge::resolve(self, canonical)
    }
}
