//! Rules: what `check` looks for, each with a stable name and a row in the documentation.

/// Something that `check` looks for. Only [`rules!`](crate::rules) makes one, so that none is
/// printed that stands in no catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    id: &'static str,
    meaning: &'static str,
    remedy: &'static str,
}

impl Rule {
    /// A row of a catalogue: call [`rules!`](crate::rules) instead.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(id: &'static str, meaning: &'static str, remedy: &'static str) -> Self {
        Self { id, meaning, remedy }
    }

    /// Stable, unique name: in machine output and in the documentation.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// What a finding of this name means.
    #[must_use]
    pub fn meaning(&self) -> &'static str {
        self.meaning
    }

    /// What the operator can do.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        self.remedy
    }
}

/// A catalogue: a static per row, and `RULES` with all of them in order.
///
/// ```text
/// rules! { pub static; NAME "id" "Meaning." "Remedy." … }
/// ```
#[macro_export]
macro_rules! rules {
    ($vis:vis static; $($name:ident $id:literal $meaning:literal $remedy:literal)*) => {
        $(#[doc = $meaning] $vis static $name: $crate::Rule =
            $crate::Rule::new($id, $meaning, $remedy);)*

        /// All rows.
        $vis static RULES: &[&$crate::Rule] = &[$(&$name,)*];
    };
}
