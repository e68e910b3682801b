//! Configuration: files, environment and flags, merged, each value with its origin.

mod check;
mod file;
mod general;
mod settings;
mod sources;

pub(crate) use file::{ConfigFiles, DEFAULT};
pub(crate) use settings::{Request, Settings};
pub(crate) use sources::Environment;
