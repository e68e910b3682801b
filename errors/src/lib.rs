//! The one error type of Seawall and the catalogue of its kinds.
//!
//! A kind has a stable code, an exit status and a page entry (`docs/errors.md` is generated from
//! [`catalogue`] and the rules of `check`). An error's message is a lowercase fact without a full stop; its hints are
//! sentences that tell the operator what to do.

mod catalogue;
mod error;
mod page;
mod rule;

pub use catalogue::{Entry, Kind, catalogue};
pub use error::{Context, Error, Result};
pub use page::render as render_page;
pub use rule::Rule;

/// Exit status of a command that did all it was asked for.
pub const EXIT_OK: u8 = 0;
/// Exit status of a command that did its work and has warnings to tell: the backup is usable.
pub const EXIT_WARNINGS: u8 = 1;
