//! Doubles for tests: an engine whose backups go to a server, the command, and the plugin's side of a
//! conversation.

mod engine;
mod plugin;

pub(crate) use engine::{Command, Fault, Shelf};
pub(crate) use plugin::{Conversation, Files, Job};
