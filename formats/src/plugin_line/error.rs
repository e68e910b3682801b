//! What can be wrong with a plugin line and its files. No value is shown: it may be a password.

use super::{BYTES_MAX, Origin};

/// Why a plugin line, or a file that it names, cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginLineError {
    /// The line is longer than any daemon should carry.
    #[error("the plugin line has {bytes} bytes, {BYTES_MAX} are allowed")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// Something in the line is neither an option nor a separator.
    #[error("plugin line, character {character}: {problem}")]
    Line {
        /// Where, counted in characters from 1.
        character: usize,
        /// What is wrong there.
        problem: &'static str,
    },
    /// An option's value has no end, or more than one possible end.
    #[error("plugin line, option {option}: {problem}")]
    Value {
        /// The option's name.
        option: String,
        /// What is wrong with the value.
        problem: &'static str,
    },
    /// A file of options is too long.
    #[error("{origin}: more than {BYTES_MAX} bytes of options")]
    FileTooLong {
        /// The file.
        origin: Origin,
    },
    /// A line of a file is not an option.
    #[error("{origin}: {problem}")]
    FileLine {
        /// The file and its line.
        origin: Origin,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// An option that means something in the plugin line only.
    #[error("{origin}: {option} belongs into the plugin line")]
    LineOnly {
        /// The file and its line.
        origin: Origin,
        /// The option's name.
        option: String,
    },
    /// One source sets one option twice.
    #[error("{origin}: option {option} is given twice")]
    Twice {
        /// Where the second one stands.
        origin: Origin,
        /// The option's name.
        option: String,
    },
    /// One source sets one option under two names.
    #[error("{origin}: {first} and {second} are the same option")]
    Aliases {
        /// Where the second one stands.
        origin: Origin,
        /// The name that came first.
        first: String,
        /// The other name.
        second: String,
    },
    /// A value is not encoded as its name says.
    #[error("{origin}: {option}#enc is no text in base85")]
    Encoding {
        /// Where it stands.
        origin: Origin,
        /// The option's name.
        option: String,
    },
    /// No engine does what the module did.
    #[error("{origin}: no engine for module_name={module:?}")]
    Module {
        /// Where it stands.
        origin: Origin,
        /// The module's name.
        module: String,
        /// The names of the modules that there are engines for.
        known: Vec<&'static str>,
    },
    /// An option says something else than the module's name.
    #[error("{origin}: module_name={module} contradicts option {option}")]
    ModuleContradicted {
        /// Where the module's name stands.
        origin: Origin,
        /// The module's name.
        module: String,
        /// The option's name.
        option: &'static str,
        /// What the module's name stands for.
        value: &'static str,
    },
}

impl PluginLineError {
    /// A sentence that says what to do, where there is something to say.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::TooLong { .. } => "Put options into a file and name it with defaults_file.",
            Self::Line { .. } => {
                "A plugin line is seawall:name=value:name=value, or seawall: name=value name=value."
            }
            Self::Value { .. } => {
                "Put the whole value into single quotes, or a backslash before the character. The director takes one backslash away: write two in its configuration."
            }
            Self::FileLine { .. } | Self::LineOnly { .. } => {
                "Write name=value, or # before a comment."
            }
            Self::Aliases { .. } => "Keep one of them.",
            Self::Module { known, .. } => {
                return Some(format!("There are engines for {}.", known.join(", ")));
            }
            Self::ModuleContradicted { option, value, .. } => {
                return Some(format!("Leave module_name away, or write {option}={value}."));
            }
            Self::FileTooLong { .. } | Self::Twice { .. } | Self::Encoding { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
