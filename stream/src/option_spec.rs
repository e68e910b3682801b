//! What an option is: defined once per engine.

/// The definition of one option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionSpec {
    /// snake_case.
    pub name: &'static str,
    /// Other spellings that are accepted.
    pub aliases: &'static [&'static str],
    /// The variable that the database's own tools read for it.
    pub native_env: Option<&'static str>,
    /// What values look like.
    pub kind: OptionKind,
    /// The least and the largest value of a count, of seconds or of bytes; `None`: any.
    pub range: Option<(u64, u64)>,
    /// The value when nobody sets one; `None` when the option is then absent.
    pub default: Option<&'static str>,
    /// One sentence for `--help` and the documentation.
    pub text: &'static str,
    /// Why a value changes nothing, where the option is accepted for the sake of configurations
    /// that were written for others. Whoever sets it is told.
    pub unused: Option<&'static str>,
}

impl OptionSpec {
    /// An option with one name, and without a default.
    #[must_use]
    pub const fn new(name: &'static str, kind: OptionKind, text: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            native_env: None,
            kind,
            range: None,
            default: None,
            text,
            unused: None,
        }
    }
}

/// What the values of an option look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionKind {
    /// Anything.
    Text,
    /// Several texts, separated by commas; on a command line it may be repeated, and in the
    /// configuration it may be a list.
    List,
    /// An absolute path.
    Path,
    /// `true` or `false` (also `yes`, `no`, `on`, `off`, `1`, `0`), in any case.
    Flag,
    /// A number from 1.
    Count,
    /// A duration: `90`, `15m`, `2h`; plain numbers are seconds.
    Seconds,
    /// A number of bytes: `1073741824`, `64MiB`, `1GiB`.
    Bytes,
    /// One of these.
    Choice(&'static [&'static str]),
    /// Never shown, never accepted on a command line.
    Secret,
}
