//! Plugin lines: what a FileSet says to the plugin (`docs/file-daemon.md`, "Plugin lines").
//!
//! | file | what it knows |
//! |---|---|
//! | `syntax` | the line: plugin, pairs, quotes, escapes |
//! | `separator` | where one option of the line ends and the next begins |
//! | `option_file` | the text of a defaults_file or overrides_file |
//! | `pairs` | one source's options: no name twice, no empty values; which source wins |
//! | `base85` | values of `name#enc=` |
//! | `modules` | module_name and module_path of Bareos's Python plugins |
//! | `error` | what can be wrong, and what to do about it |

mod base85;
mod error;
mod modules;
mod option_file;
mod pairs;
mod separator;
mod syntax;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

pub use error::PluginLineError;
pub use option_file::OptionFile;

/// The longest line, and the longest file of options, in bytes.
pub const BYTES_MAX: usize = 64 << 10;

/// A plugin line that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginLine {
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
    /// Its name as it was written; [`PluginLine::resolve`] makes aliases one.
    pub name: String,
    /// Its value. Which values are secret is known later, so all of them are masked.
    pub value: MaskedText,
    /// Where it stands.
    pub origin: Origin,
}

/// A text that may be a password: it prints as `***`, and is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct MaskedText(Zeroizing<String>);

impl MaskedText {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MaskedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
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

impl PluginLine {
    /// Reads the line alone: `defaults_file`, `overrides_file`, `module_name` and `module_path` are
    /// options like others.
    ///
    /// # Errors
    ///
    /// Where the line can be understood in no way, or in several.
    pub fn parse(text: &str) -> Result<Self, PluginLineError> {
        syntax::parse(text)
    }

    /// Adds the options of a file that the line names. The stronger source wins.
    pub fn add(&mut self, file: OptionFile) {
        self.warnings.extend(file.warnings);
        pairs::merge(&mut self.pairs, file.pairs);
    }

    /// Turns the module of a Bareos plugin into an engine. Files must have been added before.
    ///
    /// # Errors
    ///
    /// Where no engine does what the module did, or an option contradicts it.
    pub fn translate_module(&mut self) -> Result<(), PluginLineError> {
        modules::translate(self)
    }

    /// The option of this name.
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
    ///
    /// Where one source sets an option under two names.
    pub fn resolve<'a>(
        &mut self,
        canonical: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<(), PluginLineError> {
        pairs::resolve(&mut self.pairs, canonical)
    }
}
