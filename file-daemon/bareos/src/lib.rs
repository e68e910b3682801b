//! The plugin for the file daemon of Bareos: its C interface, and what it means to the core.
//!
//! The interface has one version number for all releases from 21.0 on, though their packets differ:
//! what a packet is, its own size says.
//!
//! | file | what it knows |
//! |---|---|
//! | `abi` | the tables and numbers of the interface |
//! | `packets` | its packets, of every release |
//! | `entry` | loading, and the table of functions |
//! | `call` | what every call has in common |
//! | `daemon` | the daemon's messages and variables |
//! | `events` | its events |
//! | `saving`, `restoring`, `io` | files on their way out and back |
//! | `plain` | files that come back as plain files |

#![allow(unsafe_code, reason = "all of it speaks C")]

mod abi;
mod call;
mod daemon;
mod entry;
mod events;
mod io;
mod packets;
mod plain;
mod restoring;
mod saving;

pub use entry::{loadPlugin, unloadPlugin};
